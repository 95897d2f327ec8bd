/*
 * Something to talk to. With `shell` on the command line the kernel does not end after its steps
 * but reads commands from its console. With a command there (`tick`, `spin`, ...) it takes no steps
 * and begins with that.
 *
 * It shows the other half of a console: an event says that something was typed, and a thread that
 * waited for it goes on. A kernel that computes (`spin`) is interrupted by the same event.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/mini/disk.h"
#include "guest-kernel/mini/network.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/calendar.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "xen-like/lib/string.h"

#define SLICE    (2 * NS_PER_MILLISECOND)
#define LINE_MAX 80

static struct thread *reader;
static volatile bool typed; /* key is one that nobody has taken yet */
static char key;

/* Upcalls masked. An event may mean that there is room again for our output, and no key. */
static bool key_look(void)
{
    if (!typed)
        typed = console_read(&key, 1);
    return typed;
}

static void on_input(u32 port, void *data)
{
    (void)port, (void)data;
    if (key_look())
        thread_wake(reader);
}

/* Waits for a key. */
static char key_read(void)
{
    bool open = upcalls_mask();
    char c;

    while (!key_look()) {
        upcalls_restore(open);
        thread_wait();
        open = upcalls_mask();
    }
    c = key;
    typed = false;
    upcalls_restore(open); /* the next key may come here */
    return c;
}

/* Reads a line and shows what is typed; Backspace takes back. */
static void line_read(char line[LINE_MAX + 1])
{
    size_t length = 0;
    char c;

    while ((c = key_read()) != '\r' && c != '\n') {
        if ((c == '\b' || c == 0x7f) && length) {
            length--;
            console_printf("\b \b");
        } else if (c >= ' ' && c < 0x7f && length < LINE_MAX) {
            line[length++] = c;
            console_write(&c, 1);
        }
    }
    line[length] = 0;
    console_printf("\n");
}

/* ---- Commands ---------------------------------------------------------------------------------
 */

static void tick(const char *none)
{
    (void)none;
    for (u64 i = 1; !typed; i++) {
        console_printf("tick %" F64 "u\n", i);
        for (unsigned int tenths = 0; tenths < 10 && !typed; tenths++)
            thread_sleep(100 * NS_PER_MILLISECOND);
    }
    key_read();
}

static void spin(const char *none)
{
    (void)none;
    console_printf("computing; a key stops it\n");
    while (!typed)
        ;
    key_read();
}

static void show_date(const char *none)
{
    struct calendar c = calendar_of(time_wall_ns() / NS_PER_SECOND);

    (void)none;
    console_printf("%u-%02u-%02u %02u:%02u:%02u\n", c.year, c.month, c.day, c.hour, c.minute,
                   c.second);
}

/* What no kernel lives on after: an exception, and no handler for it. */
static void crash(const char *none)
{
    (void)none;
    console_printf("no more handlers, and an undefined instruction\n");
    call_set_trap_table(NULL);
    asm volatile("ud2");
}

static void leave(const char *none)
{
    (void)none;
    guest_shutdown(SHUTDOWN_poweroff);
}

static void reboot(const char *none)
{
    (void)none;
    guest_shutdown(SHUTDOWN_reboot);
}

static void help(const char *none);

static const struct {
    const char *name, *does;
    void (*run)(const char *argument);
} commands[] = {
    {"help", "this", help},
    {"tick", "a line each second, until a key is typed", tick},
    {"spin", "computes, until a key is typed", spin},
    {"date", "what the wallclock says", show_date},
    {"ls", "[FOLDER]: what is on the disk", disk_ls},
    {"cat", "FILE: shows a file", disk_cat},
    {"write", "FILE TEXT: makes a file of one line", disk_write_line},
    {"rm", "FILE: removes it", disk_rm},
    {"sum", "FILE: its checksum (CRC-32)", disk_sum},
    {"net", "the network card, its address and counters", network_show},
    {"ping", "ADDRESS: does it answer?", network_ping},
    {"fetch", "http://ADDRESS[:PORT]/PATH: counts what comes", network_fetch},
    {"bench", "ADDRESS: what another mini-kernel's answers cost", network_bench},
    {"crash", "breaks its contract, and is ended for it", crash},
    {"reboot", "asks for a new start", reboot},
    {"exit", "ends the domain", leave},
};

static void help(const char *none)
{
    (void)none;
    for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
        console_printf("%-8s%s\n", commands[i].name, commands[i].does);
}

/* The first word is the command, the rest its argument. */
static void command_do(const char *line)
{
    const char *rest = strchr(line, ' ');
    size_t length = rest ? (size_t)(rest - line) : strlen(line);

    while (rest && *rest == ' ')
        rest++;
    for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
        if (length == strlen(commands[i].name) && !strncmp(line, commands[i].name, length)) {
            commands[i].run(rest ? rest : "");
            return;
        }
    }
    if (*line)
        console_printf("%s: no such command; try help\n", line);
}

NORETURN void shell_run(void)
{
    char line[LINE_MAX + 1];

    if (!event_in_use())
        event_init(EVENT_TWO_LEVEL);
    if (!vcpu_boot.run)
        threads_start(SLICE);
    if (!xenstore_init() && !control_watch())
        resources_watch();
    reader = thread_self();
    if (console_bind(on_input, NULL) < 0)
        guest_panic("nothing can be typed");
    for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
        if (cmdline_has(commands[i].name))
            commands[i].run("");
    }
    for (;;) {
        console_printf("mini> ");
        line_read(line);
        command_do(line);
    }
}

bool shell_wanted(void)
{
    bool wanted = cmdline_has("shell");

    for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
        wanted |= cmdline_has(commands[i].name);
    return wanted;
}
