/*
 * THE GUESTS of this control domain: which there are, by name, and what becomes of them when they
 * end. A guest keeps its configuration, so that "reboot" is: destroy, and build again.
 *
 * The hypervisor knows domains by number only, and says that one has ended by VIRQ_DOM_EXC, without
 * saying which: guests_watch then looks at all. Names are unique among guests.
 *
 * Not to be called from an event's handler, nor from two threads at once: let the handler wake a
 * thread.
 */
#ifndef DOM0_TOOLSTACK_GUESTS_H
#define DOM0_TOOLSTACK_GUESTS_H

#include "dom0/toolstack/build.h"
#include "xen-like/lib/list.h"

struct guest {
    struct list link; /* in guests */
    struct domain_config config;
    char *name;  /* config.name, or what rename-restart made of it */
    void *texts; /* where the configuration's texts lie */
    struct blob kernel, ramdisk;
    struct built_domain domain;
    u32 restarts;
    bool kept;     /* ended, and preserved */
    void *console; /* the console backend's own */
};

extern struct list guests;

/* Whoever serves a guest's rings: called after it is built, before it runs; and before it is
 * destroyed, so that nothing of it stays mapped. Either may be NULL. */
extern void (*guest_built)(struct guest *g);
extern void (*guest_going)(struct guest *g);

/* Calls guest_going and takes the guest's devices away: it is about to end, or has ended. */
void guest_leave(struct guest *g);

/* What is worth telling, a line without its end: "web1 (domain 7) crashed: restart". May be NULL.
 */
extern void (*guests_tell)(const char *line);

/* The archive that kernels, ramdisks and configurations are taken from (archive.h); the bundled
 * kernels are there besides. */
extern struct blob guests_files;
struct blob guests_file(const char *name);

/*
 * Reads a configuration of guests_files and builds and starts its guest; with paused, does not
 * start it. NULL, and message says why; otherwise it is empty or says what was passed over.
 */
struct guest *guest_create(const char *file, bool paused, char message[BUILD_REASON_SIZE]);
/* The same for a text. */
struct guest *guest_create_text(const char *file, const char *text, u64 size, bool paused,
                                char message[BUILD_REASON_SIZE]);

/* NULL: none has it. A kept guest is found, too. */
struct guest *guest_find(const char *name);
struct guest *guest_find_id(domid_t domain);

/* Ends the domain, and forgets the guest. 0 or a negative errno: then the guest is still there. */
int guest_destroy(struct guest *g);

/*
 * Ends the domain and builds it again, whatever its configuration says of reboots. Or builds it
 * only: its domain is no longer its own. If it cannot be built, the guest is forgotten.
 */
int guest_restart(struct guest *g, char message[BUILD_REASON_SIZE]);
int guest_rebuild(struct guest *g, char message[BUILD_REASON_SIZE]);

/* Does what is to be done for guests that have ended. How many those were. */
u32 guests_watch(void);

#endif
