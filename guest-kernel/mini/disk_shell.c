/*
 * Files from the shell. The disk is opened and its file system mounted with the first command, and
 * stays so; each write is on the disk before the prompt comes back, so that a guest that is simply
 * ended leaves a clean file system.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/files/files.h"
#include "guest-kernel/mini/disk.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "xen-like/lib/string.h"

#define NAME_SIZE 256
#define PIECE     480 /* of a file, shown at once: console_printf has a limit */

static void say(const char *what, long answer)
{
    const char *why = answer == -XEN_ENOENT   ? "there is no such thing"
                      : answer == -XEN_EISDIR ? "that is a folder"
                      : answer == -XEN_ENOSPC ? "there is no room, or it is in use"
                      : answer == -XEN_EROFS  ? "the disk is read-only"
                      : answer == -XEN_EINVAL ? "that is no name"
                                              : NULL;

    if (answer < 0 && why)
        console_printf("%s: %s\n", *what ? what : "disk", why);
    else if (answer < 0)
        console_printf("%s: error %ld\n", *what ? what : "disk", answer);
}

/* False, and said why: there is no file system. */
static bool disk_ready(void)
{
    static struct block *disk;
    static bool mounted;
    long answer = 0;

    if (mounted)
        return true;
    if (!disk)
        answer = block_open(&disk, 0);
    if (answer == -XEN_ENODEV) {
        console_printf("this domain has no disk\n");
        return false;
    }
    if (!answer) {
        answer = files_mount(disk);
        mounted = !answer;
        if (answer == -XEN_ENOENT) {
            console_printf("there is no FAT file system on the disk\n");
            return false;
        }
    }
    say("disk", answer);
    return mounted;
}

static void entry_show(const struct file_entry *entry, void *data)
{
    (void)data;
    if (entry->folder)
        console_printf("%10s  %s/\n", "", entry->name);
    else
        console_printf("%10" F64 "u  %s\n", entry->size, entry->name);
}

void disk_ls(const char *words)
{
    if (disk_ready())
        say(words, files_list(words, entry_show, NULL));
}

void disk_cat(const char *words)
{
    char piece[PIECE];
    long length = 0;

    if (!disk_ready())
        return;
    for (u64 at = 0; (length = file_read(words, at, piece, sizeof(piece))) > 0; at += (u64)length)
        console_write(piece, (size_t)length);
    say(words, length);
}

void disk_write_line(const char *words)
{
    const char *space = strchr(words, ' ');
    char name[NAME_SIZE], line[NAME_SIZE];
    size_t length;

    if (!space || !space[1]) {
        console_printf("write FILE TEXT\n");
        return;
    }
    if (!disk_ready())
        return;
    str_copy(name, words, MIN((size_t)(space - words) + 1, sizeof(name)));
    length = MIN(str_copy(line, space + 1, sizeof(line) - 1), sizeof(line) - 2);
    line[length++] = '\n';
    say(name, file_write(name, line, length));
}

void disk_rm(const char *words)
{
    if (disk_ready())
        say(words, file_remove(words));
}

void disk_sum(const char *words)
{
    long answer;
    u32 crc;

    if (!disk_ready())
        return;
    answer = file_checksum(words, &crc);
    say(words, answer);
    if (!answer)
        console_printf("%08x  %s\n", crc, words);
}
