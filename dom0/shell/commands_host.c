/* Commands about the machine and its hypervisor, and about the shell itself. */
#include "dom0/shell/columns.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"

#include "guest-kernel/core/guest.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

/* ---- help -------------------------------------------------------------------------------------
 */

bool command_help(struct words *words)
{
    const char *name = words_next(words);
    const struct command *command = name ? command_find(name) : NULL;

    if (name && !command) {
        terminal_print("command '%s' not known; try 'help'\n", name);
        return true;
    }
    for (unsigned int i = 0; !name && i < command_count; i++)
        terminal_print("%-13s %s\n", commands[i].name, commands[i].does);
    if (!command)
        return true;
    terminal_print("Usage: %s %s\n\n%s.\n", command->name, command->usage, command->does);
    if (!command->options)
        return true;
    terminal_print("\n");
    terminal_write(command->options, strlen(command->options)); /* longer than one print */
    return true;
}

/* ---- info -------------------------------------------------------------------------------------
 */

static const char *info_wanted; /* of the lines only this one's value; NULL: all */

static void info_text(const char *name, const char *value)
{
    if (!info_wanted)
        terminal_print("%-22s : %s\n", name, value);
    else if (!strcmp(info_wanted, name))
        terminal_print("%s\n", value);
}

static void info_number(const char *name, u64 value)
{
    char text[24];

    fmt_snprintf(text, sizeof(text), "%" F64 "u", value);
    info_text(name, text);
}

static void info_machine(void)
{
    struct xen_sysctl_physinfo info;
    const u32 *cap = info.hw_cap;
    int answer = machine_info(&info);
    char text[80];

    if (answer) {
        terminal_print("info: the machine is not told: %s\n", control_reason(answer));
        return;
    }
    info_number("nr_cpus", info.nr_cpus);
    info_number("max_cpu_id", info.max_cpu_id);
    info_number("nr_nodes", info.nr_nodes);
    info_number("cores_per_socket", info.cores_per_socket);
    info_number("threads_per_core", info.threads_per_core);
    fmt_snprintf(text, sizeof(text), "%u.%03u", info.cpu_khz / 1000, info.cpu_khz % 1000);
    info_text("cpu_mhz", text);
    fmt_snprintf(text, sizeof(text), "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", cap[0], cap[1],
                 cap[2], cap[3], cap[4], cap[5], cap[6], cap[7]);
    info_text("hw_caps", text);
    info_text("virt_caps", info.capabilities & XEN_SYSCTL_PHYSCAP_pv ? "pv" : "");
    info_number("total_memory", info.total_pages * PAGE_SIZE / MIB(1));
    info_number("free_memory", (info.free_pages - info.outstanding_pages) * PAGE_SIZE / MIB(1));
    info_number("outstanding_claims", info.outstanding_pages * PAGE_SIZE / MIB(1));
}

static const char *scheduler_name(void)
{
    static const char *const names[] = {[XEN_SCHEDULER_CREDIT] = "credit",
                                        [XEN_SCHEDULER_CREDIT2] = "credit2",
                                        [XEN_SCHEDULER_ARINC653] = "arinc653",
                                        [XEN_SCHEDULER_RTDS] = "rtds",
                                        [XEN_SCHEDULER_NULL] = "null"};
    u32 id = 0;

    if (machine_scheduler(&id) || id >= ARRAY_SIZE(names) || !names[id])
        return "unknown";
    return names[id];
}

static void info_hypervisor(void)
{
    long version = call_xen_version(XENVER_version, NULL);
    xen_extraversion_t extra = "";
    xen_capabilities_info_t caps = "";
    xen_platform_parameters_t platform = {0};
    static xen_commandline_t line;
    static struct xen_compile_info compiled;
    char text[64];

    call_xen_version(XENVER_extraversion, extra);
    call_xen_version(XENVER_capabilities, caps);
    call_xen_version(XENVER_platform_parameters, &platform);
    call_xen_version(XENVER_commandline, line);
    call_xen_version(XENVER_compile_info, &compiled);
    info_number("xen_major", (u64)version >> 16);
    info_number("xen_minor", version & 0xffff);
    info_text("xen_extra", extra);
    fmt_snprintf(text, sizeof(text), "%ld.%ld%s", version >> 16, version & 0xffff, extra);
    info_text("xen_version", text);
    info_text("xen_caps", caps);
    info_text("xen_scheduler", scheduler_name());
    info_number("xen_pagesize", (u64)call_xen_version(XENVER_pagesize, NULL));
    fmt_snprintf(text, sizeof(text), "virt_start=0x%lx", platform.virt_start);
    info_text("platform_params", text);
    info_text("xen_commandline", line);
    info_text("cc_compiler", compiled.compiler);
    info_text("cc_compile_by", compiled.compile_by);
    info_text("cc_compile_domain", compiled.compile_domain);
    info_text("cc_compile_date", compiled.compile_date);
}

bool command_info(struct words *words)
{
    info_wanted = words_next(words);
    if (words_left(words))
        return false;
    info_text("machine", "x86_64");
    info_machine();
    info_hypervisor();
    return true;
}

/* ---- The hypervisor's log and keys ------------------------------------------------------------
 */

static int log_clear(void)
{
    struct xen_sysctl op = {.u.readconsole.clear = 1};

    return control_sysctl(&op, XEN_SYSCTL_readconsole);
}

bool command_dmesg(struct words *words)
{
    char text[1024], c;
    bool clear = false;
    u32 index = 0;
    int n;

    while ((c = words_option(words, "c"))) {
        if (c == '?')
            return false;
        clear = true;
    }
    while ((n = machine_log(text, sizeof(text), &index)) > 0)
        terminal_write(text, (size_t)n);
    if (!n && clear)
        n = log_clear();
    if (n < 0)
        terminal_print("dmesg: the log cannot be read: %s\n", control_reason(n));
    return true;
}

bool command_debug_keys(struct words *words)
{
    const char *keys = words_next(words);
    int answer;

    if (!keys || words_left(words))
        return false;
    terminal_flush(); /* the hypervisor's lines come now */
    answer = machine_keys(keys, (unsigned int)strlen(keys));
    if (answer)
        terminal_print("debug-keys: cannot send debug keys: %s\n", control_reason(answer));
    return true;
}

bool command_poweroff(struct words *words)
{
    if (words_left(words))
        return false;
    terminal_flush();
    guest_shutdown(SHUTDOWN_poweroff);
}
