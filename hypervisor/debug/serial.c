/*
 * The serial port. It must work when nothing else does, so it sends without interrupts or memory of
 * its own, and no wait is without a bound: a machine without the UART answers 0xff on every port,
 * and a UART whose other end holds flow control would otherwise hang the hypervisor.
 */
#include "hypervisor/debug/serial.h"
#include "hypervisor/cpu/regs.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define UART_DATA          0
#define UART_IRQ_ENABLE    1
#define UART_DIVISOR_LOW   0
#define UART_DIVISOR_HIGH  1
#define UART_FIFO_CONTROL  2
#define UART_LINE_CONTROL  3
#define UART_MODEM_CONTROL 4
#define UART_LINE_STATUS   5
#define UART_SCRATCH       7

#define FIFO_ENABLE_CLEAR  0x07
#define LINE_DIVISOR_LATCH 0x80
#define MODEM_DTR_RTS      0x03
#define MODEM_OUT2         0x08 /* on a PC it connects the interrupt line */
#define IRQ_RECEIVED       0x01
#define STATUS_DATA_READY  0x01
#define STATUS_SEND_EMPTY  0x20

#define UART_CLOCK     1843200 /* Hz of the PC's UART; 16 ticks make a bit */
#define SEND_SPINS_MAX 1000000

/* Data bits, parity, stop bits: "8n1" and its relatives. */
static bool parse_frame(const char *s, const char **end, u8 *line_control)
{
    static const char parities[] = "noems"; /* none, odd, even, mark, space */
    const char *parity;
    u8 v;

    if (s[0] < '5' || s[0] > '8')
        return false;
    v = s[0] - '5';
    parity = s[1] ? strchr(parities, s[1]) : NULL;
    if (!parity)
        return false;
    if (parity != parities)
        v |= 0x08 | ((parity - parities - 1) & 1) << 4 | ((parity - parities - 1) & 2) << 4;
    if (s[2] != '1' && s[2] != '2')
        return false;
    if (s[2] == '2')
        v |= 0x04;
    *line_control = v;
    *end = s + 3;
    return true;
}

static bool parse_speed(const char *s, const char **end, u16 *divisor)
{
    u64 baud, clock = UART_CLOCK;

    if (str_starts_with(s, "auto")) {
        *divisor = 0;
        *end = s + 4;
        return true;
    }
    if (!parse_unsigned(s, end, &baud) || !baud)
        return false;
    if (**end == '/' && (!parse_unsigned(*end + 1, end, &clock) || clock > 0xffffffff))
        return false;
    if (baud > clock / 16 || clock / 16 / baud > 0xffff)
        return false;
    *divisor = clock / 16 / baud;
    return true;
}

bool serial_parse(struct serial *s, const char *value)
{
    struct serial new = *s;
    u64 base, irq;

    if (!parse_speed(value, &value, &new.divisor))
        return false;
    if (*value == ',' && !parse_frame(value + 1, &value, &new.line_control))
        return false;
    if (*value == ',') {
        if (!parse_unsigned(value + 1, &value, &base) || !base || base > 0xfff8)
            return false;
        new.base = base;
    }
    if (*value == ',') {
        if (!parse_unsigned(value + 1, &value, &irq) || irq > UINT8_MAX)
            return false;
        new.irq = irq;
    }
    if (*value)
        return false;
    *s = new;
    return true;
}

/* Nobody keeps a value in the scratch register of a port that is not there. */
static bool serial_probe(const struct serial *s)
{
    outb(s->base + UART_SCRATCH, 0x5a);
    return inb(s->base + UART_SCRATCH) == 0x5a;
}

void serial_start(struct serial *s)
{
    s->present = serial_probe(s);
    if (!s->present)
        return;
    outb(s->base + UART_IRQ_ENABLE, 0);
    if (s->divisor) {
        outb(s->base + UART_LINE_CONTROL, LINE_DIVISOR_LATCH);
        outb(s->base + UART_DIVISOR_LOW, s->divisor & 0xff);
        outb(s->base + UART_DIVISOR_HIGH, s->divisor >> 8);
    }
    outb(s->base + UART_LINE_CONTROL, s->line_control);
    outb(s->base + UART_FIFO_CONTROL, FIFO_ENABLE_CLEAR);
    outb(s->base + UART_MODEM_CONTROL, MODEM_DTR_RTS);
}

void serial_interrupt_enable(const struct serial *s)
{
    outb(s->base + UART_MODEM_CONTROL, MODEM_DTR_RTS | MODEM_OUT2);
    outb(s->base + UART_IRQ_ENABLE, IRQ_RECEIVED);
}

void serial_put(const struct serial *s, char c)
{
    for (int i = 0; i < SEND_SPINS_MAX; i++) {
        if (inb(s->base + UART_LINE_STATUS) & STATUS_SEND_EMPTY)
            break;
        cpu_relax();
    }
    outb(s->base + UART_DATA, c);
}

int serial_get(const struct serial *s)
{
    if (!(inb(s->base + UART_LINE_STATUS) & STATUS_DATA_READY))
        return -1;
    return inb(s->base + UART_DATA);
}
