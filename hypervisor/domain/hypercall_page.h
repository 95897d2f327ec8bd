/* The page of entry stubs that a guest calls to make a hypercall (arch-x86/xen-x86_64.h). */
#ifndef HYPERVISOR_DOMAIN_HYPERCALL_PAGE_H
#define HYPERVISOR_DOMAIN_HYPERCALL_PAGE_H

/* Write the stubs of a 64-bit guest into @page, PAGE_SIZE bytes of the guest's memory through the
 * direct map. */
void hypercall_page_fill(void *page);

#endif
