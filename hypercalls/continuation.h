/*
 * A call that takes long is interrupted by calling it again.
 *
 * The call says what the guest would have had to ask for what is left of it, and that is put where
 * the guest's own arguments were, with RIP back on its syscall instruction. Whatever waited for the
 * CPU comes first, perhaps the guest's own upcall; then the guest asks again, unknowingly. So all
 * that the call remembers is in the guest's hands: a continuation is checked like any other call,
 * and the guest can only fool itself. In a list of calls it is the list's entry that is rewritten,
 * and the list that is called again (as Xen does both). What has no room there waits in the vcpu,
 * and its guest gets no upcall before that is done: call_is_bound, decision 0064.
 *
 * The caller returns what call_continue() returns, at once, with no lock and nothing half done.
 */
#ifndef HYPERCALLS_CONTINUATION_H
#define HYPERCALLS_CONTINUATION_H

#include "xen-like/lib/types.h"

long call_continue(u32 op, u64 a1, u64 a2, u64 a3, u64 a4);

#endif
