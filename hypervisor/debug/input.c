/*
 * A received character goes one of two ways, and the switch between them travels in the same
 * stream: characters of the switch are held back until it is clear whether three come in a row.
 *
 * What is for the control domain waits in a ring until it is read; when that is full, more is lost,
 * as a UART loses it.
 */
#include "hypervisor/debug/input.h"

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/irq.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/keys.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/lone/lone.h"
#include "xen-like/lib/fmt.h"

#define RING_BYTES     1024u
#define SWITCH_PRESSES 3
#define CONTROL(c)     ((c)&0x1f)

static char switch_char = CONTROL('a');
static bool to_keys, by_interrupt;
static char ring[RING_BYTES]; /* guarded by the console's lock, as are the next two */
static u32 put, taken;
static void (*listener)(void *);
static void *listener_data;

void input_listen(void (*arrived)(void *), void *data)
{
    listener = arrived;
    listener_data = data;
}

const char *input_set_switch(const char *value)
{
    if (value[0] < 'a' || value[0] > 'z' || (value[1] && (value[1] != 'x' || value[2])))
        return "a letter, and perhaps x, as in ax";
    switch_char = CONTROL(value[0]);
    to_keys = value[1];
    return NULL;
}

static void deliver(char c)
{
    if (to_keys)
        return key_press(c);
    console_lock();
    if (put - taken < RING_BYTES)
        ring[put++ % RING_BYTES] = c;
    console_unlock();
    virq_raise_global(VIRQ_CONSOLE);
}

static void where_it_goes(void)
{
    char reader[16];

    fmt_snprintf(reader, sizeof(reader), "Domain %u", dom0 ? 0 : LONE_DOMID);
    log_always("Serial input goes to %s (CTRL-%c three times: to %s)",
               to_keys ? "the debug keys" : reader, switch_char | 0x60,
               to_keys ? reader : "the debug keys");
}

static void received(char c)
{
    static u32 presses;

    if (c == switch_char) {
        if (++presses < SWITCH_PRESSES)
            return;
        presses = 0;
        to_keys = !to_keys;
        return where_it_goes();
    }
    for (; presses; presses--)
        deliver(switch_char);
    deliver(c);
}

static void input_interrupt(void *unused)
{
    u32 before = put;

    (void)unused;
    for (int c; (c = console_poll()) >= 0;)
        received((char)c);
    if (put != before && listener)
        listener(listener_data);
}

static bool route(u8 irq)
{
    return irq_keep_isa(irq, VECTOR_CONSOLE);
}

void input_start(void)
{
    irq_set_handler(VECTOR_CONSOLE, input_interrupt, NULL);
    by_interrupt = console_route_input(route);
    if (by_interrupt)
        where_it_goes();
    else
        to_keys = false;
}

u32 input_peek(char *to, u32 max)
{
    u32 n;

    for (int c; !by_interrupt && put - taken < RING_BYTES && (c = console_poll()) >= 0;)
        deliver((char)c);
    console_lock();
    for (n = 0; n < max && taken + n != put; n++)
        to[n] = ring[(taken + n) % RING_BYTES];
    console_unlock();
    return n;
}

void input_take(u32 n)
{
    console_lock();
    taken += MIN(n, put - taken);
    console_unlock();
}
