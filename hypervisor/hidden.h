/* Included before every C file of the hypervisor: everything that is declared lies in this one
 * image, so its address is taken directly (RIP-relative), never through a table of addresses. */
#pragma GCC visibility push(hidden)
