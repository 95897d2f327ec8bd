/*
 * grant_table_op's operations on a table as a whole: its frames, its limits, its version. A domain
 * asks for its own, the control domain for anybody's.
 */
#include "hypercalls/grant_table.h"

#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/uaccess.h"

#define FRAMES_AT_ONCE 16U

/* The domain that is meant, as a status. */
static s16 table_find(domid_t id, struct domain **d)
{
    *d = domain_named(id);
    if (!*d)
        return GNTST_bad_domain;
    return is_authorised(DEED_OWN, *d) ? GNTST_okay : GNTST_permission_denied;
}

/* The machine frames of the table's first @count, into the caller's list. */
static s16 frames_tell(struct domain *d, bool status, u32 count, u64 list)
{
    u64 mfns[FRAMES_AT_ONCE];
    s16 rc = GNTST_okay;

    for (u32 i = 0, n; i < count; i += n) {
        n = MIN(count - i, FRAMES_AT_ONCE);
        if (!grants_list(d, status, i, n, mfns))
            return GNTST_general_error;
        if (status ? guest_write(list + i * sizeof(*mfns), mfns, n * sizeof(*mfns))
                   : words_write(list, i, mfns, n))
            rc = GNTST_bad_virt_addr;
    }
    return rc;
}

/* Of no table at all a 32-bit guest hears no complaint: as on Xen. */
static long not_one(u32 count)
{
    return !count && caller_is_32bit() ? 0 : refuse(XEN_EINVAL, "one table at a time");
}

static long setup_table(u64 arg, u32 count)
{
    struct gnttab_setup_table op;
    struct domain *d;
    int rc = 0;

    if (count != 1)
        return not_one(count);
    if (STRUCT_READ(&op, arg) ||
        !caller_range_ok((u64)op.frame_list.p, op.nr_frames * caller_word_bytes()))
        return refuse(XEN_EFAULT, "the argument cannot be read, or its list cannot be written");
    op.status = table_find(op.dom, &d);
    if (!op.status) {
        rc = grants_grow(d, op.nr_frames);
        if (rc == RESTART)
            return call_continue(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, arg, count, 0);
        op.status =
            rc ? GNTST_general_error : frames_tell(d, false, op.nr_frames, (u64)op.frame_list.p);
    }
    return GRANT_STATUS_WRITE(arg, op);
}

static long status_frames(u64 arg, u32 count)
{
    struct gnttab_get_status_frames op;
    struct domain *d;

    if (count != 1)
        return not_one(count);
    if (STRUCT_READ(&op, arg) || !caller_range_ok((u64)op.frame_list.p, op.nr_frames * sizeof(u64)))
        return refuse(XEN_EFAULT, "the argument cannot be read, or its list cannot be written");
    op.status = table_find(op.dom, &d);
    if (!op.status) {
        struct grants_size size;

        grants_size(d, &size);
        op.status = op.nr_frames > size.status_frames
                        ? GNTST_general_error
                        : frames_tell(d, true, op.nr_frames, (u64)op.frame_list.p);
    }
    return GRANT_STATUS_WRITE(arg, op);
}

static long query_size(u64 arg, u32 count)
{
    struct gnttab_query_size op;
    struct domain *d;

    if (count != 1)
        return refuse(XEN_EINVAL, "one table at a time");
    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    op.status = table_find(op.dom, &d);
    if (!op.status) {
        struct grants_size size;

        grants_size(d, &size);
        op.nr_frames = size.frames;
        op.max_nr_frames = size.most;
    }
    return guest_write(arg, &op, sizeof(op));
}

static long set_version(u64 arg, u32 count)
{
    struct gnttab_set_version op;
    struct domain *d = current->domain;
    int rc;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    rc = grants_set_version(d, op.version);
    if (rc == RESTART)
        return call_continue(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, arg, count, 0);
    op.version = grants_version(d);
    return guest_write(arg, &op, sizeof(op)) ? -XEN_EFAULT : rc;
}

static long get_version(u64 arg)
{
    struct gnttab_get_version op;
    struct domain *d;
    int rc;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    rc = authorise_named(DEED_OWN, op.dom, &d);
    if (rc)
        return rc;
    op.version = grants_version(d);
    return guest_write(arg + offsetof(struct gnttab_get_version, version), &op.version,
                       sizeof(op.version));
}

long grant_table_setup(u32 op, u64 arg, u32 count)
{
    switch (op) {
    case GNTTABOP_setup_table:
        return setup_table(arg, count);
    case GNTTABOP_get_status_frames:
        return status_frames(arg, count);
    case GNTTABOP_query_size:
        return query_size(arg, count);
    case GNTTABOP_set_version:
        return set_version(arg, count);
    case GNTTABOP_get_version:
        return get_version(arg);
    default: /* dump_table too: a debug key of the console's shows tables */
        return refuse(XEN_ENOSYS, "no such operation");
    }
}
