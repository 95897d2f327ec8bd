/*
 * A frontend for the backend of block devices, in the same domain: grants to oneself, a channel
 * whose both ends are ours, and two directories that stand for the xenstore's. It may do what no
 * honest one does.
 */
#ifndef TESTS_GUESTS_BLOCK_BACKEND_FRONT_H
#define TESTS_GUESTS_BLOCK_BACKEND_FRONT_H

#include "dom0/backend/block.h"
#include "dom0/drivers/disk.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/grant/grant.h"
#include "ioring/block.h"
#include "tests/guests/common.h"

#define IDS       256u /* requests under way at most */
#define DATA_MAX  64u  /* pages of data */
#define RING_MAX  8u
#define DIRECTORY 32

/* ---- The two directories (directory.c) ------------------------------------------------------- */

extern u32 failures;     /* calls of device_fail */
extern u32 keys_written; /* by the backend */

void key_set(bool frontend, const char *key, const char *format, ...) PRINTF_LIKE(3, 4);
void key_remove(bool frontend, const char *key);
u64 key_number(bool frontend, const char *key);
void keys_forget(bool frontend);

/* What device_class_add was given; a device of it; and what device.c would call. */
extern const struct device_class *vbd_class;
struct device *device_make(void);

/* ---- The frontend (front.c) ------------------------------------------------------------------ */

struct front {
    struct ring_front ring;
    const struct block_layout *layout;
    void *pages;
    u32 order;
    grant_ref_t refs[RING_MAX];
    u32 port;
    struct work work;
    u32 put, answered, twice, failed; /* failed: answered by another status than OKAY */
    s16 status[IDS];                  /* by id */
    u32 place[IDS];                   /* among the answers */
    bool under_way[IDS];
    bool broken;
};

extern struct front fronts[2], *front; /* the second is for a second queue; front: which is meant */

/* Pages of data, and their grants. */
extern u8 *data[DATA_MAX];
extern grant_ref_t data_refs[DATA_MAX];

void data_make(void);
void data_grant(bool read_only);
/* Takes back what is not in use by the backend. How many are. */
u32 data_end(void);

/* A new ring of 2^order pages in the given layout, and its keys. */
void front_init(u32 order, const char *protocol);
/* Its grants and port go: how many of its pages were still in use. */
u32 front_end(void);

/* A request of @pages whole pages of data, from page @first on; id is its place in status. */
struct block_request request_make(u8 operation, u64 sector, u32 first, u32 pages, u32 id);
void front_put(const struct block_request *request);
void front_push(void);
/* Until all that was put is answered. */
void front_wait(void);
/* One request, put and waited for: its status. */
s16 front_do(const struct block_request *request);

/* bench.c: with a front that is connected. */
void bench_rows(const struct block_statistics *counted);

#endif
