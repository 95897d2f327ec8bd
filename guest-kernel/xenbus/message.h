/* Within xenbus/: one request and its answer (xenstore.c), and who is told of watches (watch.c). */
#ifndef GUEST_KERNEL_XENBUS_MESSAGE_H
#define GUEST_KERNEL_XENBUS_MESSAGE_H

#include "guest-kernel/xenbus/xenbus.h"
#include "ioring/xenstore_message.h"

/*
 * Asks: the payload is `first` with its NUL and the bytes of `rest`. 0: the answer is in *answer,
 * which is the caller's until message_done; a negative errno, and nothing is.
 */
long message_ask(u32 type, const char *first, const void *rest, u32 rest_length,
                 const struct xs_message **answer);
void message_done(void);

/* The same for requests of whose answer only the errno matters. */
long message_do(u32 type, const char *first, const void *rest, u32 rest_length);

/* Upcalls masked: the store says that something changed. */
void watch_event(const struct xs_message *event);
void watches_start(void);

#endif
