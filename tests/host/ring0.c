#define _GNU_SOURCE /* the names of registers in ucontext.h */
#include "tests/host/ring0.h"

#include "hypervisor/cpu/regs.h"

#include <elf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <cmocka.h>

struct ring0 ring0;

struct exception_entry {
    s32 insn, fixup; /* each from its own place */
};
static struct exception_entry *exceptions;
static size_t exceptions_count;

/* Where the linker put our .ex_table: only the section headers of the file know. */
static void exceptions_find(void)
{
    extern const char __executable_start[];
    static u8 file[16 << 20];
    FILE *self = fopen("/proc/self/exe", "rb");
    size_t length = fread(file, 1, sizeof(file), self);
    const Elf64_Ehdr *head = (const void *)file;
    const Elf64_Shdr *sections = (const void *)(file + head->e_shoff);
    const char *names = (const char *)file + sections[head->e_shstrndx].sh_offset;

    fclose(self);
    assert_true(length < sizeof(file));
    for (unsigned i = 0; i < head->e_shnum; i++) {
        if (strcmp(names + sections[i].sh_name, ".ex_table"))
            continue;
        exceptions = (void *)(__executable_start + sections[i].sh_addr);
        exceptions_count = sections[i].sh_size / sizeof(*exceptions);
    }
    assert_true(exceptions_count > 0);
}

static bool exception_fixed(greg_t *regs)
{
    for (struct exception_entry *e = exceptions; e < exceptions + exceptions_count; e++)
        if ((u64)&e->insn + (u64)(s64)e->insn == (u64)regs[REG_RIP]) {
            regs[REG_RIP] = (greg_t)((u64)&e->fixup + (u64)(s64)e->fixup);
            ring0.refused++;
            return true;
        }
    return false;
}

/* The register that the low bits of a ModRM byte name. */
static greg_t *general(greg_t *regs, u8 modrm)
{
    static const int names[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                REG_RSP, REG_RBP, REG_RSI, REG_RDI};

    return &regs[names[modrm & 7]];
}

/* Under the name that the sanitizer does not watch: it and cmocka keep SIGSEGV for themselves. */
int __sigaction(int signal, const struct sigaction *action, struct sigaction *old);
static struct sigaction others;

/* The ring 0 part of this ring0. */
static void fault(int signal, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    const u8 *code = (const u8 *)regs[REG_RIP];

    (void)info;
    if (!memcmp(code, "\x0f\x32", 2) && ring0.msr_number &&
        (u32)regs[REG_RCX] == ring0.msr_number) {
        regs[REG_RAX] = (u32)ring0.msr;
        regs[REG_RDX] = (greg_t)(ring0.msr >> 32);
        regs[REG_RIP] += 2;
        return;
    }
    if (exception_fixed(regs))
        return;
    if (!memcmp(code, "\x0f\x06", 2)) {
        ring0.cr0 &= ~CR0_TS;
        regs[REG_RIP] += 2;
    } else if (!memcmp(code, "\x0f\x01\xd1", 3)) {
        ring0.xcr0 = (u32)regs[REG_RAX] | (u64)regs[REG_RDX] << 32;
        regs[REG_RIP] += 3;
    } else if (!memcmp(code, "\x0f\x20", 2)) {
        *general(regs, code[2]) = (greg_t)ring0.cr0;
        regs[REG_RIP] += 3;
    } else if (!memcmp(code, "\x0f\x22", 2)) {
        ring0.cr0 = (u64)*general(regs, code[2]);
        regs[REG_RIP] += 3;
    } else {
        __sigaction(signal, &others, NULL); /* an access of its own, which strikes again */
    }
}

void ring0_begin(void)
{
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};

    if (!exceptions)
        exceptions_find();
    ring0 = (struct ring0){0};
    __sigaction(SIGSEGV, &action, &others);
}

void ring0_end(void)
{
    __sigaction(SIGSEGV, &others, NULL);
}
