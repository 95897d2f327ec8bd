/*
 * What the steps of the builder share; only build*.c include this. Each step answers 0 or a
 * negative errno and has then said why (build_fail).
 */
#ifndef DOM0_TOOLSTACK_BUILDER_H
#define DOM0_TOOLSTACK_BUILDER_H

#include "dom0/toolstack/build.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/foreign.h"
#include "xen-like/lib/pv_start.h"

struct builder {
    const struct domain_config *config;
    struct blob kernel, ramdisk;
    struct built_domain *domain;
    char *reason;

    bool created;
    void *unpacked; /* the kernel, if it came packed */
    struct image image;
    struct pv_layout layout;
    u64 pages;          /* the domain's memory */
    u64 shared_address; /* machine address of its shared page */
    xen_pfn_t *frames;  /* its frames by pfn */
    struct foreign map; /* the first of them, which the layout names */
};

/* Says why, unless somebody has; answers the errno. */
int build_fail(struct builder *b, int answer, const char *what);
int build_refuse(struct builder *b, const char *what, const char *why);

static inline void *builder_page(const struct builder *b, u64 pfn)
{
    return (u8 *)b->map.at + pfn * PAGE_SIZE;
}

static inline void *builder_va(const struct builder *b, u64 va)
{
    return (u8 *)b->map.at + (va - b->layout.start);
}

/* build_domain.c: an empty domain with its limits, its shares and its vcpus. */
int build_create(struct builder *b);
/* build_memory.c: frames, mapped here; kernel, ramdisk and the list of frames in them. */
int build_memory(struct builder *b);
/* build_start.c: ports, page tables, start_info, the hypercall page; and what must come after the
 * last write. */
int build_start(struct builder *b);
int build_registers(struct builder *b);

#endif
