/*
 * A vcpu's whole state to and from guest memory. Its layout is that of the domain whose vcpu it is,
 * whoever asks: Xen leaves it to toolstacks to get that right.
 */
#include "hypercalls/vcpu_context.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/uaccess.h"

int context_read(const struct domain *d, struct vcpu_guest_context *c, u64 from)
{
    struct vcpu_guest_context_x86_32 *narrow;
    int rc;

    if (!d->is_32bit)
        return guest_read(c, from, sizeof(*c));
    narrow = pages_alloc(0);
    if (!narrow)
        return refuse(XEN_ENOMEM, "no memory for a context");
    rc = guest_read(narrow, from, sizeof(*narrow));
    if (!rc)
        context_widen(c, narrow);
    pages_free(narrow, 0);
    return rc;
}

int context_write(const struct domain *d, u64 to, const struct vcpu_guest_context *c)
{
    struct vcpu_guest_context_x86_32 *narrow;
    int rc;

    if (!d->is_32bit)
        return guest_write(to, c, sizeof(*c));
    narrow = pages_alloc(0);
    if (!narrow)
        return refuse(XEN_ENOMEM, "no memory for a context");
    context_narrow(narrow, c);
    rc = guest_write(to, narrow, sizeof(*narrow));
    pages_free(narrow, 0);
    return rc;
}
