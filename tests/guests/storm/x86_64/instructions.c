/*
 * See instructions.h.
 */
#include "tests/guests/storm/instructions.h"

#include "tests/guests/common.h"

#define INSN(name, text) static INSN_OPEN(name, text)
#define INSN_OPEN(name, text)                                                                      \
    void name(struct registers *r)                                                                 \
    {                                                                                              \
        asm volatile(text                                                                          \
                     : "+a"(r->rax), "+b"(r->rbx), "+c"(r->rcx), "+d"(r->rdx)::"memory", "cc");    \
    }
INSN(store_8, "movb %%al, (%%rbx)")
INSN(store_16, "movw %%dx, 6(%%rbx)")
INSN(store_32, "movl %%eax, (%%rbx)")
INSN(store_64, "movq %%rax, (%%rbx)")
INSN(store_string, "movq %%rbx, %%rdi; stosq")
INSN(exchange_64, "xchgq %%rax, (%%rbx)")
INSN(compare_exchange_64, "movq (%%rbx), %%rax; lock; cmpxchgq %%rcx, (%%rbx)")
INSN(compare_exchange_32, "cmpxchgl %%ecx, (%%rbx)")
INSN(compare_exchange_128, "lock; cmpxchg16b (%%rbx)")
INSN(or_64, "lock; orq %%rdx, (%%rbx)")
INSN(xor_32, "xorl %%edx, (%%rbx)")
INSN(and_8, "andb %%dl, (%%rbx)")
INSN(add_16, "addw %%dx, 6(%%rbx)")
INSN(add_exchange_8, "lock; xaddb %%dl, (%%rbx)")
INSN(bit_set_64, "lock; btsq $1, (%%rbx)")
INSN(bit_reset_64, "btrq $0, (%%rbx)")
INSN(bit_change_8, "lock; btcl $6, (%%rbx)")
INSN(increment_8, "incb (%%rbx)")
INSN(negate_8, "negb (%%rbx)")
INSN(load_64, "movq (%%rbx), %%rax")
INSN(clts, "clts")
INSN(write_cr0, "mov %%rax, %%cr0")
INSN(read_cr0, "mov %%cr0, %%rax")
INSN(write_cr2, "mov %%rax, %%cr2")
INSN(read_cr3, "mov %%cr3, %%rax")
INSN_OPEN(write_cr3, "mov %%rbx, %%cr3")
INSN(write_cr4, "mov %%rax, %%cr4")
INSN(read_cr4, "mov %%cr4, %%rax")
INSN_OPEN(read_msr, "rdmsr")
INSN_OPEN(write_msr, "wrmsr")
INSN_OPEN(cpuid_forced, XEN_CPUID)
INSN(cpuid, "cpuid")
INSN(invlpg, "invlpg (%%rbx)")
INSN(read_dr7, "mov %%dr7, %%rax")
INSN(read_dr6, "mov %%dr6, %%rax")
INSN(cli, "cli")
INSN(lgdt, "lgdt (%%rbx)")
INSN(ltr, "ltr %%ax")
INSN(xsetbv, "xsetbv")
INSN(swapgs, "swapgs")
INSN(undefined, "ud2")
INSN(breakpoint, "int3")
INSN(int_80, "int $0x80")
INSN(int_1, "int $1")
INSN(int_8, "int $8")
INSN(int_d, "int $13")
INSN(int_20, "int $0x20")
INSN(int_ff, "int $0xff")
INSN(load_fs, "mov %%ax, %%fs")
INSN(load_gs, "mov %%ax, %%gs")
INSN(load_ds, "mov %%ax, %%ds")
INSN(far_return, "pushq %%rax; pushq $0; lretq")

instruction *const stores[] = {
    store_64,
    store_64,
    store_64,
    exchange_64,
    compare_exchange_64,
    store_8,
    store_16,
    store_32,
    compare_exchange_32,
    or_64,
    xor_32,
    and_8,
    add_16,
    add_exchange_8,
    bit_set_64,
    bit_reset_64,
    bit_change_8,
    increment_8,
    negate_8,
    store_string,
    load_64,
    load_64,
    compare_exchange_128,
};

/* The last is carried out by Xen where it would not store; no kernel does that to a table. */
const unsigned int stores_all = ARRAY_SIZE(stores), stores_same = ARRAY_SIZE(stores) - 1;

/* rax is any word. int n whose gate is closed can hang Debian's Xen in the emulator: `same` has
 * only those before int_1. */
instruction *const others[] = {
    clts,       write_cr0, read_cr0,   write_cr2, read_cr3, write_cr4, read_cr4,
    invlpg,     read_dr7,  read_dr6,   cli,       lgdt,     ltr,       xsetbv,
    swapgs,     undefined, breakpoint, int_80,    load_fs,  load_gs,   load_ds,
    far_return, cpuid,     int_1,      int_8,     int_d,    int_20,    int_ff,
};
const unsigned int others_all = ARRAY_SIZE(others), others_same = ARRAY_SIZE(others) - 6;
