/*
 * mmuext_op: what a guest's page tables need beside updates of their entries: pinning, base
 * pointers, flushes, the LDT, and two operations on whole pages.
 */
#include "hypercalls/mmu.h"

#include "hypercalls/calls32.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/string.h"

#define OP_UNITS 16 /* of work (cpu/preempt.h): a page is cleared or copied */

static int page_flush_here(u64 va)
{
    if (guest_range_ok(va, 1)) /* see guest_flush_page() */
        tlb_flush_page_local(va);
    return 0;
}

static int all_flush_here(void)
{
    tlb_flush_local();
    return 0;
}

/* A bitmap that cannot be read has another errno here than everywhere else. */
static int mask_note(int rc)
{
    return rc ? -XEN_EINVAL : 0;
}

static int cache_flush(bool everywhere)
{
    if (!domain_has_devices(current->domain))
        return refuse(everywhere ? XEN_EINVAL : XEN_EACCES,
                      "a cache flush by a domain without devices");
    if (everywhere)
        guest_flush_caches();
    else
        wbinvd();
    return 0;
}

/* Operations on the calling vcpu, which nobody can ask for another domain. */
static ALWAYS_INLINE int own_op(const struct mmuext_op *op, struct vcpu *v)
{
    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return list_note(vcpu_set_base(v, MFN(op->arg1.mfn)));
    case MMUEXT_NEW_USER_BASEPTR:
        return list_note(vcpu_set_user_base(v, MFN(op->arg1.mfn)));
    case MMUEXT_TLB_FLUSH_LOCAL:
        return all_flush_here();
    case MMUEXT_TLB_FLUSH_ALL:
        return guest_flush(NULL);
    case MMUEXT_TLB_FLUSH_MULTI:
        return mask_note(guest_flush(&op->arg2.src_mfn));
    case MMUEXT_INVLPG_LOCAL:
        return page_flush_here(op->arg1.linear_addr);
    case MMUEXT_INVLPG_ALL:
        return guest_flush_page(op->arg1.linear_addr, NULL);
    case MMUEXT_INVLPG_MULTI:
        return mask_note(guest_flush_page(op->arg1.linear_addr, &op->arg2.src_mfn));
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return cache_flush(op->cmd == MMUEXT_FLUSH_CACHE_GLOBAL);
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

static ALWAYS_INLINE int op_do(const struct mmuext_op *op, struct vcpu *v, struct domain *pg_dom)
{
    mfn_t m = MFN(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_PIN_L4_TABLE:
        if (pg_dom->is_32bit)
            return 0; /* there are none: as Xen, no error */
        /* fallthrough */
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
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
static inline int op_read(struct mmuext_op *op, u64 from, const bool narrow)
{
    u64 cmd, arg1, arg2;

    smap_open();
    WORD_GET(cmd, from, 0, narrow, fault)
    WORD_GET(arg1, from, 1, narrow, fault)
    WORD_GET(arg2, from, 2, narrow, fault)
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
               "op_read reads three words, and three of half the size");

/* That of a 32-bit guest. */
static __attribute__((noinline)) int op_do32(const struct mmuext_op *op, struct vcpu *v,
                                             struct domain *pg_dom)
{
    if (op->cmd == MMUEXT_NEW_USER_BASEPTR)
        return refuse(XEN_EINVAL, "a 32-bit guest has one base pointer");
    return op_do(op, v, pg_dom);
}

#define OP_BYTES (sizeof(struct mmuext_op) / (narrow ? 2 : 1))

/* All operations, or as many as go well: *done counts them. RESTART: the others are to wait. */
static ALWAYS_INLINE int ops_do(u64 ops, u32 count, u32 *done, struct vcpu *v,
                                struct domain *pg_dom, const bool narrow)
{
    int rc = 0;
    u32 i;

    for (i = 0; i < count; ops += OP_BYTES) {
        struct mmuext_op op;

        rc = op_read(&op, ops, narrow);
        if (likely(!rc))
            rc = narrow ? op_do32(&op, v, pg_dom) : op_do(&op, v, pg_dom);
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

static ALWAYS_INLINE long list_run(u64 ops, u32 n, u64 pdone, u64 foreigndom, const bool narrow)
{
    struct vcpu *v = current;
    struct domain *pg_dom;
    u32 done;
    long rc;

    if (unlikely((n & LIST_CONTINUED) || tables_retiring()))
        return list_resume(__HYPERVISOR_mmuext_op, narrow ? hc32_mmuext_op : hc_mmuext_op, ops, n,
                           pdone, foreigndom);
    if (unlikely(!guest_range_ok(ops, (u64)n * OP_BYTES)))
        return refuse(XEN_EFAULT, "a list of operations in the hypervisor's range");
    rc = pg_owner_find((u16)foreigndom, &pg_dom);
    if (unlikely(rc))
        return rc;
    rc = ops_do(ops, n, &done, v, pg_dom, narrow);
    if (unlikely(rc))
        rc = list_stop(__HYPERVISOR_mmuext_op, (int)rc, ops + (u64)done * OP_BYTES, n - done, pdone,
                       foreigndom);
    if (pdone)
        guest_copy_out(pdone, &done, sizeof(done));
    return rc;
}

long hc_mmuext_op(unsigned long ops, unsigned long count, unsigned long pdone,
                  unsigned long foreigndom)
{
    return list_run(ops, (u32)count, pdone, foreigndom, false);
}

long hc32_mmuext_op(unsigned long ops, unsigned long count, unsigned long pdone,
                    unsigned long foreigndom)
{
    return list_run(ops, (u32)count, pdone, foreigndom, true);
}
