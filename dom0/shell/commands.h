/* The functions of the commands, by the file that they are in; the table is in commands.c. */
#ifndef DOM0_SHELL_COMMANDS_H
#define DOM0_SHELL_COMMANDS_H

#include "dom0/shell/shell.h"

/* commands_host.c */
bool command_help(struct words *words);
bool command_info(struct words *words);
bool command_dmesg(struct words *words);
bool command_debug_keys(struct words *words);
bool command_poweroff(struct words *words);

/* commands_life.c */
bool command_create(struct words *words);
bool command_pause(struct words *words);
bool command_unpause(struct words *words);
bool command_shutdown(struct words *words);
bool command_reboot(struct words *words);
bool command_destroy(struct words *words);

/* commands_domain.c */
bool command_list(struct words *words);
bool command_domid(struct words *words);
bool command_domname(struct words *words);
bool command_rename(struct words *words);
bool command_uptime(struct words *words);
bool command_mem_set(struct words *words);
bool command_mem_max(struct words *words);
bool command_why(struct words *words);

/* commands_cpu.c */
bool command_vcpu_list(struct words *words);
bool command_vcpu_pin(struct words *words);
bool command_vcpu_set(struct words *words);
bool command_sched_credit(struct words *words);

/* commands_pool.c */
bool command_cpupool_list(struct words *words);
bool command_cpupool_create(struct words *words);
bool command_cpupool_destroy(struct words *words);
bool command_cpupool_cpu_add(struct words *words);
bool command_cpupool_cpu_remove(struct words *words);
bool command_cpupool_migrate(struct words *words);

/* commands_device.c */
bool command_block_attach(struct words *words);
bool command_block_list(struct words *words);
bool command_block_detach(struct words *words);
bool command_network_attach(struct words *words);
bool command_network_list(struct words *words);
bool command_network_detach(struct words *words);
bool command_backend_restart(struct words *words);

/* commands_store.c */
bool command_xenstore_ls(struct words *words);
bool command_xenstore_read(struct words *words);
bool command_xenstore_list(struct words *words);
bool command_xenstore_write(struct words *words);
bool command_xenstore_chmod(struct words *words);
bool command_xenstore_rm(struct words *words);

/* commands_intercept.c */
bool command_intercept(struct words *words);

/* attach.c, top.c, script.c: these keep the terminal until a key ends them. */
bool command_console(struct words *words);
bool command_top(struct words *words);
bool command_sleep(struct words *words);

#endif
