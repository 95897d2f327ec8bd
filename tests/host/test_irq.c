// LINK: xen-like/lib/string.c xen-like/lib/pci.c
/*
 * The machine's interrupts on a fake machine: how ACPI's words become an entry of an I/O APIC, that
 * vectors are given out once and none twice, never the one whose gate is open to guests, and what
 * is left of a message when it ends. The files under test are included; the I/O APICs behind it are
 * an array; there is no local APIC but for its list of who handles what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/cpu/apic.c"
#include "hypervisor/cpu/irq.c"

#define LINES 24

struct percpu host_percpu;
struct madt madt;
static u32 entries[LINES], space[64];

u32 smp_apic_id(u32 cpu)
{
    assert_int_equal(cpu, 0); /* all devices' interrupts go there */
    return 0;
}

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

void refusal_report(int error, const char *rule, const char *file, int line)
{
    (void)error, (void)rule, (void)file, (void)line;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level, (void)format;
}

void *pages_alloc(unsigned order)
{
    return calloc(1, PAGE_SIZE << order);
}

void ioapics_init(void)
{
    for (u32 i = 0; i < LINES; i++)
        entries[i] = IOAPIC_MASKED;
}

u32 ioapic_lines(void)
{
    return LINES;
}

bool ioapic_set(u32 gsi, u32 entry)
{
    if (gsi >= LINES)
        return false;
    assert_true(entry & IOAPIC_MASKED || handlers[entry & 0xff].fn);
    entries[gsi] = entry;
    return true;
}

void *hv_map_mmio(u64 phys, u64 bytes, u64 flags)
{
    (void)phys, (void)bytes, (void)flags;
    return NULL;
}

/* One device, 00:01.0, with MSI at 0x40 that cannot be masked. */
u32 pci_config(u32 address, u32 port, unsigned bytes, bool write, u32 data)
{
    u8 *at = (u8 *)space + (address & 0xfc) + (port & 3);
    u32 value = 0;

    if ((address & 0xffff00) != 0x800)
        return ~0u >> (32 - 8 * bytes);
    if (write)
        memcpy(at, &data, bytes);
    memcpy(&value, at, bytes);
    return value;
}

static void handler(void *irq)
{
    (void)irq;
}

static int boot(void **state)
{
    (void)state;
    memset(handlers, 0, sizeof(handlers));
    memset(space, 0, sizeof(space));
    memset(known, 0, sizeof(known));
    space[1] = PCI_STATUS_CAPS << 16;
    space[0x34 / 4] = 0x40;
    space[0x40 / 4] = 0x80 << 16 | PCI_CAP_MSI;
    madt = (struct madt){.cpus = 1};
    for (u32 n = 0; n < ISA_IRQS; n++)
        madt.isa[n].gsi = n;
    madt.isa[0].gsi = 2;
    madt.isa[9] = (struct madt_line){20, 15}; /* level, active low */
    madt.isa[10].flags = 13;                  /* level, active high */
    madt.isa[11].flags = 5;                   /* edge, active high */
    madt.isa[5].flags = 3;                    /* as the bus has it, active low */
    irqs_init();
    return 0;
}

static int halt(void **state)
{
    (void)state;
    free(irqs);
    return 0;
}

static void lines_signal_as_acpi_says(void **state)
{
    (void)state;
    assert_int_equal(irqs_lines, LINES);
    assert_int_equal(irqs_count, 208);
    assert_int_equal(irqs[9].gsi, 20);
    assert_int_equal(irqs[9].signals, IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE);
    assert_int_equal(entries[2], IOAPIC_MASKED);
    assert_int_equal(entries[10], IOAPIC_MASKED | IOAPIC_LEVEL);
    assert_int_equal(entries[11], IOAPIC_MASKED);
    assert_int_equal(entries[5], IOAPIC_MASKED | IOAPIC_LOW_ACTIVE);
    assert_int_equal(irqs[9].end, IRQ_END_UNMASK);
    assert_int_equal(irqs[5].end, IRQ_END_NONE);
    assert_int_equal(irq_vector(&irqs[9], handler), 0);
    irq_mask(&irqs[9], false);
    assert_int_equal(entries[20], irqs[9].vector | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE);
    irq_mask(&irqs[9], true);
    assert_int_equal(entries[20],
                     irqs[9].vector | IOAPIC_MASKED | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE);
    assert_true(irq_signal(&irqs[23], IOAPIC_LEVEL));
    assert_int_equal(irqs[23].end, IRQ_END_UNMASK);
}

static void a_machine_may_have_many_cpus_or_lines(void **state)
{
    (void)state;
    free(irqs);
    madt.cpus = 64;
    irqs_init();
    assert_int_equal(irqs_count, 64 * 208);
}

static void messages_end_when_vectors_do(void **state)
{
    u32 made = 0;
    int n;

    (void)state;
    while ((n = irq_make(handler)) > 0) {
        assert_in_range(n, LINES, irqs_count - 1);
        assert_in_range(irqs[n].vector, VECTOR_DEVICE, VECTOR_CONSOLE - 1);
        assert_int_not_equal(irqs[n].vector, VECTOR_GUEST_INT80);
        assert_ptr_equal(handlers[irqs[n].vector].data, &irqs[n]);
        made++;
    }
    assert_int_equal(n, -XEN_EINVAL);
    assert_int_equal(made, MIN(irqs_count - LINES, VECTOR_CONSOLE - VECTOR_DEVICE - 1));
    irq_free(&irqs[LINES + 7]);
    assert_int_equal(irq_make(handler), LINES + 7);
}

static void a_message_is_its_devices_until_it_ends(void **state)
{
    struct irq *irq;

    (void)state;
    irq = &irqs[irq_make(handler)];
    assert_int_equal(irq_set_message(irq, SBDF(0, 0, 8), false, 0), -XEN_ENODEV);
    assert_int_equal(pci_device_set(SBDF(0, 0, 8), false), -XEN_ENODEV);
    assert_int_equal(pci_device_set(SBDF(1, 0, 8), true), -XEN_EOPNOTSUPP);
    assert_int_equal(pci_device_set(SBDF(0, 0, 8), true), 0);
    assert_int_equal(pci_device_set(SBDF(0, 0, 16), true), 0);
    assert_int_equal(irq_set_message(irq, SBDF(0, 0, 16), false, 0), -XEN_ENODEV);
    assert_int_equal(irq_set_message(irq, SBDF(0, 0, 8), true, 0), -XEN_ENODEV);
    assert_int_equal(irq_set_message(irq, SBDF(0, 0, 8), false, 0), 0);
    assert_int_equal(irq->end, IRQ_END_TELL);
    assert_int_equal(space[0x44 / 4], 0xfee00000);
    assert_int_equal(space[0x4c / 4], irq->vector);
    assert_int_equal(irq_set_message(irq, SBDF(0, 0, 8), false, 0), -XEN_EEXIST);
    space[0x44 / 4] = 0;
    assert_int_equal(pci_device_restore(SBDF(0, 0, 8)), 0);
    assert_int_equal(space[0x44 / 4], 0xfee00000);
    assert_int_equal(space[0x40 / 4] >> 16, 0x81);
    assert_int_equal(pci_device_prepare(SBDF(0, 0, 8)), -XEN_ENODEV);
    irq_free(irq);
    assert_int_equal(space[0x40 / 4] >> 16, 0x80);
    assert_null(handlers[VECTOR_CONSOLE - 1].fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_signal_as_acpi_says, boot, halt),
        cmocka_unit_test_setup_teardown(a_machine_may_have_many_cpus_or_lines, boot, halt),
        cmocka_unit_test_setup_teardown(messages_end_when_vectors_do, boot, halt),
        cmocka_unit_test_setup_teardown(a_message_is_its_devices_until_it_ends, boot, halt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
