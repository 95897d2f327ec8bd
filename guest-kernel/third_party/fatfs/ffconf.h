/*
 * What of FatFs is wanted: reading and writing, long names, no directory in force, one volume that
 * is the whole disk or the first FAT partition of one with an MBR. Ours, unlike the other files
 * here; the names and what they mean are those of the original's ffconf.h.
 */
#define FFCONF_DEF 80386

#define FF_FS_READONLY  0
#define FF_FS_MINIMIZE  0
#define FF_USE_FIND     0
#define FF_USE_MKFS     0
#define FF_USE_FASTSEEK 0
#define FF_USE_EXPAND   0
#define FF_USE_CHMOD    0
#define FF_USE_LABEL    0
#define FF_USE_FORWARD  0
#define FF_USE_STRFUNC  0

#define FF_CODE_PAGE   437
#define FF_USE_LFN     1 /* the buffer is static: files.c has one call at a time */
#define FF_MAX_LFN     255
#define FF_LFN_UNICODE 0
#define FF_LFN_BUF     255
#define FF_SFN_BUF     12
#define FF_FS_RPATH    0
#define FF_PATH_DEPTH  10

#define FF_VOLUMES         1
#define FF_STR_VOLUME_ID   0
#define FF_MULTI_PARTITION 0
#define FF_MIN_SS          512
#define FF_MAX_SS          512
#define FF_LBA64           0
#define FF_MIN_GPT         0x10000000
#define FF_USE_TRIM        1

#define FF_FS_TINY      0
#define FF_FS_EXFAT     0
#define FF_FS_NORTC     0
#define FF_FS_CRTIME    0
#define FF_FS_NOFSINFO  0
#define FF_FS_LOCK      0
#define FF_FS_REENTRANT 0
