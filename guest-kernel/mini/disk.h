/* The shell's commands for files on the disk (disk_shell.c); words: what was typed behind them. */
#ifndef GUEST_KERNEL_MINI_DISK_H
#define GUEST_KERNEL_MINI_DISK_H

void disk_ls(const char *words);
void disk_cat(const char *words);
void disk_write_line(const char *words);
void disk_rm(const char *words);
void disk_sum(const char *words);

#endif
