/*
 * mmu_update and update_va_mapping: a guest changes its page tables.
 *
 * The gate copies requests in by groups, finds the table that each one names, and keeps it held
 * while consecutive requests stay in it (kernels fill tables in order). What an update means and
 * whether it is allowed is pt_entry_write's business.
 */
#include "hypercalls/mmu.h"

#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"

#define GROUP         8 /* requests copied at once */
#define REQUEST_UNITS 4 /* of work (cpu/preempt.h); those of whole tables count by themselves */

static struct domain *pg_owner_find_foreign(u16 id)
{
    if (id == DOMID_IO)
        return &domain_io;
    if (id == DOMID_XEN)
        return &domain_xen;
    return id == current->domain->id ? NULL : domain_find(id);
}

int pg_owner_find(u16 id, struct domain **pg_dom)
{
    if (likely(id == DOMID_SELF)) {
        *pg_dom = current->domain;
        return 0;
    }
    *pg_dom = pg_owner_find_foreign(id);
    if (!*pg_dom)
        return refuse(XEN_ESRCH, "no such domain to own the frames");
    return authorise(DEED_OWN, *pg_dom);
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

static int m2p_update(const struct mmu_update *req, struct domain *pt_dom, struct domain *pg_dom)
{
    mfn_t m = MFN(req->ptr >> PAGE_SHIFT);
    struct frame *f;

    if (unlikely(pt_dom != current->domain))
        return refuse(XEN_EPERM, "machine-to-phys beside tables of another domain");
    f = frame_get_mfn(m, pg_dom);
    if (unlikely(!f)) { /* I/O frames carry no counts, but have an entry where they have a record */
        if (pg_dom != &domain_io || !mfn_valid(m) || !mfn_is_io(m))
            return refuse(XEN_EINVAL, "machine-to-phys of a frame that is not the domain's");
        m2p_set(m, req->val);
        return 0;
    }
    m2p_set(m, req->val);
    dirty_mark(f);
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
        return m2p_update(req, d, pg_dom);
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

/* What became of one: what is to be done again is not told yet. */
static TRACE_COLD void update_record(const struct mmu_update *req, int rc)
{
    if ((req->ptr & 7) != MMU_MACHPHYS_UPDATE && rc != RESTART)
        trace(table_update, TRACE_WHO(current), TRACE_64(req->ptr & ~7UL), TRACE_64(req->val),
              (u32)(rc == DONE_RETIRING ? 0 : rc));
}

static TRACE_COLD void batch_record(u32 count, u32 done, int rc)
{
    trace(batch, TRACE_WHO(current), count, done, (u32)(rc < 0 && rc != RESTART ? rc : 0));
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
            if (trace_wants(XL_TRC_TABLES))
                update_record(&group[i], rc);
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
    if (trace_wants(XL_TRC_TABLES))
        batch_record(count, *done, rc);
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

/*
 * Whose tables (upper half of @foreigndom: 0, or a domain's number plus 1) and whose frames, for a
 * caller who names anybody but himself. 0; -ESRCH, -EINVAL; or -EPERM.
 */
static int owners_find(u32 foreigndom, struct domain **pt_dom, struct domain **pg_dom)
{
    struct domain *d = *pt_dom;
    int rc;

    if (foreigndom >> 16) {
        *pt_dom = domain_find((u16)((foreigndom >> 16) - 1));
        if (!*pt_dom)
            return refuse(XEN_ESRCH, "no such domain to own the tables");
        if (*pt_dom != d && !domain_vcpu(*pt_dom, 0))
            return refuse(XEN_EINVAL, "the tables of a domain without a vcpu");
    }
    rc = pg_owner_find((u16)foreigndom, pg_dom);
    if (rc && *pg_dom != &domain_io)
        return rc;
    return authorise(DEED_OWN, *pt_dom);
}

/* As on Xen it is the first request that who may not is told of. */
static int first_refusal(u64 reqs, u32 count)
{
    struct mmu_update first;

    if (!count)
        return 0;
    if (!group_read(&first, reqs, 1))
        return refuse(XEN_EFAULT, "an unreadable list of updates");
    return (first.ptr & 7) > MMU_PT_UPDATE_NO_TRANSLATE
               ? refuse(XEN_ENOSYS, "no such kind of update")
               : -XEN_EPERM;
}

long hc_mmu_update(unsigned long reqs, unsigned long count, unsigned long pdone,
                   unsigned long foreigndom)
{
    struct domain *pt_dom = current->domain, *pg_dom = pt_dom;
    u32 n = (u32)count, done = 0;
    long rc = 0;

    if (unlikely(n & LIST_CONTINUED))
        return list_resume(__HYPERVISOR_mmu_update, hc_mmu_update, reqs, n, pdone, foreigndom);
    if (unlikely(!guest_range_ok(reqs, (u64)n * sizeof(struct mmu_update))))
        return refuse(XEN_EFAULT, "a list of updates in the hypervisor's range");
    if (unlikely((u32)foreigndom != DOMID_SELF))
        rc = owners_find((u32)foreigndom, &pt_dom, &pg_dom);
    if (likely(!rc))
        rc = requests_do(reqs, n, &done, pt_dom, pg_dom);
    else if (!pt_dom)
        return rc; /* before anything else: as on Xen *pdone stays what it was */
    else if (rc == -XEN_EPERM)
        rc = first_refusal(reqs, n);
    if (unlikely(rc))
        rc = list_stop(__HYPERVISOR_mmu_update, (int)rc,
                       reqs + (u64)done * sizeof(struct mmu_update), n - done, pdone, foreigndom);
    if (pdone)
        guest_copy_out(pdone, &done, sizeof(done)); /* a bad pointer is no reason to fail: as Xen */
    return rc;
}

/* The flush that update_va_mapping was asked for elsewhere than here: on all CPUs, or where the
 * bitmap says. */
static __attribute__((noinline)) long flush_elsewhere(u64 va, u64 flags)
{
    u64 type = flags & UVMF_FLUSHTYPE_MASK, where = flags & ~UVMF_FLUSHTYPE_MASK;
    const u64 *mask = where == UVMF_ALL ? NULL : &where;

    if (type == UVMF_FLUSHTYPE_MASK)
        return 0; /* neither kind of flush: the set is not looked at, as Xen */
    return type == UVMF_INVLPG ? guest_flush_page(va, mask) : guest_flush(mask);
}

/* The address was found to be the guest's. */
static inline long flush_after(u64 va, u64 flags)
{
    if (!(flags & UVMF_FLUSHTYPE_MASK))
        return 0;
    if (flags == (UVMF_INVLPG | UVMF_LOCAL))
        tlb_flush_page_local(va);
    else if (flags == (UVMF_TLB_FLUSH | UVMF_LOCAL))
        tlb_flush_local();
    else
        return flush_elsewhere(va, flags);
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
    return flush_after(va, flags);
}

/* The same while that is recorded. A flush that fails is not the entry's matter. */
static __attribute__((cold, noinline)) long va_mapping_record(u64 va, u64 val, u64 flags,
                                                              struct domain *pg_dom)
{
    mfn_t root = MFN(current->cr3_kernel >> PAGE_SHIFT);
    const u64 *slot = guest_range_ok(va, 1) ? pt_find_l1e(root, va) : NULL;
    long rc = va_mapping_update(va, val, 0, pg_dom);

    if (slot)
        trace(table_update, TRACE_WHO(current), TRACE_64(virt_to_maddr(slot)), TRACE_64(val),
              (u32)rc);
    return rc ? rc : flush_after(va, flags);
}

long hc_update_va_mapping(unsigned long va, unsigned long val, unsigned long flags)
{
    if (trace_wants(XL_TRC_TABLES))
        return va_mapping_record(va, val, flags, current->domain);
    return va_mapping_update(va, val, flags, current->domain);
}

/* The same with a frame of the domain @id. */
long hc_update_va_mapping_otherdomain(unsigned long va, unsigned long val, unsigned long flags,
                                      unsigned long id)
{
    struct domain *pg_dom;
    int rc = pg_owner_find((u16)id, &pg_dom);

    if (trace_wants(XL_TRC_TABLES) && !rc)
        return va_mapping_record(va, val, flags, pg_dom);
    return rc ? rc : va_mapping_update(va, val, flags, pg_dom);
}
