/* The page of entry stubs that a guest calls to make a hypercall (arch-x86/xen-x86_64.h and
 * xen-x86_32.h). */
#ifndef HYPERVISOR_DOMAIN_HYPERCALL_PAGE_H
#define HYPERVISOR_DOMAIN_HYPERCALL_PAGE_H

#include "xen-like/lib/types.h"

/* Write the stubs of a guest of this width into @page, PAGE_SIZE bytes of the guest's memory
 * through the direct map. */
void hypercall_page_fill(void *page, bool is_32bit);

#endif
