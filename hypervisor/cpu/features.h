/*
 * What this CPU can do, and the control bits that the hypervisor sets because of it.
 */
#ifndef HYPERVISOR_CPU_FEATURES_H
#define HYPERVISOR_CPU_FEATURES_H

#include "hypervisor/cpu/regs.h"

/* Xen's PAT: WB, WT, UC-, UC, WC, WP, UC, UC. PV guests choose memory types by these indices. */
#define PAT_XEN 0x050100070406UL

struct cpu_features {
    char vendor[13];     /* of CPUID leaf 0 */
    bool intel, amd;     /* by that; amd is Hygon too */
    char hypervisor[13]; /* of leaf 0x40000000; empty on bare metal */
    u8 phys_bits;        /* physical address bits */
    bool nx;
    bool huge_pages; /* 1 GiB pages */
    bool smep, smap, umip, fsgsbase;
    bool mce;   /* machine checks are exceptions */
    bool xsave; /* and the leaf that describes it */
    bool rdtscp;
    bool invariant_tsc;
    bool tcg;             /* QEMU's software emulation, whose SMAP faults falsely */
    bool reads_privilege; /* user code may read supervisor memory by speculation (no RDCL_NO) */
};

extern struct cpu_features features; /* of the boot CPU; set once */
extern bool cpu_has_smap_on;         /* SMAP is in force: user memory needs stac */

/* CR4's bits that keep ring 0 from a guest's pages, where mistakes would lead it; and those of them
 * that are in force. They take a 32-bit guest's kernel, in ring 1, for a part of ring 0, and so are
 * off while one is loaded. */
#define CR4_GUARDS (CR4_SMEP | CR4_SMAP)
extern u64 cr4_guards;

/* Ask CPUID and log what matters; decide on SMEP, SMAP and UMIP with the command line's wishes
 * (options must have been parsed). Boot CPU, first of all. */
void features_init(void);

/* Set this CPU's CR0, CR4, EFER and PAT by what features_init() decided; SMAP excepted. */
void features_enable(void);

/* Patch the access windows (mm/smap.h) and switch SMAP on, if it was decided so. Boot CPU, once,
 * after memory_init(). Other CPUs: set CR4_SMAP when cpu_has_smap_on. */
void smap_enable(void);

#endif
