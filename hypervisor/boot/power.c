/*
 * Power-off and reset. Everything that needs thought (which register, which value) is found out at
 * boot; at the end only ports are written, since by then nothing else can be relied on. Each way is
 * given a moment to work before the next one is tried.
 */
#include "hypervisor/boot/power.h"
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/layout.h"

#define PM1_SCI_ENABLE   (1U << 0)
#define PM1_SLEEP_TYPE   10
#define PM1_SLEEP_ENABLE (1U << 13)

#define PCI_CONFIG_ENABLE (1U << 31)

#define KBD_PORT       0x64
#define KBD_INPUT_FULL 0x02
#define KBD_RESET      0xfe
#define RESET_PORT     0xcf9
#define RESET_COLD     0x02
#define RESET_NOW      0x06

#define PIT_CH2_MODE0 0xb0 /* channel 2, both bytes, count down once */
#define PIT_GATE_ON   0x01
#define PIT_SPEAKER   0x02
#define PIT_OUTPUT    0x20
#define PIT_SPINS_MAX 10000000

#define SETTLE_MS          2000 /* firmware takes its time, and so does an emulator on a busy host */
#define FAILURE_READING_MS 5000

static struct acpi_power power;

void power_init(u64 rsdp, acpi_map_fn map)
{
    const char *wrong = acpi_find_power(&power, rsdp, map);

    if (wrong)
        log_warn("ACPI: %s; power-off will only halt the machine", wrong);
    else
        log_debug("ACPI: soft-off by port %#x, type %u; reset register %s", power.pm1a,
                  power.type_a, power.can_reset ? "known" : "none");
}

u16 power_timer_port(void)
{
    return power.timer;
}

u8 power_rtc_century(void)
{
    return power.century;
}

/* At least this long, by the timer chip's channel 2 (the speaker's, which nobody else uses). */
static void delay_ms(unsigned int ms)
{
    u8 gate = inb(PIT_GATE) & ~(PIT_SPEAKER | PIT_GATE_ON);

    for (; ms; ms--) {
        outb(PIT_GATE, gate);
        outb(PIT_COMMAND, PIT_CH2_MODE0);
        outb(PIT_CHANNEL2, (PIT_HZ / 1000) & 0xff);
        outb(PIT_CHANNEL2, (PIT_HZ / 1000) >> 8);
        outb(PIT_GATE, gate | PIT_GATE_ON);
        for (int i = 0; i < PIT_SPINS_MAX && !(inb(PIT_GATE) & PIT_OUTPUT); i++)
            cpu_relax();
    }
}

NORETURN static void stop(void)
{
    for (;;) {
        irq_disable();
        cpu_halt();
    }
}

NORETURN void machine_halt(void)
{
    smp_stop_others();
    log_always("The machine is halted; reset it by hand.");
    stop();
}

/* Firmware may still own the power registers; it hands them over on request. */
static void acpi_take_over(void)
{
    if (!power.smi_command || !power.acpi_enable || (inw(power.pm1a) & PM1_SCI_ENABLE))
        return;
    outb(power.smi_command, power.acpi_enable);
    for (int i = 0; i < SETTLE_MS && !(inw(power.pm1a) & PM1_SCI_ENABLE); i++)
        delay_ms(1);
}

NORETURN void machine_power_off(void)
{
    smp_stop_others();
    irq_disable();
    if (power.can_off) {
        acpi_take_over();
        outw(power.pm1a, power.type_a << PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE);
        if (power.pm1b)
            outw(power.pm1b, power.type_b << PM1_SLEEP_TYPE | PM1_SLEEP_ENABLE);
        delay_ms(SETTLE_MS);
    }
    log_always("Power-off by ACPI is not possible on this machine.");
    machine_halt();
}

/* The reset register in bus 0's configuration space: device in bits 32-47, function 16-31. */
static void reset_by_pci(u64 address, u8 value)
{
    u32 device = (address >> 32) & 0x1f, function = (address >> 16) & 7, offset = address & 0xff;

    outl(PCI_CONFIG_ADDRESS, PCI_CONFIG_ENABLE | device << 11 | function << 8 | (offset & 0xfc));
    outb(PCI_CONFIG_DATA + (offset & 3), value);
}

static void reset_by_acpi(void)
{
    if (!power.can_reset)
        return;
    if (power.reset_space == ACPI_SPACE_IO)
        outb(power.reset_address, power.reset_value);
    else if (power.reset_space == ACPI_SPACE_PCI)
        reset_by_pci(power.reset_address, power.reset_value);
    else
        *(volatile u8 *)hv_map_mmio(power.reset_address, 1, 0) = power.reset_value;
    delay_ms(SETTLE_MS);
}

static void reset_by_keyboard_controller(void)
{
    for (int i = 0; i < SETTLE_MS && (inb(KBD_PORT) & KBD_INPUT_FULL); i++)
        delay_ms(1);
    outb(KBD_PORT, KBD_RESET);
    delay_ms(SETTLE_MS);
}

static void reset_by_chipset(void)
{
    outb(RESET_PORT, RESET_COLD);
    outb(RESET_PORT, RESET_NOW);
    delay_ms(SETTLE_MS);
}

/* An exception without a table to find its handler in shuts the CPU down, and boards answer that
 * with a reset. */
static void reset_by_triple_fault(void)
{
    struct table_reg none = {0, 0};

    lidt(&none);
    __asm__ volatile("int3");
}

NORETURN void machine_reboot(void)
{
    smp_stop_others();
    irq_disable();
    reset_by_acpi();
    reset_by_keyboard_controller();
    reset_by_chipset();
    reset_by_triple_fault();
    stop();
}

NORETURN void machine_restart_after_failure(void)
{
    smp_stop_others();
    irq_disable();
    if (options.noreboot) {
        log_always("No automatic reboot (noreboot).");
        machine_halt();
    }
    log_always("Rebooting in %u seconds.", FAILURE_READING_MS / 1000);
    delay_ms(FAILURE_READING_MS);
    machine_reboot();
}
