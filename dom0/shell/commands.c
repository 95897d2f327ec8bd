/* The table of commands, in the order in which `help` shows them. */
#include "dom0/shell/commands.h"

const struct command commands[] = {
    {"create", "<ConfigFile> [-c] [-p] [name=value ...]",
     "Create a domain from a config file of dom0",
     "-c          attach to the console after the domain was created\n"
     "-p          leave the domain paused\n"
     "name=value  overrides a setting of the file\n",
     WORD_FILE, command_create},
    {"list", "[Domain ...]", "List information about all/some domains", NULL, WORD_DOMAIN,
     command_list},
    {"destroy", "<Domain> ...", "Terminate a domain immediately", NULL, WORD_DOMAIN,
     command_destroy},
    {"shutdown", "[-F] [-w] <-a|Domain ...>", "Issue a shutdown signal to a domain",
     "The guest is asked to power off, and does so in its own time: control/shutdown in the "
     "xenstore\n"
     "-a  all guests\n"
     "-F  ends from outside a guest that does not look at it: what it had not saved is lost\n"
     "-w  wait until they have shut down; Ctrl-c ends waiting\n",
     WORD_DOMAIN, command_shutdown},
    {"reboot", "[-F] [-w] <-a|Domain ...>", "Issue a reboot signal to a domain",
     "As shutdown; then what on_reboot says is done.\n", WORD_DOMAIN, command_reboot},
    {"pause", "<Domain> ...", "Pause execution of a domain", NULL, WORD_DOMAIN, command_pause},
    {"unpause", "<Domain> ...", "Unpause a paused domain", NULL, WORD_DOMAIN, command_unpause},
    {"console", "<Domain>", "Attach to a domain's console; Ctrl-] leaves it", NULL, WORD_DOMAIN,
     command_console},
    {"vcpu-list", "[Domain ...]", "List the VCPUs for all/some domains", NULL, WORD_DOMAIN,
     command_vcpu_list},
    {"vcpu-pin", "<Domain> <VCPU|all> <Hard affinity|-|all> [Soft affinity|-|all]",
     "Set which CPUs a VCPU can use",
     "An affinity is a list like 0-2,5,^1 (not that one); - leaves it as it is.\n", WORD_DOMAIN,
     command_vcpu_pin},
    {"vcpu-set", "[-i] <Domain> <vCPUs>", "Set the number of active VCPUs allowed for the domain",
     "The guest is asked: cpu/N/availability in the xenstore.\n"
     "-i  more than the machine has CPUs, too\n",
     WORD_DOMAIN, command_vcpu_set},
    {"sched-credit", "[-d Domain [-w Weight] [-c Cap]] [-s]", "Get/set scheduler parameters",
     "-d Domain   the domain to show or change\n"
     "-w Weight   its weight: a domain of 512 gets twice what one of 256 gets\n"
     "-c Cap      at most so many percent of one CPU; 0: as much as there is\n"
     "-s          what holds for all domains\n",
     WORD_DOMAIN, command_sched_credit},
    {"cpupool-list", "[-c] [CpuPool]", "List CPU pools on host",
     "-c          output list of CPUs used by a pool\n", WORD_ANY, command_cpupool_list},
    {"cpupool-create", "name=<Name> [sched=<Scheduler>] [cpus=<CPU list>]",
     "Create a CPU pool of free CPUs",
     "cpus=       which; without it the first that is free. To free one: cpupool-cpu-remove\n",
     WORD_ANY, command_cpupool_create},
    {"cpupool-destroy", "<CPU Pool>", "Deactivate a CPU pool without domains; its CPUs are free",
     NULL, WORD_ANY, command_cpupool_destroy},
    {"cpupool-cpu-add", "<CPU Pool> <CPU list>", "Add free CPUs to a CPU pool", NULL, WORD_ANY,
     command_cpupool_cpu_add},
    {"cpupool-cpu-remove", "<CPU Pool> <CPU list>", "Remove CPUs from a CPU pool", NULL, WORD_ANY,
     command_cpupool_cpu_remove},
    {"cpupool-migrate", "<Domain> <CPU Pool>", "Move a domain into a CPU pool", NULL, WORD_DOMAIN,
     command_cpupool_migrate},
    {"mem-max", "<Domain> <MemMB['b'|'k'|'m'|'g'|'t']>",
     "Set the maximum amount reservation for a domain", NULL, WORD_DOMAIN, command_mem_max},
    {"mem-set", "<Domain> <MemMB['b'|'k'|'m'|'g'|'t']>",
     "Set the current memory usage for a domain",
     "The limit is set, and the guest asked to get there: memory/target in the xenstore.\n",
     WORD_DOMAIN, command_mem_set},
    {"block-attach", "<Domain> <disk-spec-component(s)>...", "Create a new virtual block device",
     "Components as in disk= of a config file: vda2,raw,xvdb,w  or  target=vda2 vdev=xvdb\n",
     WORD_DOMAIN, command_block_attach},
    {"block-list", "<Domain(s)>", "List virtual block devices for a domain", NULL, WORD_DOMAIN,
     command_block_list},
    {"block-detach", "<Domain> <DevId> [--force]", "Destroy a domain's virtual block device",
     "DevId is its name in the guest, or its number.\n"
     "--force     takes it away whatever the guest does; else the guest is asked\n",
     WORD_DOMAIN, command_block_detach},
    {"network-attach", "<Domain> [mac=<mac>] [bridge=<bridge>] [ip=<ip>] ...",
     "Create a new virtual network device", "Components as in vif= of a config file.\n",
     WORD_DOMAIN, command_network_attach},
    {"network-list", "<Domain(s)>", "List virtual network interfaces for a domain", NULL,
     WORD_DOMAIN, command_network_list},
    {"network-detach", "<Domain> <DevId|mac> [--force]",
     "Destroy a domain's virtual network device",
     "--force     takes it away whatever the guest does; else the guest is asked\n", WORD_DOMAIN,
     command_network_detach},
    {"backend-restart", "<console|vbd|vif>", "Start the backend of a class of devices anew",
     "As if the control domain had been: guests' devices are let go of and taken on again, with\n"
     "their rings as they are. Guests notice nothing, but that some requests take longer.\n",
     WORD_ANY, command_backend_restart},
    {"top", "[-b] [-d Seconds] [-i Times]", "Monitor the domains in real time; q leaves it",
     "The key d shows what went over their network cards and disks, and back.\n"
     "-b          lines one below the other, for a log\n"
     "-d Seconds  between two looks; 1 if not given\n"
     "-i Times    ends after so many looks\n",
     WORD_ANY, command_top},
    {"uptime", "[-s] [Domain ...]", "Print uptime for all/some domains", "-s          in short\n",
     WORD_DOMAIN, command_uptime},
    {"info", "[Name]", "Get information about the host; with a name one line of it", NULL, WORD_ANY,
     command_info},
    {"dmesg", "[-c]", "Read and/or clear the hypervisor's message buffer",
     "-c          clears it afterwards\n", WORD_ANY, command_dmesg},
    {"debug-keys", "<Keys>", "Send debug keys to the hypervisor; h lists them", NULL, WORD_ANY,
     command_debug_keys},
    {"why", "<Domain>", "Tell why a domain died: what the hypervisor said of it", NULL, WORD_DOMAIN,
     command_why},
    {"domid", "<DomainName>", "Convert a domain name to a domain id", NULL, WORD_DOMAIN,
     command_domid},
    {"domname", "<DomainId>", "Convert a domain id to a domain name", NULL, WORD_ANY,
     command_domname},
    {"rename", "<Domain> <NewDomainName>", "Rename a domain", NULL, WORD_DOMAIN, command_rename},
    {"xenstore-ls", "[-f] [-p] [Path]", "List what is in the xenstore",
     "-f  whole paths\n"
     "-p  permissions, too: n none, r read, w write, b both; the first is the owner\n",
     WORD_ANY, command_xenstore_ls},
    {"xenstore-read", "[-p] <Path> ...", "Read values of the xenstore", "-p  with their paths\n",
     WORD_ANY, command_xenstore_read},
    {"xenstore-list", "<Path>", "List the children of a node of the xenstore", NULL, WORD_ANY,
     command_xenstore_list},
    {"xenstore-write", "<Path> <Value> ...", "Write values to the xenstore", NULL, WORD_ANY,
     command_xenstore_write},
    {"xenstore-chmod", "<Path> <Mode> ...", "Set permissions of a node of the xenstore",
     "A mode is n, r, w or b and a domain's number; the first is the owner: n0 r3\n", WORD_ANY,
     command_xenstore_chmod},
    {"xenstore-rm", "<Path> ...", "Remove nodes, with all below them, from the xenstore", NULL,
     WORD_ANY, command_xenstore_rm},
    {"intercept", "<add|list|del|reset|release|inject|load|record|replay|show|log|explore> ...",
     "Put a hand between events and their receivers",
     "add <Action> word=value ...    a rule or a redirection, as a line of a schedule\n"
     "                               (docs/interception.md): add delay to=web port=3 nth=17 "
     "by=2ms\n"
     "list                           all of them, with what they did\n"
     "del <ID> ...                   rules go; what they hold goes on\n"
     "reset [Domain]                 all of a domain's; all\n"
     "release <ID> [Count]           what a rule holds goes on\n"
     "inject <Domain> <Port>         an event that nobody sent\n"
     "load <File>                    adds the lines of a schedule\n"
     "record                         rules begin anew, and what they decide is logged\n"
     "record <File>                  what they decided since is kept: a schedule without chance\n"
     "replay <File>                  that schedule in place of all rules\n"
     "show [File]                    a schedule; or which were made here\n"
     "log                            what was logged\n"
     "explore <ConfigFile> [schedules=N] [seed=N] [timeout=Time]\n"
     "                               a guest under one schedule after the other: which make it "
     "hang\n"
     "                               or fail? Ctrl-c ends it\n",
     WORD_INTERCEPT, command_intercept},
    {"sleep", "<Time>", "Wait so long (500ms, 2s); Ctrl-c ends it", NULL, WORD_ANY, command_sleep},
    {"help", "[Command]", "Tell what the commands do", NULL, WORD_COMMAND, command_help},
    {"poweroff", "", "Switch the machine off", NULL, WORD_ANY, command_poweroff},
};

const unsigned int command_count = ARRAY_SIZE(commands);
