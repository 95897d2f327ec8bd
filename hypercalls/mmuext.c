/*
 * mmuext_op: what a guest's page tables need beside updates of their entries: pinning, base
 * pointers, flushes, the LDT, and two operations on whole pages.
 */
#include "hypercalls/mmu.h"

#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/string.h"

#define OP_UNITS 16 /* of work (cpu/preempt.h): a page is cleared or copied */

/* Every set of the domain's vcpus is this CPU so far: reading the bitmap is all that can fail. */
static int vcpumask_check(const struct mmuext_op *op)
{
    u64 vcpus;

    return guest_copy_in(&vcpus, (u64)op->arg2.vcpumask.p, sizeof(vcpus))
               ? refuse(XEN_EINVAL, "a vcpu bitmap that cannot be read")
               : 0;
}

static int page_flush(u64 va)
{
    if (guest_range_ok(
            va, 1)) /* elsewhere there is nothing of the guest's to flush: as Xen, no error */
        tlb_flush_page_local(va);
    return 0;
}

static int all_flush(void)
{
    tlb_flush_local();
    return 0;
}

static int cache_flush(const struct domain *d, int refusal)
{
    if (!d->privileged)
        return refuse(refusal, "a cache flush by a domain without devices");
    wbinvd();
    return 0;
}

/* Operations on the calling vcpu, which nobody can ask for another domain. */
static int own_op(const struct mmuext_op *op, struct vcpu *v)
{
    int rc = 0;

    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return list_note(vcpu_set_base(v, MFN(op->arg1.mfn)));
    case MMUEXT_NEW_USER_BASEPTR:
        return list_note(vcpu_set_user_base(v, MFN(op->arg1.mfn)));
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_TLB_FLUSH_ALL:
        return all_flush();
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_INVLPG_ALL:
        return page_flush(op->arg1.linear_addr);
    case MMUEXT_TLB_FLUSH_MULTI:
        rc = vcpumask_check(op);
        return rc ? rc : all_flush();
    case MMUEXT_INVLPG_MULTI:
        rc = vcpumask_check(op);
        return rc ? rc : page_flush(op->arg1.linear_addr);
    case MMUEXT_FLUSH_CACHE:
        return cache_flush(v->domain, XEN_EACCES);
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return cache_flush(v->domain, XEN_EINVAL);
    default: /* MMUEXT_SET_LDT */
        return vcpu_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    }
}

static int page_clear(mfn_t m, struct domain *d)
{
    if (frame_get_and_type(m, d, FT_WRITABLE))
        return refuse(XEN_EINVAL, "clearing a frame that is not the domain's to write");
    memset(mfn_to_virt(m), 0, PAGE_SIZE);
    frame_put_and_type(mfn_to_frame(m));
    return 0;
}

static int page_copy(mfn_t to, mfn_t from, struct domain *d)
{
    struct frame *source = frame_get_mfn(from, d);
    int rc;

    if (!source)
        return refuse(XEN_EINVAL, "copying from a frame that is not the domain's");
    rc = frame_get_and_type(to, d, FT_WRITABLE);
    if (!rc) {
        memcpy(mfn_to_virt(to), mfn_to_virt(from), PAGE_SIZE);
        frame_put_and_type(mfn_to_frame(to));
    }
    frame_put(source);
    return rc;
}

static int op_do(const struct mmuext_op *op, struct vcpu *v, struct domain *pg_dom)
{
    mfn_t m = MFN(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return table_pin(m, pg_dom, (int)op->cmd - MMUEXT_PIN_L1_TABLE + 1);
    case MMUEXT_UNPIN_TABLE:
        return list_note(table_unpin(m, pg_dom));
    case MMUEXT_CLEAR_PAGE:
        return page_clear(m, pg_dom);
    case MMUEXT_COPY_PAGE:
        return page_copy(m, MFN(op->arg2.src_mfn), pg_dom);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER:
        return refuse(XEN_EOPNOTSUPP, "superpages of guests");
    case MMUEXT_NEW_BASEPTR ... MMUEXT_SET_LDT:
    case MMUEXT_NEW_USER_BASEPTR:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        if (pg_dom != v->domain)
            return refuse(XEN_EPERM, "another domain's CPU state");
        return own_op(op, v);
    default:
        return refuse(XEN_ENOSYS, "no such operation");
    }
}

/* One operation of the list, a checked range. 0 or -EFAULT. */
static inline int op_read(struct mmuext_op *op, u64 from)
{
    u64 cmd, arg1, arg2;

    smap_open();
    GUEST_GET(cmd, from, 0, fault);
    GUEST_GET(arg1, from, 1, fault);
    GUEST_GET(arg2, from, 2, fault);
    smap_close();
    op->cmd = (u32)cmd;
    op->arg1.linear_addr = arg1; /* both unions are one word */
    op->arg2.src_mfn = arg2;
    return 0;
fault:
    smap_close();
    return refuse(XEN_EFAULT, "an unreadable list of operations");
}

_Static_assert(sizeof(struct mmuext_op) == 3 * sizeof(u64) && offsetof(struct mmuext_op, arg1) == 8,
               "op_read reads three words");

/* All operations, or as many as go well: *done counts them. RESTART: the others are to wait. */
static inline int ops_do(u64 ops, u32 count, u32 *done, struct vcpu *v, struct domain *pg_dom)
{
    int rc = 0;
    u32 i;

    for (i = 0; i < count; ops += sizeof(struct mmuext_op)) {
        struct mmuext_op op;

        rc = op_read(&op, ops);
        if (likely(!rc))
            rc = op_do(&op, v, pg_dom);
        if (unlikely(rc)) {
            i += rc == DONE_RETIRING;
            break;
        }
        if (++i == count)
            break;
        if (unlikely(preempt_point(OP_UNITS))) {
            rc = RESTART;
            break;
        }
    }
    *done = i;
    return rc;
}

long hc_mmuext_op(unsigned long ops, unsigned long count, unsigned long pdone,
                  unsigned long foreigndom)
{
    struct vcpu *v = current;
    struct domain *pg_dom;
    u32 n = (u32)count, done;
    long rc;

    if (unlikely((n & LIST_CONTINUED) || tables_retiring()))
        return list_resume(__HYPERVISOR_mmuext_op, hc_mmuext_op, ops, n, pdone, foreigndom);
    if (unlikely(!guest_range_ok(ops, (u64)n * sizeof(struct mmuext_op))))
        return refuse(XEN_EFAULT, "a list of operations in the hypervisor's range");
    pg_dom = pg_owner_find((u16)foreigndom, v->domain);
    if (unlikely(!pg_dom))
        return refuse(XEN_ESRCH, "no such domain to own the frames");
    rc = ops_do(ops, n, &done, v, pg_dom);
    if (unlikely(rc))
        rc = list_stop(__HYPERVISOR_mmuext_op, (int)rc, ops + (u64)done * sizeof(struct mmuext_op),
                       n - done, pdone, foreigndom);
    if (pdone)
        guest_copy_out(pdone, &done, sizeof(done));
    return rc;
}
