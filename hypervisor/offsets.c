/*
 * Constants and structure offsets for nasm. Compiled to assembly, never linked: each DEFINE leaves
 * a line `->NAME high middle low` in the output, which hypervisor/build.mk turns into a %define in
 * $(B)/gen/offsets.inc. So nothing that C knows is typed a second time in assembly. (Three parts of
 * at most 24 bits, since an immediate operand of an asm statement has 32 bits and a sign.)
 */
#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/pte.h"

#define DEFINE(name, value)                                                                        \
    __asm__ volatile("\n->" #name " %c0 %c1 %c2"                                                   \
                     :                                                                             \
                     : "i"((u64)(value) >> 48), "i"((u64)(value) >> 24 & 0xffffff),                \
                       "i"((u64)(value)&0xffffff))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

void offsets_boot(void);

void offsets_boot(void)
{
    DEFINE(XL_VIRT_START, XL_VIRT_START);
    DEFINE(IMAGE_LOAD_PHYS, IMAGE_LOAD_PHYS);
    DEFINE(IMAGE_MAX_BYTES, IMAGE_MAX_BYTES);
    DEFINE(DIRECTMAP_VIRT_START, DIRECTMAP_VIRT_START);
    DEFINE(EARLY_MAP_BYTES, EARLY_MAP_BYTES);
    DEFINE(BOOT_STACK_BYTES, BOOT_STACK_BYTES);
    DEFINE(PAGE_SIZE, PAGE_SIZE);
    DEFINE(PTE_P, PTE_P);
    DEFINE(PTE_RW, PTE_RW);
    DEFINE(PTE_PSE, PTE_PSE);
    DEFINE(CR0_PE, CR0_PE);
    DEFINE(CR0_MP, CR0_MP);
    DEFINE(CR0_ET, CR0_ET);
    DEFINE(CR0_NE, CR0_NE);
    DEFINE(CR0_WP, CR0_WP);
    DEFINE(CR0_PG, CR0_PG);
    DEFINE(CR4_PAE, CR4_PAE);
    DEFINE(MSR_EFER, MSR_EFER);
    DEFINE(EFER_LME, EFER_LME);
    DEFINE(EFER_NXE, EFER_NXE);
    DEFINE(MB2_BOOTLOADER_MAGIC, MB2_BOOTLOADER_MAGIC);
    DEFINE(MB2_HEADER_MAGIC, MB2_HEADER_MAGIC);
    DEFINE(MB2_ARCH_I386, MB2_ARCH_I386);
    DEFINE(MB2_TAG_MODULE, MB2_TAG_MODULE);
    DEFINE(MB2_TAG_MMAP, MB2_TAG_MMAP);
    DEFINE(MB2_TAG_CMDLINE, MB2_TAG_CMDLINE);
    DEFINE(MB2_TAG_ACPI_OLD, MB2_TAG_ACPI_OLD);
    DEFINE(MB2_TAG_ACPI_NEW, MB2_TAG_ACPI_NEW);
    DEFINE(MB2_HEADER_TAG_INFORMATION_REQUEST, MB2_HEADER_TAG_INFORMATION_REQUEST);
    DEFINE(MB2_HEADER_TAG_CONSOLE_FLAGS, MB2_HEADER_TAG_CONSOLE_FLAGS);
    DEFINE(MB2_HEADER_TAG_MODULE_ALIGN, MB2_HEADER_TAG_MODULE_ALIGN);
}
