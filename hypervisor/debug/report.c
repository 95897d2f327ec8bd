/*
 * The report that a student reads first. It names the rule that was broken in words, and shows the
 * guest as it was: registers, the bytes it was executing, the top of its stack. Guest memory is
 * read like any guest pointer: what is not there is said to be not there.
 */
#include "hypervisor/debug/report.h"

#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segment.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/last_calls.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/disassemble.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/insn.h"

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

/* What 32-bit code has of them. Which selectors are the guest's is to be seen while it is loaded.
 */
static void registers32_show(const struct cpu_user_regs *r)
{
    log_always("eip %08x  cs %04x  eflags %08lx  vector %u  error %x", (u32)r->rip, r->cs,
               r->rflags, r->entry_vector, r->error_code & ~FRAME_SYSCALL);
    log_always("eax %08x  ebx %08x  ecx %08x  edx %08x", (u32)r->rax, (u32)r->rbx, (u32)r->rcx,
               (u32)r->rdx);
    log_always("esi %08x  edi %08x  ebp %08x  esp %08x  ss %04x", (u32)r->rsi, (u32)r->rdi,
               (u32)r->rbp, (u32)r->rsp, r->ss);
    log_always("ds %04x  es %04x  fs %04x  gs %04x", read_ds(), read_es(), read_fs(), read_gs());
}

#define CODE_SHOWN 16 /* bytes: the instructions that begin in them */

/* The instruction, in words and in bytes, and those that would have come next. */
static void code_show(u64 rip, unsigned bits)
{
    u8 code[CODE_SHOWN + INSN_BYTES_MAX];
    size_t have = sizeof(code) - guest_copy_in(code, rip, sizeof(code)), length;
    char text[DISASSEMBLE_TEXT], bytes[INSN_BYTES_MAX * 3 + 1];

    log_always("code at %s:%s", bits == 64 ? "rip" : "eip", have ? "" : " not mapped");
    for (size_t at = 0; at < have && at < CODE_SHOWN; at += length) {
        length = disassemble(text, code + at, have - at, rip + at, bits);
        if (!length)
            fmt_snprintf(text, sizeof(text), "(no instruction)");
        for (size_t i = 0; i < MIN(length ? length : 8, have - at); i++)
            fmt_snprintf(bytes + 3 * i, 4, " %02x", code[at + i]);
        log_always("  %016lx:%-30s %s", rip + at, bytes, text);
        if (!length)
            return;
    }
}

static void stack_show(u64 rsp)
{
    u64 words[16];
    u64 have = (sizeof(words) - guest_copy_in(words, rsp, sizeof(words))) / sizeof(u64);

    log_always("guest stack at rsp:%s", have ? "" : " not mapped");
    for (u64 i = 0; i + 1 < have; i += 2)
        log_always("  %016lx: %016lx %016lx", rsp + i * 8, words[i], words[i + 1]);
}

static void stack32_show(const struct cpu_user_regs *r)
{
    struct segment s;
    u32 words[16];
    u64 have, at;

    if (!segment_find((u16)r->ss, &s))
        return log_always("guest stack: ss names no segment");
    at = (u32)(s.base + r->rsp);
    have = (sizeof(words) - guest_copy_in(words, at, sizeof(words))) / sizeof(u32);
    log_always("guest stack at esp:%s", have ? "" : " not mapped");
    for (u64 i = 0; i + 3 < have; i += 4)
        log_always("  %08lx: %08x %08x %08x %08x", at + i * 4, words[i], words[i + 1], words[i + 2],
                   words[i + 3]);
}

void report_death(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    const struct domain *d = v->domain;

    log_always("Domain %u (vcpu#%u) crashed on cpu#%u: it broke a rule:", d->id, v->id,
               this_cpu()->id);
    log_always("  %s", d->crash_rule);
    log_always("  (checked at %s:%u)", d->crash_file, d->crash_line);
    report_guest(v, regs);
    last_calls_show(v);
}

void report_guest(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    struct code code = {.address = regs->rip, .bits = 64};

    log_always("domain %u vcpu %u is in its %s; kernel tables %lx, user tables %lx, cr2 %lx",
               v->domain->id, v->id, vcpu_in_kernel(v, (u16)regs->cs) ? "kernel" : "user space",
               v->cr3_kernel, v->cr3_user, read_cr2());
    if (!code_fetch(&code, regs) && v->domain->is_32bit)
        code.bits = 32;
    if (v->domain->is_32bit) {
        registers32_show(regs);
        code_show(code.address, code.bits);
        return stack32_show(regs);
    }
    registers_show(regs);
    code_show(code.address, code.bits);
    stack_show(regs->rsp);
}

NORETURN void panic_registers(const struct cpu_user_regs *regs, const char *what)
{
    panic_begin();
    log_always("****************************************");
    log_always("Panic on CPU %u: %s", this_cpu()->id, what);
    registers_show(regs);
    log_always("cr2 %016lx  cr3 %016lx  NMIs %u", read_cr2(), read_cr3(), this_cpu()->nmis);
    log_always("****************************************");
    machine_restart_after_failure();
}
