/*
 * From the first C instruction to a machine that is ours. The order matters: the console first, so
 * that everything after can complain; the command line next, since it decides about the rest; ACPI
 * while all of low memory is still mapped; then memory, and with it the final address space.
 *
 * What holds when hypervisor_main() is called: see boot/init.h.
 */
#include "hypervisor/boot/init.h"
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/early_trap.h"
#include "hypervisor/boot/madt.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/boot/pic.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/system_policy.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/time/reference.h"

#define VERSION "0.1"
#ifdef DEBUG
#define BUILD " (debug build)"
#else
#define BUILD ""
#endif

static struct boot_info boot_info;

/* start.asm calls it, with the tag list's physical address: a 32-bit one. */
NORETURN void boot_main(u64 mbi);

static void boot_info_read(u64 mbi)
{
    const char *wrong = mb2_parse(&boot_info, phys_to_virt(mbi), mbi, EARLY_MAP_BYTES - mbi);

    console_init(boot_info.text_screen ? phys_to_virt(VGA_TEXT_PHYS) : NULL);
    if (wrong)
        panic("the boot loader's information cannot be used: %s", wrong);
}

/* Physical memory below 4 GiB is mapped until memory_init(), whether it is RAM or not. */
static const void *early_map(u64 phys, u64 length)
{
    if (phys >= EARLY_MAP_BYTES || length > EARLY_MAP_BYTES - phys)
        return NULL;
    return phys_to_virt(phys);
}

static void acpi_init(u64 rsdp)
{
    const char *wrong = madt_read(rsdp, early_map);
    u64 hpet = acpi_find_hpet(rsdp, early_map);

    if (wrong)
        log_warn("ACPI: %s", wrong);
    for (u32 i = 0; i < madt.ioapics; i++)
        io_frame_keep(madt.ioapic[i].phys);
    if (hpet)
        io_frame_keep(hpet);
    reference_hpet_is_at(hpet);
    power_init(rsdp, early_map);
}

/* The log may keep more than its built-in ring holds. */
static void conring_init(void)
{
    u64 pages = options.conring_size >> PAGE_SHIFT;

    if (options.conring_size > LOG_BUILTIN_RING_SIZE)
        log_set_ring(phys_to_virt(boot_alloc_pages(pages, 1).n << PAGE_SHIFT),
                     options.conring_size);
}

void boot_main(u64 mbi)
{
    early_traps_init();
    boot_info_read(mbi);
    cmdline_parse_console(boot_info.cmdline);
    log_always("xen-like " VERSION BUILD ", Xen PV ABI 4.17");
    log_info("command line: %s", boot_info.cmdline);
    cmdline_parse(boot_info.cmdline);

    pic_mask_all();
    features_init();
    system_policy_init();
    acpi_init(boot_info.rsdp);
    memory_init(&boot_info);
    conring_init();
    smap_enable();
    hypervisor_main(&boot_info);
}
