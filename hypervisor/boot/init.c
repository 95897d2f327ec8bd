#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/layout.h"

NORETURN void boot_main(u32 magic, u64 mbi_phys);
NORETURN void boot_main(u32 magic, u64 mbi_phys)
{
    console_init(phys_to_virt(0xb8000));
    log_always("xen-like: hello, magic %x mbi %lx", magic, mbi_phys);
    for (;;) {
        irq_disable();
        cpu_halt();
    }
}
