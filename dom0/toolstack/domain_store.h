/*
 * What a domain finds in the xenstore about itself, where Xen's toolstack puts it and with the same
 * permissions: its home /local/domain/N, /vm/UUID for who manages it, /libxl/N for the toolstack.
 * And what is asked of a running domain by way of it: to shut down, to take vcpus up or down, to
 * give memory back (docs/xenstore.md).
 */
#ifndef DOM0_TOOLSTACK_DOMAIN_STORE_H
#define DOM0_TOOLSTACK_DOMAIN_STORE_H

#include "dom0/toolstack/guests.h"

/* Domain 0's own: harmless if it is there. */
int domain_store_dom0(void);

/* Makes all that for a domain that was just built, and introduces it. 0 or a negative errno, and
 * then nothing of it is there. */
int domain_store_make(const struct guest *g);

/* The domain goes: nobody serves it any more, and its nodes go. Harmless if there are none. */
void domain_store_remove(domid_t domain);

/* The guest has another name now. */
int domain_store_rename(const struct guest *g);

/* One node of its home: "memory/target". As store_read_number; as store_writef. */
u64 domain_store_number(domid_t domain, const char *key, u64 fallback);
PRINTF_LIKE(3, 4)
int domain_store_write(domid_t domain, const char *key, const char *format, ...);

/* control/shutdown: the word that it is asked to do and has not taken yet, in to; false: none. */
bool domain_store_asked(domid_t domain, char *to, size_t size);

/* For each of its vcpus whether it shall be up: the first @count. */
int domain_store_set_vcpus(domid_t domain, u32 vcpus, u32 count);

#endif
