/*
 * Steps with devices, which a guest does not find on a bus but in the xenstore, and which are
 * driven by another domain: the kernel shares memory with it, grant by grant. A domain without a
 * store, or without the device, says so and goes on.
 */
#include "guest-kernel/block/block.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/files/files.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "xen-like/lib/string.h"

#define GIVEN "hello.txt" /* put there by whoever made the disk */
#define OWN   "mini.txt"

static const char own_text[] =
    "Written by the mini-kernel, through another domain's disk driver.\n";

bool step_xenstore(void)
{
    char name[64];
    long answer = xenstore_init();

    if (answer == -XEN_ENODEV) {
        console_printf("    nobody gave this domain a xenstore\n");
        return true;
    }
    answer = xenstore_read("name", name, sizeof(name));
    if (answer < 0) {
        console_printf("    the store does not say who we are: error %ld\n", answer);
        return false;
    }
    console_printf("    the store says that this domain is \"%s\"\n", name);
    answer = control_watch();
    console_printf("    a watch tells when the toolstack asks it to end: %s\n",
                   answer ? "no" : "yes");
    return !answer;
}

/* What the host put there: its first line is shown. */
static bool given_read(void)
{
    char text[128];
    long length = file_read(GIVEN, 0, text, sizeof(text) - 1);
    u32 crc;

    if (length == -XEN_ENOENT) {
        console_printf("    there is no " GIVEN " on it\n");
        return true;
    }
    if (length < 0 || file_checksum(GIVEN, &crc))
        return false;
    text[length] = 0;
    for (char *c = text; *c; c++) {
        if (*c == '\n' || *c == '\r')
            *c = 0;
    }
    console_printf("    " GIVEN " begins with \"%s\"; its checksum is %08x\n", text, crc);
    return true;
}

static bool own_write(void)
{
    char back[sizeof(own_text)] = {0};
    long answer = file_write(OWN, own_text, sizeof(own_text) - 1);
    bool same;

    if (answer == -XEN_EROFS) {
        console_printf("    it is read-only\n");
        return true;
    }
    same = file_read(OWN, 0, back, sizeof(back)) == sizeof(own_text) - 1 &&
           !memcmp(back, own_text, sizeof(own_text));
    console_printf("    " OWN " was written and reads back the same: %s\n",
                   !answer && same ? "yes" : "no");
    return !answer && same;
}

static bool files_use(struct block *disk)
{
    long answer = files_mount(disk);
    bool good;

    if (answer == -XEN_ENOENT) {
        console_printf("    there is no FAT file system on it\n");
        return true;
    }
    if (answer)
        return false;
    good = given_read();
    good &= own_write();
    answer = files_unmount();
    console_printf("    unmounted, all of it on the disk: %s\n", answer ? "no" : "yes");
    return good && !answer;
}

bool step_disk(void)
{
    struct block *disk;
    long answer = block_open(&disk, 0);
    bool good;

    if (answer == -XEN_ENODEV) {
        console_printf("    this domain has no disk\n");
        return true;
    }
    if (answer) {
        console_printf("    the disk does not come: error %ld\n", answer);
        return false;
    }
    console_printf("    a disk of %" F64 "u KiB\n",
                   block_size(disk).sectors * BLOCK_SECTOR / KIB(1));
    good = files_use(disk);
    console_printf("~   %" F64 "u requests, %" F64 "u notifications sent, %" F64
                   "u events received\n",
                   block_counts(disk)->requests, block_counts(disk)->notifications,
                   block_counts(disk)->events);
    return block_close(disk) == 0 && good;
}
