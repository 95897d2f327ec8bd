/*
 * The "multiple APIC description table" (ACPI specification 6.4, section 5.2.12): after its header
 * a list of entries, each with its type and length in front. Three types matter here: a CPU, an
 * I/O APIC, and an ISA line that is wired to another pin, or otherwise, than the PC of old had it.
 */
#include "hypervisor/boot/madt.h"
#include "xen-like/lib/string.h"

#define MADT_ENTRIES   44 /* offset of the first entry */
#define ENTRY_CPU      0
#define ENTRY_IOAPIC   1
#define ENTRY_OVERRIDE 2
#define CPU_ENABLED    1

struct entry_cpu {
    u8 type, length, processor, apic;
    u32 flags;
} __attribute__((packed));

struct entry_ioapic {
    u8 type, length, id, reserved;
    u32 phys, gsi;
} __attribute__((packed));

struct entry_override {
    u8 type, length, bus, irq;
    u32 gsi;
    u16 flags;
} __attribute__((packed));

struct madt madt;

/* An entry that is too short for what it says it is says nothing. */
static void entry_take(const u8 *at)
{
    const struct entry_cpu *c = (const void *)at;
    const struct entry_ioapic *a = (const void *)at;
    const struct entry_override *o = (const void *)at;

    if (at[0] == ENTRY_CPU && at[1] >= sizeof(*c)) {
        madt.processor[c->apic] = c->processor;
        if (c->flags & CPU_ENABLED && madt.cpus < APIC_IDS)
            madt.apic[madt.cpus++] = c->apic;
    } else if (at[0] == ENTRY_IOAPIC && at[1] >= sizeof(*a) && madt.ioapics < IOAPICS_MAX)
        madt.ioapic[madt.ioapics++] = (struct madt_ioapic){a->phys, a->gsi};
    else if (at[0] == ENTRY_OVERRIDE && at[1] >= sizeof(*o) && o->irq < ISA_IRQS)
        madt.isa[o->irq] = (struct madt_line){o->gsi, o->flags};
}

const char *madt_read(u64 rsdp, acpi_map_fn map)
{
    const u8 *table, *end;
    u32 length;

    memset(&madt, 0, sizeof(madt));
    for (u32 irq = 0; irq < ISA_IRQS; irq++)
        madt.isa[irq].gsi = irq;
    table = acpi_find_table("APIC", rsdp, map, &length);
    if (!table)
        return "no valid MADT";
    end = table + length;
    for (const u8 *at = table + MADT_ENTRIES; end - at >= 2 && at[1] >= 2; at += at[1]) {
        if (at[1] > end - at)
            return "the MADT's last entry is cut short";
        entry_take(at);
    }
    return NULL;
}
