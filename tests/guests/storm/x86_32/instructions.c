/*
 * See instructions.h. A register holds the lower half of an entry, where all is that frames here
 * need.
 */
#include "tests/guests/storm/instructions.h"

#include "tests/guests/common.h"

#define INSN(name, text) static INSN_OPEN(name, text)
#define INSN_OPEN(name, text)                                                                      \
    void name(struct registers *r)                                                                 \
    {                                                                                              \
        asm volatile(text                                                                          \
                     : "+a"(r->rax), "+b"(r->rbx), "+c"(r->rcx), "+d"(r->rdx)::"memory", "cc",     \
                       "esi", "edi");                                                              \
    }
INSN(store_8, "movb %%al, (%%ebx)")
INSN(store_16, "movw %%dx, 6(%%ebx)")
INSN(store_low, "movl %%eax, (%%ebx)")
INSN(store_high, "movl %%edx, 4(%%ebx)")
INSN(store_both, "movl $0, 4(%%ebx); movl %%eax, (%%ebx)")
INSN(store_both_backwards, "movl %%eax, (%%ebx); movl $0, 4(%%ebx)")
INSN(store_string, "movl %%ebx, %%edi; stosl")
INSN(exchange, "xchgl %%eax, (%%ebx)")
INSN(compare_exchange, "movl (%%ebx), %%eax; lock; cmpxchgl %%ecx, (%%ebx)")
INSN(compare_exchange_other, "cmpxchgl %%ecx, (%%ebx)")
INSN(compare_exchange_64, "movl %%ebx, %%esi; movl %%ecx, %%ebx; xorl %%ecx, %%ecx; "
                          "movl (%%esi), %%eax; movl 4(%%esi), %%edx; lock; cmpxchg8b (%%esi)")
INSN(or_32, "lock; orl %%edx, (%%ebx)")
INSN(xor_32, "xorl %%edx, (%%ebx)")
INSN(and_8, "andb %%dl, (%%ebx)")
INSN(add_16, "addw %%dx, 6(%%ebx)")
INSN(add_exchange_8, "lock; xaddb %%dl, (%%ebx)")
INSN(bit_set, "lock; btsl $1, (%%ebx)")
INSN(bit_reset, "btrl $0, (%%ebx)")
INSN(bit_change_8, "lock; btcl $6, (%%ebx)")
INSN(increment_8, "incb (%%ebx)")
INSN(negate_8, "negb (%%ebx)")
INSN(load, "movl (%%ebx), %%eax")
INSN(clts, "clts")
INSN(write_cr0, "mov %%eax, %%cr0")
INSN(read_cr0, "mov %%cr0, %%eax")
INSN(write_cr2, "mov %%eax, %%cr2")
INSN(read_cr3, "mov %%cr3, %%eax")
INSN_OPEN(write_cr3, "mov %%ebx, %%cr3")
INSN(write_cr4, "mov %%eax, %%cr4")
INSN(read_cr4, "mov %%cr4, %%eax")
INSN_OPEN(read_msr, "rdmsr")
INSN_OPEN(write_msr, "wrmsr")
INSN_OPEN(cpuid_forced, XEN_CPUID)
INSN(cpuid, "cpuid")
INSN(invlpg, "invlpg (%%ebx)")
INSN(read_dr7, "mov %%dr7, %%eax")
INSN(read_dr6, "mov %%dr6, %%eax")
INSN(cli, "cli")
INSN(lgdt, "lgdt (%%ebx)")
INSN(ltr, "ltr %%ax")
INSN(xsetbv, "xsetbv")
INSN(undefined, "ud2")
INSN(breakpoint, "int3")
INSN(int_80, "int $0x80")
INSN(int_82, "movl $0x7fffffff, %%eax; int $0x82")
INSN(int_1, "int $1")
INSN(int_8, "int $8")
INSN(int_d, "int $13")
INSN(int_20, "int $0x20")
INSN(int_ff, "int $0xff")
INSN(load_fs, "pushl %%fs; movl %%eax, %%fs; popl %%fs")
INSN(load_gs, "pushl %%gs; movl %%eax, %%gs; popl %%gs")
INSN(load_ds, "pushl %%ds; movl %%eax, %%ds; popl %%ds")
INSN(load_es, "pushl %%es; movl %%eax, %%es; popl %%es")
INSN(read_access, "lar %%ax, %%eax; lsl %%cx, %%ecx; verr %%ax; verw %%ax")
INSN(enter_port, "in $0x80, %%al")

instruction *const stores[] = {
    store_low,
    store_low,
    store_high,
    store_both,
    store_both,
    store_both_backwards,
    exchange,
    compare_exchange,
    compare_exchange_64,
    compare_exchange_64,
    store_8,
    store_16,
    compare_exchange_other,
    or_32,
    xor_32,
    and_8,
    add_16,
    add_exchange_8,
    bit_set,
    bit_reset,
    bit_change_8,
    increment_8,
    negate_8,
    store_string,
    load,
    load,
};
const unsigned int stores_all = ARRAY_SIZE(stores), stores_same = ARRAY_SIZE(stores);

instruction *const others[] = {
    clts,     write_cr0, read_cr0, write_cr2, read_cr3,    write_cr4,  read_cr4,  invlpg,
    read_dr7, read_dr6,  cli,      lgdt,      ltr,         xsetbv,     undefined, breakpoint,
    int_80,   int_82,    load_fs,  load_gs,   load_ds,     load_es,    cpuid,     int_1,
    int_8,    int_d,     int_20,   int_ff,    read_access, enter_port,
};
const unsigned int others_all = ARRAY_SIZE(others), others_same = ARRAY_SIZE(others);
