/*
 * What a PV kernel finds in its memory when it starts and is the same whoever builds it (the
 * hypervisor its control domain, that one's toolstack every other): the first page tables, and the
 * fields of start_info that follow from the layout. The builder lends access to the domain's
 * frames.
 */
#ifndef XEN_LIKE_LIB_PV_START_H
#define XEN_LIKE_LIB_PV_START_H

#include "xen-like/abi/xen.h"
#include "xen-like/lib/image.h"
#include "xen-like/lib/pv_layout.h"

struct pv_memory {
    void *ctx;
    u64 (*frame_of)(void *ctx, u64 pfn);    /* the machine frame */
    void *(*page_of)(void *ctx, u64 frame); /* where the builder may write it */
};

/*
 * Writes the tables that map the region, and those of a list of frames that lies apart, into the
 * frames that the layout has for them, which are zeroed. They are plain memory until somebody
 * validates them.
 */
void pv_tables_make(const struct pv_memory *m, const struct pv_layout *l);

/* NULL, or why the first of the tables cannot be @frame: without extended CR3 a 32-bit kernel names
 * it by an address of 32 bits. */
const char *pv_root_refuse(const struct pv_layout *l, const struct image *i, u64 frame);

/*
 * Fills a zeroed start_info, but for the shared page, the rings and who the domain is. initrd_bytes
 * 0: there is none; cmdline NULL: empty.
 */
void pv_start_info_fill(struct start_info_x86_64 *si, const struct pv_layout *l,
                        const struct image *i, u64 initrd_bytes, const char *cmdline);

/* Gives a complete start_info the layout of a 32-bit kernel, in place. What lies behind it on its
 * page stays where it is. */
void pv_start_info_narrow(void *page);

#endif
