/*
 * The console: one stream of characters to several devices.
 *
 * The only state beside the devices is whether the last character ended a line. The log and the
 * guests share the stream, and a guest may stop in the middle of a line; the log then begins a new
 * one, so that a "(XEN)" line can always be found by its first characters.
 */
#include "hypervisor/debug/console.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/debug/serial.h"
#include "xen-like/lib/string.h"

#define COM1_BASE    0x3f8
#define COM2_BASE    0x2f8
#define COM1_IRQ     4
#define COM2_IRQ     3
#define BAUD_DIVISOR 1 /* 115200 */
#define FRAME_8N1    0x03

#define VGA_COLUMNS 80
#define VGA_ROWS    25
#define VGA_BLANK   0x0720 /* grey on black, a space */
#define TAB_COLUMNS 8

static struct spinlock lock = SPINLOCK(LOCK_CONSOLE); /* guards everything below */

static struct serial ports[2] = {
    {.base = COM1_BASE,
     .irq = COM1_IRQ,
     .divisor = BAUD_DIVISOR,
     .line_control = FRAME_8N1,
     .enabled = true},
    {.base = COM2_BASE, .irq = COM2_IRQ, .divisor = BAUD_DIVISOR, .line_control = FRAME_8N1},
};

static volatile u16 *vga; /* NULL: no text screen */
static bool vga_enabled = true;
static unsigned int vga_row, vga_column;
static bool at_line_start = true;

static void vga_clear(void)
{
    for (int i = 0; i < VGA_ROWS * VGA_COLUMNS; i++)
        vga[i] = VGA_BLANK;
}

static void vga_scroll(void)
{
    for (int i = 0; i < (VGA_ROWS - 1) * VGA_COLUMNS; i++)
        vga[i] = vga[i + VGA_COLUMNS];
    for (int i = 0; i < VGA_COLUMNS; i++)
        vga[(VGA_ROWS - 1) * VGA_COLUMNS + i] = VGA_BLANK;
    vga_row = VGA_ROWS - 1;
}

static void vga_put(char c)
{
    if (c == '\n') {
        vga_column = 0;
        vga_row++;
    } else if (c == '\r') {
        vga_column = 0;
    } else if (c == '\t') {
        vga_column = ALIGN_UP(vga_column + 1, TAB_COLUMNS);
    } else {
        vga[vga_row * VGA_COLUMNS + vga_column++] = (VGA_BLANK & 0xff00) | (u8)c;
    }
    if (vga_column >= VGA_COLUMNS) {
        vga_column = 0;
        vga_row++;
    }
    if (vga_row >= VGA_ROWS)
        vga_scroll();
}

void console_init(void *vga_memory)
{
    serial_start(&ports[0]);
    vga = vga_memory;
    if (vga)
        vga_clear();
}

void console_move_vga(void *vga_memory)
{
    if (vga)
        vga = vga_memory;
}

/* The length of the first word of a comma-separated list. */
static size_t word_length(const char *s)
{
    const char *comma = strchr(s, ',');

    return comma ? (size_t)(comma - s) : strlen(s);
}

static bool word_is(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && strncmp(s, word, n) == 0;
}

const char *console_set_devices(const char *value)
{
    bool com[ARRAY_SIZE(ports)] = {false}, screen = false;

    for (const char *s = value;; s++) {
        size_t n = word_length(s);

        if (word_is(s, n, "com1"))
            com[0] = true;
        else if (word_is(s, n, "com2"))
            com[1] = true;
        else if (word_is(s, n, "vga"))
            screen = true;
        else if (!word_is(s, n, "none"))
            return "a list of com1, com2, vga, none";
        s += n;
        if (!*s)
            break;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        ports[i].enabled = com[i];
        if (com[i] && !ports[i].present)
            serial_start(&ports[i]);
    }
    vga_enabled = screen;
    return NULL;
}

const char *console_set_serial(unsigned int port, const char *value)
{
    struct serial before = ports[port];

    if (!serial_parse(&ports[port], value))
        return "<baud>|auto[/<clock>][,<bits><parity n|o|e|m|s><stop>[,<io-base>[,<irq>]]], "
               "as in 115200,8n1";
    if (ports[port].enabled && memcmp(&before, &ports[port], sizeof(before)) != 0)
        serial_start(&ports[port]);
    return NULL;
}

u16 console_serial_base(unsigned int port)
{
    return ports[port].enabled && ports[port].present ? ports[port].base : 0;
}

static void serial_write(const struct serial *port, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n')
            serial_put(port, '\r');
        serial_put(port, s[i]);
    }
}

void console_lock(void)
{
    spin_lock(&lock);
}

void console_unlock(void)
{
    spin_unlock(&lock);
}

void console_break_lock(void)
{
    spin_break(&lock);
}

void console_write(const char *s, size_t n)
{
    if (!n)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
        if (ports[i].enabled && ports[i].present)
            serial_write(&ports[i], s, n);
    if (vga && vga_enabled)
        for (size_t i = 0; i < n; i++)
            vga_put(s[i]);
    at_line_start = s[n - 1] == '\n';
}

void console_write_guest(const char *s, size_t n)
{
    console_lock();
    console_write(s, n);
    console_unlock();
}

bool console_at_line_start(void)
{
    return at_line_start;
}

bool console_route_input(bool (*route)(u8 irq))
{
    bool all = true;

    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        if (!ports[i].enabled || !ports[i].present)
            continue;
        if (ports[i].irq && route(ports[i].irq))
            serial_interrupt_enable(&ports[i]);
        else
            all = false;
    }
    return all;
}

int console_poll(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        int c = ports[i].enabled && ports[i].present ? serial_get(&ports[i]) : -1;

        if (c >= 0)
            return c;
    }
    return -1;
}
