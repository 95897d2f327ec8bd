/*
 * Windows onto user memory. With SMAP in force, ring 0 may touch user pages only between stac and
 * clac. Whether it is in force is known at boot only, and a test at every access would cost more
 * than the access; so each site is a three-byte NOP, recorded in section .smap_sites, which
 * smap_enable() (cpu/features.h) overwrites once. cpu/smap.inc has the same for nasm.
 *
 *   smap_open();  ... accesses to user memory ...  smap_close();
 *
 * The window is a state of the CPU (RFLAGS.AC): short, never across a call that may log or
 * schedule. A fault inside it that the exception table resolves must land where smap_close()
 * follows.
 */
#ifndef HYPERVISOR_MM_SMAP_H
#define HYPERVISOR_MM_SMAP_H

#include "xen-like/lib/types.h"

#define SMAP_SITE_STAC 0
#define SMAP_SITE_CLAC 1

/* One record of .smap_sites. */
struct smap_site {
    s32 offset; /* of the three bytes, from this field */
    u32 what;   /* SMAP_SITE_* */
};

#ifdef HOST_TEST
static inline void smap_open(void)
{
}

static inline void smap_close(void)
{
}
#else

/* For use inside a larger asm statement: SMAP_SITE_ASM(SMAP_SITE_STAC) is one instruction. */
#define SMAP_SITE_ASM(what) SMAP_SITE_ASM_(what)
#define SMAP_SITE_ASM_(what)                                                                       \
    "771: .byte 0x0f, 0x1f, 0x00\n\t"                                                              \
    ".pushsection .smap_sites, \"a\"\n\t"                                                          \
    ".balign 4\n\t"                                                                                \
    ".long 771b - .\n\t"                                                                           \
    ".long " #what "\n\t"                                                                          \
    ".popsection\n\t"

static inline void smap_open(void)
{
    __asm__ volatile(SMAP_SITE_ASM(SMAP_SITE_STAC)::: "memory", "cc");
}

static inline void smap_close(void)
{
    __asm__ volatile(SMAP_SITE_ASM(SMAP_SITE_CLAC)::: "memory", "cc");
}
#endif

#endif
