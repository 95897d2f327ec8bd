/*
 * The report that a student reads first. It names the rule that was broken in words, and shows the
 * guest as it was: registers, the bytes it was executing, the top of its stack. Guest memory is
 * read like any guest pointer: what is not there is said to be not there.
 */
#include "hypervisor/debug/report.h"

#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/fmt.h"

static void registers_show(const struct cpu_user_regs *r)
{
    log_always("rip %016lx  cs %04x  rflags %08lx", r->rip, r->cs, r->rflags);
    log_always("rsp %016lx  ss %04x  vector %u  error %x", r->rsp, r->ss, r->entry_vector,
               r->error_code & ~FRAME_SYSCALL);
    log_always("rax %016lx  rbx %016lx  rcx %016lx", r->rax, r->rbx, r->rcx);
    log_always("rdx %016lx  rsi %016lx  rdi %016lx", r->rdx, r->rsi, r->rdi);
    log_always("rbp %016lx  r8  %016lx  r9  %016lx", r->rbp, r->r8, r->r9);
    log_always("r10 %016lx  r11 %016lx  r12 %016lx", r->r10, r->r11, r->r12);
    log_always("r13 %016lx  r14 %016lx  r15 %016lx", r->r13, r->r14, r->r15);
}

static void code_show(u64 rip)
{
    char line[16 * 3 + 1];
    u8 code[16];
    u64 missing = guest_copy_in(code, rip, sizeof(code));
    size_t at = 0;

    line[0] = 0;
    for (u64 i = 0; i < sizeof(code) - missing; i++)
        at += (size_t)fmt_snprintf(line + at, sizeof(line) - at, " %02x", code[i]);
    log_always("code at rip:%s%s", line, missing == sizeof(code) ? " not mapped" : "");
}

static void stack_show(u64 rsp)
{
    u64 words[16];
    u64 have = (sizeof(words) - guest_copy_in(words, rsp, sizeof(words))) / sizeof(u64);

    log_always("guest stack at rsp:%s", have ? "" : " not mapped");
    for (u64 i = 0; i + 1 < have; i += 2)
        log_always("  %016lx: %016lx %016lx", rsp + i * 8, words[i], words[i + 1]);
}

void report_death(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    const struct domain *d = v->domain;

    log_always("Domain %u (vcpu#%u) crashed on cpu#%u: it broke a rule:", d->id, v->id,
               this_cpu()->id);
    log_always("  %s", d->crash_rule);
    log_always("  (checked at %s:%u)", d->crash_file, d->crash_line);
    report_guest(v, regs);
}

void report_guest(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    log_always("domain %u vcpu %u is in its %s; kernel tables %lx, user tables %lx, cr2 %lx",
               v->domain->id, v->id, v->kernel_mode ? "kernel" : "user space", v->cr3_kernel,
               v->cr3_user, read_cr2());
    registers_show(regs);
    code_show(regs->rip);
    stack_show(regs->rsp);
}

NORETURN void panic_registers(const struct cpu_user_regs *regs, const char *what)
{
    log_always("****************************************");
    log_always("Panic on CPU %u: %s", this_cpu()->id, what);
    registers_show(regs);
    log_always("cr2 %016lx  cr3 %016lx  NMIs %u", read_cr2(), read_cr3(), this_cpu()->nmis);
    log_always("****************************************");
    machine_restart_after_failure();
}
