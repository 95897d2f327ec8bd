/*
 * What FatFs wants of its surroundings (diskio.h, and the last part of ff.h): sectors, the date,
 * and what characters are. Names are ASCII: 0 says of any other character that it has no
 * counterpart.
 */
#include "guest-kernel/files/fat_disk.h"
#include "guest-kernel/third_party/fatfs/ff.h"
#include "guest-kernel/third_party/fatfs/diskio.h"
#include "guest-kernel/time/calendar.h"
#include "guest-kernel/time/clock.h"

struct block *fat_disk;

DSTATUS disk_status(BYTE drive)
{
    (void)drive;
    if (!fat_disk)
        return STA_NOINIT | STA_NODISK;
    return block_size(fat_disk).read_only ? STA_PROTECT : 0;
}

DSTATUS disk_initialize(BYTE drive)
{
    return disk_status(drive);
}

static DRESULT result_of(long answer)
{
    return !answer                 ? RES_OK
           : answer == -XEN_EROFS  ? RES_WRPRT
           : answer == -XEN_EINVAL ? RES_PARERR
                                   : RES_ERROR;
}

DRESULT disk_read(BYTE drive, BYTE *to, LBA_t sector, UINT count)
{
    (void)drive;
    return result_of(block_read(fat_disk, sector, to, count));
}

DRESULT disk_write(BYTE drive, const BYTE *from, LBA_t sector, UINT count)
{
    (void)drive;
    return result_of(block_write(fat_disk, sector, from, count));
}

DRESULT disk_ioctl(BYTE drive, BYTE command, void *argument)
{
    const LBA_t *range = argument;

    (void)drive;
    switch (command) {
    case CTRL_SYNC:
        return result_of(block_flush(fat_disk));
    case GET_SECTOR_COUNT:
        *(LBA_t *)argument = (LBA_t)MIN(block_size(fat_disk).sectors, (u64)UINT32_MAX);
        return RES_OK;
    case CTRL_TRIM: /* of what the disk cannot do with it, nothing comes */
        block_discard(fat_disk, range[0], range[1] - range[0] + 1);
        return RES_OK;
    default:
        return RES_PARERR;
    }
}

/* Years since 1980, month, day, hour, minute, two seconds: as the file system has them. */
DWORD get_fattime(void)
{
    struct calendar c = calendar_of(time_wall_ns() / NS_PER_SECOND);

    return (DWORD)(MAX(c.year, 1980u) - 1980) << 25 | (DWORD)c.month << 21 | (DWORD)c.day << 16 |
           (DWORD)c.hour << 11 | (DWORD)c.minute << 5 | (DWORD)c.second >> 1;
}

WCHAR ff_oem2uni(WCHAR character, WORD page)
{
    (void)page;
    return character < 0x80 ? character : 0;
}

WCHAR ff_uni2oem(DWORD character, WORD page)
{
    (void)page;
    return character < 0x80 ? (WCHAR)character : 0;
}

DWORD ff_wtoupper(DWORD character)
{
    return character >= 'a' && character <= 'z' ? character - 'a' + 'A' : character;
}
