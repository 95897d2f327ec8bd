/* The page tables of an address space; its pages are the business of address_space.c. */
#ifndef GUEST_KERNEL_MINI_SPACE_TABLES_H
#define GUEST_KERNEL_MINI_SPACE_TABLES_H

#include "guest-kernel/mini/address_space.h"

/* Makes and pins the roots (two in 64 bits), and the one table below that they share. */
void space_tables_make(struct address_space *space);

/* Frees all tables, and gives up every frame that they map. */
void space_tables_free(struct address_space *space);

#endif
