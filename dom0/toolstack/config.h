/*
 * What a domain shall be, and the reader of xl.cfg files, which fills it in.
 *
 * The text comes from outside and is believed in nothing; the reader is pure and allocates nothing:
 * the caller gives it room, where all texts of the result lie, as long as that is used.
 */
#ifndef DOM0_TOOLSTACK_CONFIG_H
#define DOM0_TOOLSTACK_CONFIG_H

#include "xen-like/lib/types.h"

/* What becomes of a domain that has ended; the words are xl.cfg's, in their order in config.c. */
enum domain_action {
    ACTION_DESTROY,
    ACTION_RESTART,
    ACTION_RENAME_RESTART,
    ACTION_PRESERVE,
    ACTION_COREDUMP_DESTROY,
    ACTION_COREDUMP_RESTART,
};

/* Texts one behind the other, each with its NUL. */
struct text_list {
    const char *first;
    u32 count;
};

#define DOMAIN_WEIGHT_DEFAULT 256
#define CONFIG_LINE_SIZE      160

struct domain_config {
    const char *name;
    const char *kernel, *ramdisk; /* names of files; ramdisk NULL: none */
    const char *cmdline;          /* NULL: empty */
    u64 memory_kib, maxmem_kib;   /* maxmem 0: as memory */
    u32 vcpus, maxvcpus;          /* maxvcpus 0: as vcpus */
    u32 weight, cap;              /* weight 0: the default; cap in percent of one CPU, 0: none */
    struct text_list cpus, cpus_soft; /* empty: all; one: for every vcpu; more: one for each */
    const char *pool;                 /* its name or number; NULL: the first one */
    struct text_list disk, vif;       /* specifications that were found good: config_devices.h */
    enum domain_action on_poweroff, on_reboot, on_crash, on_watchdog;
    u8 uuid[16];
};

/* So many bytes of room, aligned to 8, are enough for a text. */
u64 config_room(const char *text, u64 size);

/*
 * Reads a configuration. False, with one line in message that names file, line and what is wrong.
 * If it was fine, message is empty, or says what was passed over (a key that means nothing here).
 */
bool config_read(struct domain_config *c, const char *file, const char *text, u64 size, void *room,
                 char message[CONFIG_LINE_SIZE]);

/*
 * Reads CPUs as xl.cfg's cpus= has them ("all", "0-3,5,^1") for a machine of so many, into one bit
 * for each. False if it is no such text, names no CPU, or one that is not there; with cpus 0 only
 * the form is looked at, and bitmap not touched.
 */
bool config_cpus(const char *text, u8 *bitmap, u32 cpus);

/* The word for an action, and the names of those that are known, for messages. */
const char *action_name(enum domain_action action);

#endif
