/*
 * FatFs behind a lock: it keeps names in one buffer, and the objects of an open file and folder are
 * ours here, one of each.
 */
#include "guest-kernel/files/files.h"
#include "guest-kernel/files/fat_disk.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/sched/mutex.h"
#include "guest-kernel/third_party/fatfs/ff.h"

#define CRC_POLYNOMIAL 0xedb88320u
#define MOUNT_NOW      1

static struct mutex mutex = MUTEX_INIT(mutex); /* guards what follows, and fat_disk */
static FATFS volume;
static FIL file;
static DIR folder;

static long errno_of(FRESULT result)
{
    static const s16 errnos[] = {
        [FR_DISK_ERR] = XEN_EIO,       [FR_INT_ERR] = XEN_EIO,
        [FR_NOT_READY] = XEN_ENODEV,   [FR_NO_FILE] = XEN_ENOENT,
        [FR_NO_PATH] = XEN_ENOENT,     [FR_INVALID_NAME] = XEN_EINVAL,
        [FR_DENIED] = XEN_ENOSPC, /* or a folder, which is asked for before */
        [FR_EXIST] = XEN_EEXIST,       [FR_WRITE_PROTECTED] = XEN_EROFS,
        [FR_NOT_ENABLED] = XEN_ENODEV, [FR_NO_FILESYSTEM] = XEN_ENOENT,
    };

    if (result == FR_OK)
        return 0;
    return (unsigned int)result < ARRAY_SIZE(errnos) && errnos[result] ? -errnos[result] : -XEN_EIO;
}

long files_mount(struct block *disk)
{
    long answer = -XEN_EBUSY;

    mutex_take(&mutex);
    if (!fat_disk) {
        fat_disk = disk;
        answer = errno_of(f_mount(&volume, "", MOUNT_NOW));
        if (answer)
            fat_disk = NULL;
    }
    mutex_release(&mutex);
    return answer;
}

long files_unmount(void)
{
    long answer = -XEN_ENODEV;

    mutex_take(&mutex);
    if (fat_disk) {
        f_unmount("");
        answer = block_size(fat_disk).read_only ? 0 : block_flush(fat_disk);
        fat_disk = NULL;
    }
    mutex_release(&mutex);
    return answer;
}

/* Mutex held. Opens `file`; a folder is none. */
static long file_open(const char *name, BYTE mode)
{
    FILINFO info;
    FRESULT result = f_stat(name, &info);

    if (result == FR_OK && info.fattrib & AM_DIR)
        return -XEN_EISDIR;
    if (result == FR_NO_FILE && mode & FA_WRITE)
        result = FR_OK;
    return errno_of(result == FR_OK ? f_open(&file, name, mode) : result);
}

static long read_at(u64 from, void *to, size_t size)
{
    UINT done = 0;
    FRESULT result = f_lseek(&file, MIN(from, (u64)f_size(&file)));

    if (result == FR_OK)
        result = f_read(&file, to, (UINT)size, &done);
    return result == FR_OK ? (long)done : errno_of(result);
}

long file_read(const char *name, u64 from, void *to, size_t size)
{
    long answer;

    mutex_take(&mutex);
    answer = file_open(name, FA_READ);
    if (!answer) {
        answer = read_at(from, to, size);
        f_close(&file);
    }
    mutex_release(&mutex);
    return answer;
}

long file_write(const char *name, const void *from, size_t size)
{
    FRESULT result, closed;
    UINT done = 0;
    long answer;

    mutex_take(&mutex);
    answer = file_open(name, FA_WRITE | FA_CREATE_ALWAYS);
    if (!answer) {
        result = f_write(&file, from, (UINT)size, &done);
        closed = f_close(&file);
        answer = errno_of(result == FR_OK ? closed : result);
        if (!answer && done < size)
            answer = -XEN_ENOSPC;
    }
    mutex_release(&mutex);
    return answer;
}

long file_remove(const char *name)
{
    long answer;

    mutex_take(&mutex);
    answer = errno_of(f_unlink(name));
    mutex_release(&mutex);
    return answer;
}

long files_list(const char *name, void (*each)(const struct file_entry *entry, void *data),
                void *data)
{
    static struct file_entry entry;
    static FILINFO info;
    FRESULT result;

    mutex_take(&mutex);
    result = f_opendir(&folder, name);
    while (result == FR_OK && (result = f_readdir(&folder, &info)) == FR_OK && info.fname[0]) {
        str_copy(entry.name, info.fname, sizeof(entry.name));
        entry.size = info.fsize;
        entry.folder = info.fattrib & AM_DIR;
        each(&entry, data);
    }
    f_closedir(&folder);
    mutex_release(&mutex);
    return errno_of(result);
}

static u32 crc_add(u32 crc, const u8 *bytes, size_t count)
{
    while (count--) {
        crc ^= *bytes++;
        for (unsigned int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
    }
    return crc;
}

long file_checksum(const char *name, u32 *crc)
{
    pfn_t page = frame_alloc();
    long answer;

    *crc = ~0u;
    mutex_take(&mutex);
    answer = file_open(name, FA_READ);
    if (!answer) {
        for (u64 at = 0; (answer = read_at(at, pfn_to_virt(page), PAGE_SIZE)) > 0;
             at += (u64)answer)
            *crc = crc_add(*crc, pfn_to_virt(page), (size_t)answer);
        f_close(&file);
    }
    mutex_release(&mutex);
    frame_free(page);
    *crc = ~*crc;
    return answer;
}
