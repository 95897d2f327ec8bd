/*
 * mmu_update and update_va_mapping: a guest changes its page tables.
 *
 * The gate copies requests in by groups, finds the table that each one names, and keeps it held
 * while consecutive requests stay in it (kernels fill tables in order). What an update means and
 * whether it is allowed is pt_entry_write's business.
 */
#include "hypercalls/mmu.h"

#include "hypercalls/continuation.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"

#define GROUP         8 /* requests copied at once */
#define REQUEST_UNITS 4 /* of work (cpu/preempt.h); those of whole tables count by themselves */

struct domain *pg_owner_find(u16 id, struct domain *self)
{
    if (likely(id == DOMID_SELF))
        return self;
    if (id == DOMID_IO && self->privileged)
        return &domain_io;
    if (id == DOMID_XEN && self->privileged)
        return &domain_xen;
    return NULL; /* there is no other domain yet; and nobody may name himself by number (as Xen) */
}

/* A table held across requests: see frame_hold_table. */
struct held {
    struct frame *frame; /* NULL: none */
    u64 type;
};

static inline void held_release(struct held *h)
{
    if (!h->frame)
        return;
    if (likely(type_is_table(h->type)))
        frame_let_go_table(h->frame);
    else if (h->type != FT_NONE)
        frame_let_go(h->frame);
    else
        frame_put_and_type(h->frame); /* writable for the time of the update */
    h->frame = NULL;
}

/* Hold the frame at @m: as whatever it is in use as, else as writable memory. 0 or -EINVAL. */
static inline int held_take(struct held *h, mfn_t m, struct domain *d)
{
    struct frame *f;

    if (unlikely(!mfn_valid(m)))
        return refuse(XEN_EINVAL, "an update of a frame that does not exist");
    f = mfn_to_frame(m);
    if (likely(h->frame == f))
        return 0;
    held_release(h);
    h->type = frame_hold_table(f, d);
    if (unlikely(h->type == FT_NONE) && frame_get_and_type(m, d, FT_WRITABLE))
        return refuse(XEN_EINVAL, "an update of a frame that is not the domain's");
    h->frame = f;
    return 0;
}

static inline int entry_update(struct held *h, const struct mmu_update *req, u32 cmd,
                               struct domain *d, struct domain *pg_dom)
{
    u64 ptr = req->ptr - cmd;
    int rc = held_take(h, MFN(ptr >> PAGE_SHIFT), d);
    u64 *slot;

    if (unlikely(rc))
        return rc;
    slot = maddr_to_virt(ptr);
    if (likely(h->type == FT_L1))
        return l1e_write(slot, req->val, cmd == MMU_PT_UPDATE_PRESERVE_AD, d, pg_dom);
    if (unlikely(tables_retiring())) /* of an earlier call: in need of this very table, perhaps */
        return RESTART;
    return list_note(pt_entry_write(h->type != FT_NONE ? h->type : FT_WRITABLE, slot, req->val,
                                    cmd == MMU_PT_UPDATE_PRESERVE_AD, d, pg_dom));
}

static int m2p_update(const struct mmu_update *req, struct domain *pg_dom)
{
    mfn_t m = MFN(req->ptr >> PAGE_SHIFT);
    struct frame *f = frame_get_mfn(m, pg_dom);

    if (unlikely(!f)) { /* I/O frames carry no counts, but have an entry where they have a record */
        if (pg_dom != &domain_io || !mfn_valid(m) || !mfn_is_io(m))
            return refuse(XEN_EINVAL, "machine-to-phys of a frame that is not the domain's");
        m2p[m.n] = req->val;
        return 0;
    }
    m2p[m.n] = req->val;
    frame_put(f);
    return 0;
}

static inline int request_do(struct held *h, const struct mmu_update *req, struct domain *d,
                             struct domain *pg_dom)
{
    u32 cmd = req->ptr & 7;

    switch (cmd) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
    case MMU_PT_UPDATE_NO_TRANSLATE: /* nothing is translated for a PV guest anyway */
        return entry_update(h, req, cmd, d, pg_dom);
    case MMU_MACHPHYS_UPDATE:
        return m2p_update(req, pg_dom);
    default:
        return refuse(XEN_ENOSYS, "no such kind of update");
    }
}

/* Copy @n requests from the list at @from, a checked range. Answers how many could be read. */
static inline u32 group_read(struct mmu_update *to, u64 from, u32 n)
{
    u32 i;

    smap_open();
    for (i = 0; i < n; i++, from += sizeof(*to)) {
        u64 ptr, val;

        GUEST_GET(ptr, from, 0, fault);
        GUEST_GET(val, from, 1, fault);
        to[i] = (struct mmu_update){.ptr = ptr, .val = val};
    }
fault:
    smap_close();
    return i;
}

/* All requests, or as many as go well: *done counts them. RESTART: the others are to wait. */
static inline int requests_do(u64 reqs, u32 count, u32 *done, struct domain *d,
                              struct domain *pg_dom)
{
    struct mmu_update group[GROUP];
    struct held held = {0};
    u32 left = count;
    int rc = 0;

    while (left) {
        u32 want = MIN(left, GROUP), have = group_read(group, reqs, want), i;

        for (i = 0; i < have; i++) {
            rc = request_do(&held, &group[i], d, pg_dom);
            if (unlikely(rc))
                break;
        }
        i += rc == DONE_RETIRING;
        left -= i;
        reqs += i * sizeof(*group);
        if (unlikely(rc)) {
            /* An L1's update leaves no tables to retire: those of an earlier call may be in its
             * way. */
            if (held.type <= FT_L1 && tables_retiring())
                rc = RESTART;
            break;
        }
        if (unlikely(have != want)) {
            rc = refuse(XEN_EFAULT, "an unreadable list of updates");
            break;
        }
        if (left && unlikely(preempt_point(GROUP * REQUEST_UNITS))) {
            rc = RESTART;
            break;
        }
    }
    held_release(&held);
    *done = count - left;
    return rc;
}

long list_resume(u32 op, list_call call, u64 list, u32 count, u64 pdone, u64 foreigndom)
{
    u32 before = 0, done = 0;
    long rc;

    if (tables_retire_pending())
        return call_continue(op, list, count, pdone, foreigndom);
    if (count == LIST_CONTINUED && !list)
        return (s32)foreigndom;
    if (pdone && (count & LIST_CONTINUED)) { /* unreadable: it counts from 0 again, as on Xen */
        guest_copy_in(&before, pdone, sizeof(before));
        guest_copy_out(pdone, &done, sizeof(done));
    }
    rc = call(list, count & ~LIST_CONTINUED, pdone, foreigndom);
    if (before && !guest_copy_in(&done, pdone, sizeof(done))) {
        done += before;
        guest_copy_out(pdone, &done, sizeof(done));
    }
    return rc;
}

long list_stop(u32 op, int rc, u64 rest, u32 left, u64 pdone, u64 foreigndom)
{
    if (rc == RESTART || (rc == DONE_RETIRING && left))
        return call_continue(op, rest, left | LIST_CONTINUED, pdone, foreigndom);
    if (tables_retiring())
        return call_continue(op, 0, LIST_CONTINUED, 0, rc == DONE_RETIRING ? 0 : (u64)rc);
    return rc;
}

long hc_mmu_update(unsigned long reqs, unsigned long count, unsigned long pdone,
                   unsigned long foreigndom)
{
    struct domain *d = current->domain, *pg_dom;
    u32 n = (u32)count, done;
    long rc;

    if (unlikely(n & LIST_CONTINUED))
        return list_resume(__HYPERVISOR_mmu_update, hc_mmu_update, reqs, n, pdone, foreigndom);
    if (unlikely(!guest_range_ok(reqs, (u64)n * sizeof(struct mmu_update))))
        return refuse(XEN_EFAULT, "a list of updates in the hypervisor's range");
    if (unlikely((u32)foreigndom >> 16) && (u16)((foreigndom >> 16) - 1) != d->id)
        return refuse(XEN_ESRCH, "no such domain to own the tables");
    pg_dom = pg_owner_find((u16)foreigndom, d);
    if (unlikely(!pg_dom))
        return refuse(XEN_ESRCH, "no such domain to own the frames");
    rc = requests_do(reqs, n, &done, d, pg_dom);
    if (unlikely(rc))
        rc = list_stop(__HYPERVISOR_mmu_update, (int)rc,
                       reqs + (u64)done * sizeof(struct mmu_update), n - done, pdone, foreigndom);
    if (pdone)
        guest_copy_out(pdone, &done, sizeof(done)); /* a bad pointer is no reason to fail: as Xen */
    return rc;
}

/* The flush that update_va_mapping was asked for, at an address that it has found to be the
 * guest's. */
static inline long flush_after(u64 va, u64 flags)
{
    u64 bitmap = flags & ~UVMF_FLUSHTYPE_MASK, vcpus;

    if (unlikely((flags & UVMF_FLUSHTYPE_MASK) == UVMF_FLUSHTYPE_MASK))
        return 0; /* neither kind of flush: the set is not looked at, as Xen */
    /* All of the domain's vcpus run on this CPU, so that every set of them is this CPU. */
    if (unlikely(bitmap & ~UVMF_ALL) && guest_read(&vcpus, bitmap, sizeof(vcpus)))
        return -XEN_EFAULT;
    if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_INVLPG)
        tlb_flush_page_local(va);
    else if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_TLB_FLUSH)
        tlb_flush_local();
    return 0;
}

static inline long va_mapping_update(u64 va, u64 val, u64 flags, struct domain *pg_dom)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    struct frame *f;
    u64 *slot, type;
    int rc;

    slot = guest_range_ok(va, 1) ? pt_find_l1e(MFN(v->cr3_kernel >> PAGE_SHIFT), va) : NULL;
    if (unlikely(!slot))
        return refuse(XEN_EINVAL, "no L1 table maps this address");
    f = mfn_to_frame(virt_to_mfn(slot));
    type = frame_hold_table(f, d);
    if (unlikely(type == FT_NONE))
        return refuse(XEN_EINVAL, "the L1 table is not the domain's");
    if (unlikely(type != FT_L1)) {
        frame_let_go(f);
        return refuse(XEN_EINVAL, "no L1 table maps this address");
    }
    rc = l1e_write(slot, val, false, d, pg_dom);
    frame_let_go_table(f);
    if (unlikely(rc))
        return rc;
    return flags & UVMF_FLUSHTYPE_MASK ? flush_after(va, flags) : 0;
}

long hc_update_va_mapping(unsigned long va, unsigned long val, unsigned long flags)
{
    return va_mapping_update(va, val, flags, current->domain);
}

/* The same with a frame of the domain @id. */
long hc_update_va_mapping_otherdomain(unsigned long va, unsigned long val, unsigned long flags,
                                      unsigned long id)
{
    struct domain *pg_dom = pg_owner_find((u16)id, current->domain);

    if (!pg_dom)
        return refuse(XEN_ESRCH, "no such domain to own the frame");
    return va_mapping_update(va, val, flags, pg_dom);
}
