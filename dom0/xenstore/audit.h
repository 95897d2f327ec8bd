/*
 * Counts everything in the store anew: that each node is known to its parent and each name has its
 * node; that accounts say what is there. For tests after each step, and for CONTROL check.
 */
#ifndef DOM0_XENSTORE_AUDIT_H
#define DOM0_XENSTORE_AUDIT_H

/* NULL, or what is wrong. */
const char *store_audit(void);

#endif
