/*
 * Single instructions as C functions, and the names of the bits they take. Nothing here decides
 * anything; every function is one instruction (or one with its operand packing).
 *
 * All are volatile: reading a control register after a write, or a port twice, must happen as
 * written. Those that change how memory is seen also clobber memory.
 */
#ifndef HYPERVISOR_CPU_REGS_H
#define HYPERVISOR_CPU_REGS_H

#include "xen-like/lib/types.h"

#define CR0_PE (1UL << 0)
#define CR0_MP (1UL << 1)
#define CR0_EM (1UL << 2)
#define CR0_TS (1UL << 3)
#define CR0_ET (1UL << 4)
#define CR0_NE (1UL << 5)
#define CR0_WP (1UL << 16)
#define CR0_AM (1UL << 18)
#define CR0_NW (1UL << 29)
#define CR0_CD (1UL << 30)
#define CR0_PG (1UL << 31)

#define CR4_TSD        (1UL << 2)
#define CR4_DE         (1UL << 3)
#define CR4_PAE        (1UL << 5)
#define CR4_MCE        (1UL << 6)
#define CR4_PGE        (1UL << 7)
#define CR4_OSFXSR     (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_UMIP       (1UL << 11)
#define CR4_FSGSBASE   (1UL << 16)
#define CR4_OSXSAVE    (1UL << 18)
#define CR4_SMEP       (1UL << 20)
#define CR4_SMAP       (1UL << 21)

#define MSR_EFER           0xc0000080U
#define MSR_STAR           0xc0000081U
#define MSR_LSTAR          0xc0000082U
#define MSR_CSTAR          0xc0000083U
#define MSR_SYSCALL_MASK   0xc0000084U
#define MSR_FS_BASE        0xc0000100U
#define MSR_GS_BASE        0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U
#define MSR_TSC            0x00000010U
#define MSR_PAT            0x00000277U
#define MSR_PLATFORM_INFO  0x000000ceU
#define MSR_ARCH_CAPS      0x0000010aU
#define MSR_SYSENTER_CS    0x00000174U
#define MSR_SYSENTER_ESP   0x00000175U
#define MSR_SYSENTER_EIP   0x00000176U
#define MSR_APIC_BASE      0x0000001bU
#define MSR_TSC_AUX        0xc0000103U
#define MSR_MISC_FEATURES  0x140U
#define MSR_DE_CFG         0xc0011029U

#define DE_CFG_LFENCE                                                                              \
    2UL /* lfence waits for all instructions before it, and so stops speculation */

#define EFER_SCE (1UL << 0)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)
#define EFER_NXE (1UL << 11)

#define RFLAGS_MBS  (1UL << 1) /* always 1 */
#define RFLAGS_ZF   (1UL << 6)
#define RFLAGS_TF   (1UL << 8)
#define RFLAGS_IF   (1UL << 9)
#define RFLAGS_DF   (1UL << 10)
#define RFLAGS_IOPL (3UL << 12)
#define RFLAGS_NT   (1UL << 14)
#define RFLAGS_RF   (1UL << 16)
#define RFLAGS_VM   (1UL << 17)
#define RFLAGS_AC   (1UL << 18)

#define IOPL_IN_RFLAGS (RFLAGS_IOPL & -RFLAGS_IOPL) /* the lower of its two bits */

struct cpuid_regs {
    u32 eax, ebx, ecx, edx;
};

/* Descriptor-table register as lgdt and lidt read it. */
struct table_reg {
    u16 limit;
    u64 base;
} __attribute__((packed));

#define DEFINE_CR(n)                                                                               \
    static inline u64 read_cr##n(void)                                                             \
    {                                                                                              \
        u64 v;                                                                                     \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v)::"memory");                                \
        return v;                                                                                  \
    }                                                                                              \
    static inline void write_cr##n(u64 v)                                                          \
    {                                                                                              \
        __asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");                                 \
    }
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#undef DEFINE_CR

#define DEFINE_DR(n)                                                                               \
    static inline u64 read_dr##n(void)                                                             \
    {                                                                                              \
        u64 v;                                                                                     \
        __asm__ volatile("mov %%dr" #n ", %0" : "=r"(v));                                          \
        return v;                                                                                  \
    }                                                                                              \
    static inline void write_dr##n(u64 v)                                                          \
    {                                                                                              \
        __asm__ volatile("mov %0, %%dr" #n : : "r"(v));                                            \
    }
DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)
#undef DEFINE_DR

static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
    __asm__ volatile("wrmsr" : : "a"((u32)v), "d"((u32)(v >> 32)), "c"(msr) : "memory");
}

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid_regs r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline u64 rdtsc(void)
{
    u32 lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (u64)hi << 32 | lo;
}

/* Not before what stands before it. */
static inline u64 rdtsc_ordered(void)
{
    __asm__ volatile("lfence" ::: "memory");
    return rdtsc();
}

static inline u64 xgetbv(u32 index)
{
    u32 lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
    return (u64)hi << 32 | lo;
}

static inline void xsetbv(u32 index, u64 v)
{
    __asm__ volatile("xsetbv" : : "a"((u32)v), "d"((u32)(v >> 32)), "c"(index) : "memory");
}

static inline void outb(u16 port, u8 v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(u16 port, u16 v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(u16 port, u32 v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
    u8 v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline u16 inw(u16 port)
{
    u16 v;

    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline u32 inl(u16 port)
{
    u32 v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline void invlpg(u64 va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

#define CACHE_LINE 64 /* bytes; of no x86-64 CPU is it less */

static inline void clflush(const void *p)
{
    __asm__ volatile("clflush %0" ::"m"(*(const u8 *)p) : "memory");
}

static inline void wbinvd(void)
{
    __asm__ volatile("wbinvd" ::: "memory");
}

static inline void lgdt(const struct table_reg *r)
{
    __asm__ volatile("lgdt %0" : : "m"(*r) : "memory");
}

static inline void lidt(const struct table_reg *r)
{
    __asm__ volatile("lidt %0" : : "m"(*r) : "memory");
}

static inline void lldt(u16 selector)
{
    __asm__ volatile("lldt %0" : : "r"(selector) : "memory");
}

static inline void ltr(u16 selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline u64 read_flags(void)
{
    u64 v;

    __asm__ volatile("pushfq; popq %0" : "=r"(v)::"memory");
    return v;
}

static inline void irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline void irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}

static inline void cpu_halt(void)
{
    __asm__ volatile("hlt" ::: "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

static inline void stac(void)
{
    __asm__ volatile("stac" ::: "memory");
}

static inline void clac(void)
{
    __asm__ volatile("clac" ::: "memory");
}

#endif
