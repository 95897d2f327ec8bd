// LINK: hypervisor/domain/ports.c
/*
 * What is behind a guest's I/O ports, for domains that are not the control domain: there is none to
 * run yet, and the machine has more ports than anybody would try. The file under test is included,
 * so that its instructions become calls of ours: each is written down, and a read answers with the
 * number of the port, of the next one, and so on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"

static char happened[256];

static void note(const char *what, unsigned bytes, u16 port, u32 value)
{
    size_t at = strlen(happened);

    snprintf(happened + at, sizeof(happened) - at, "%s%u %x=%x ", what, bytes, port, value);
}

static u32 fake_in(unsigned bytes, u16 port)
{
    u32 value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= ((port + i) & 0xffu) << 8 * i;
    note("in", bytes, port, value);
    return value;
}

#define inb(port)     ((u8)fake_in(1, port))
#define inw(port)     ((u16)fake_in(2, port))
#define inl(port)     fake_in(4, port)
#define outb(port, v) note("out", 1, port, v)
#define outw(port, v) note("out", 2, port, v)
#define outl(port, v) note("out", 4, port, v)

#include "hypervisor/cpu/io_ports.c"

struct percpu host_percpu;

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

void *pages_alloc(unsigned order)
{
    return calloc(1, PAGE_SIZE << order);
}

static u32 in(struct domain *d, u32 port, unsigned bytes)
{
    happened[0] = '\0';
    return guest_port_access(d, port, bytes, false, 0);
}

static void out(struct domain *d, u32 port, unsigned bytes, u32 value)
{
    happened[0] = '\0';
    guest_port_access(d, port, bytes, true, value);
}

static void test_nothing_allowed(void **state)
{
    struct domain d = {.id = 1};

    (void)state;
    for (u32 port = 0; port < IO_PORTS; port++) {
        if (port == CMOS_INDEX)
            continue;
        assert_int_equal(in(&d, port, 1), 0xff);
        assert_int_equal(in(&d, port, 2) | 0xff, port == CMOS_INDEX - 1 ? 0xff : 0xffff);
        out(&d, port, 1, 0);
        assert_string_equal(happened, "");
        if (port != PCI_CONFIG_ADDRESS && port + 3 < CMOS_INDEX) {
            assert_int_equal(in(&d, port, 4), ~0U);
            out(&d, port, 4, 0);
        }
        assert_string_equal(happened, "");
    }
}

static void test_latches_of_its_own(void **state)
{
    struct domain a = {.id = 1}, b = {.id = 2, .privileged = true};

    (void)state;
    out(&a, CMOS_INDEX, 1, 0x91);
    out(&b, CMOS_INDEX, 1, 0x12);
    out(&a, PCI_CONFIG_ADDRESS, 4, 0x80001234);
    out(&b, PCI_CONFIG_ADDRESS, 4, 0x80005678);
    assert_int_equal(in(&a, CMOS_INDEX, 1), 0x91);
    assert_int_equal(in(&a, PCI_CONFIG_ADDRESS, 4), 0x80001234);
    assert_int_equal(in(&a, PCI_CONFIG_DATA, 4), ~0U);
    assert_int_equal(in(&a, CMOS_INDEX, 2), 0xff91);
    assert_string_equal(happened, "");
    assert_int_equal(in(&b, PCI_CONFIG_DATA + 2, 2), 0xfffe);
    assert_string_equal(happened, "out4 cf8=80005678 in2 cfe=fffe ");
    assert_int_equal(in(&b, CMOS_DATA, 1), 0xff); /* the port is not its own */
    assert_true(ports_allow(&b, CMOS_INDEX, 2));
    out(&b, CMOS_DATA, 1, 0x99);
    assert_string_equal(happened, "out1 70=12 out1 71=99 ");
    free(b.ports);
}

static void test_parts(void **state)
{
    struct domain d = {.id = 1, .privileged = true};

    (void)state;
    assert_true(ports_allow(&d, 0x3e, 2));
    assert_true(ports_allow(&d, 0x101, 4));
    assert_true(ports_allow(&d, 0xffff, 1));
    assert_int_equal(in(&d, 0x3e, 4), 0xffff3f3e);
    assert_string_equal(happened, "in2 3e=3f3e ");
    assert_int_equal(in(&d, 0x101, 4), 0x04030201);
    assert_string_equal(happened, "in4 101=4030201 ");
    assert_int_equal(in(&d, 0x100, 4), 0x030201ff);
    assert_string_equal(happened, "in1 101=1 in2 102=302 ");
    out(&d, 0x103, 4, 0xdeadbeef);
    assert_string_equal(happened, "out1 103=ef out1 104=be ");
    assert_int_equal(in(&d, 0xffff, 1), 0xff);
    assert_string_equal(happened, "in1 ffff=ff ");
    assert_int_equal(in(&d, 0xffff, 2), 0xffff);
    ports_deny(&d, 0xfff0, 0x100);
    in(&d, 0xffff, 1);
    assert_string_equal(happened, "");
    in(&d, PCI_CONFIG_DATA + 1, 4);
    assert_string_equal(happened, "out4 cf8=0 in2 cfd=fefd out4 cf8=0 in1 cff=ff ");
    free(d.ports);
}

static void test_timer(void **state)
{
    struct domain d = {.id = 0, .privileged = true};

    (void)state;
    for (unsigned command = 0; command < 256; command++) {
        char wanted[32] = "";

        if (command >> 6 == 2)
            snprintf(wanted, sizeof(wanted), "out1 43=%x ", command);
        else if (command >> 6 == 3 && command & 8)
            snprintf(wanted, sizeof(wanted), "out1 43=%x ", command & 0xf8);
        out(&d, PIT_COMMAND, 1, command);
        assert_string_equal(happened, wanted);
    }
    out(&d, PIT_GATE, 1, 0xfe);
    assert_string_equal(happened, "in1 61=61 out1 61=62 ");
    out(&d, PIT_CHANNEL2, 2, 0xb612);
    assert_string_equal(happened, "out1 42=12 out1 43=b6 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_allowed),
        cmocka_unit_test(test_latches_of_its_own),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
