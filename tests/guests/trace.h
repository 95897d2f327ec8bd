/*
 * Trace buffers as a reader sees them: t_info and the buffer of CPU 0, mapped as frames of
 * DOMID_XEN, and the records in it, one after the other. For guests that run as the control domain.
 */
#ifndef TESTS_GUESTS_TRACE_H
#define TESTS_GUESTS_TRACE_H

#include "tests/guests/sysctl.h"
#include "xen-like/abi/trace.h"

#define TBUF_PAGES 4

/* From the scratch address on: t_info, then the buffer. */
#define trace_info ((const struct t_info *)scratch_page(0))
#define trace_buf  ((volatile struct t_buf *)scratch_page(1))
#define TRACE_SIZE ((u32)(TBUF_PAGES * PAGE_SIZE - sizeof(struct t_buf)))

struct record {
    u32 event, words, word[TRACE_EXTRA_MAX];
    u64 tsc; /* 0: it has none */
};

static inline long tbuf_op(u32 cmd, u32 value)
{
    sysctl_begin();
    op.u.tbuf_op.cmd = cmd;
    if (cmd == XEN_SYSCTL_TBUFOP_set_evt_mask)
        op.u.tbuf_op.evt_mask = value;
    else
        op.u.tbuf_op.size = value;
    return sysctl(XEN_SYSCTL_tbuf_op);
}

static inline u64 trace_info_mfn(void)
{
    tbuf_op(XEN_SYSCTL_TBUFOP_get_info, 0);
    return op.u.tbuf_op.buffer_mfn;
}

/* The frame of page @i of CPU 0's buffer. */
static inline u64 trace_page_mfn(u32 i)
{
    return ((const u32 *)trace_info)[trace_info->mfn_offset[0] + i];
}

static inline long trace_map(void *page, u64 mfn, u64 flags, domid_t owner)
{
    return hypercall_update_va_mapping_otherdomain(
        (uintptr_t)page, mfn << PAGE_SHIFT | PTE_PRESENT | flags, UVMF_INVLPG, owner);
}

/* True if all could be mapped. */
static inline bool trace_map_all(void)
{
    scratch_entry(1);
    if (trace_map(scratch_page(0), trace_info_mfn(), 0, DOMID_XEN))
        return false;
    for (u32 i = 0; i < TBUF_PAGES; i++)
        if (trace_map(scratch_page(1 + i), trace_page_mfn(i), PTE_WRITE, DOMID_XEN))
            return false;
    return true;
}

static inline void trace_drain(void)
{
    trace_buf->cons = trace_buf->prod;
}

/* The next record, past fillers. False: there is none. */
static inline bool trace_next(struct record *r)
{
    do {
        u32 cons = trace_buf->cons, i = 0;
        const u32 *at = (const u32 *)(trace_buf + 1) + cons % TRACE_SIZE / sizeof(u32);
        bool timed = *at >> 31;

        if (cons == trace_buf->prod)
            return false;
        *r = (struct record){.event = TRC_HD_TO_EVENT(*at), .words = TRC_HD_EXTRA(*at)};
        at++;
        if (timed) {
            r->tsc = at[0] | (u64)at[1] << 32;
            at += 2;
        }
        for (; i < r->words; i++)
            r->word[i] = at[i];
        cons += (1 + r->words + (timed ? 2 : 0)) * sizeof(u32);
        trace_buf->cons = cons >= 2 * TRACE_SIZE ? cons - 2 * TRACE_SIZE : cons;
    } while (r->event == TRC_TRACE_WRAP_BUFFER);
    return true;
}

#endif
