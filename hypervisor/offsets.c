/*
 * Constants and structure offsets for the hypervisor's nasm files (xen-like/lib/offsets.h), as
 * $(B)/gen/offsets.inc.
 */
#include "xen-like/abi/calls.h"
#include "hypervisor/boot/early_trap.h"
#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/vectors.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/pte.h"
#include "hypervisor/mm/smap.h"
#include "xen-like/lib/offsets.h"

void offsets_boot(void);

void offsets_boot(void)
{
    DEFINE(XL_VIRT_START, XL_VIRT_START);
    DEFINE(IMAGE_LOAD_PHYS, IMAGE_LOAD_PHYS);
    DEFINE(IMAGE_MAX_BYTES, IMAGE_MAX_BYTES);
    DEFINE(DIRECTMAP_VIRT_START, DIRECTMAP_VIRT_START);
    DEFINE(EARLY_MAP_BYTES, EARLY_MAP_BYTES);
    DEFINE(BOOT_STACK_BYTES, BOOT_STACK_BYTES);
    DEFINE(EARLY_TRAPS, EARLY_TRAPS);
    DEFINE(EARLY_TRAP_STUB_BYTES, EARLY_TRAP_STUB_BYTES);
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

void offsets_cpu(void);

void offsets_cpu(void)
{
    OFFSET(REGS_r15, struct cpu_user_regs, r15);
    OFFSET(REGS_r14, struct cpu_user_regs, r14);
    OFFSET(REGS_r13, struct cpu_user_regs, r13);
    OFFSET(REGS_r12, struct cpu_user_regs, r12);
    OFFSET(REGS_rbp, struct cpu_user_regs, rbp);
    OFFSET(REGS_rbx, struct cpu_user_regs, rbx);
    OFFSET(REGS_r10, struct cpu_user_regs, r10);
    OFFSET(REGS_r9, struct cpu_user_regs, r9);
    OFFSET(REGS_r8, struct cpu_user_regs, r8);
    OFFSET(REGS_rcx, struct cpu_user_regs, rcx);
    OFFSET(REGS_rax, struct cpu_user_regs, rax);
    OFFSET(REGS_rdx, struct cpu_user_regs, rdx);
    OFFSET(REGS_rsi, struct cpu_user_regs, rsi);
    OFFSET(REGS_rdi, struct cpu_user_regs, rdi);
    OFFSET(REGS_error_code, struct cpu_user_regs, error_code);
    OFFSET(REGS_entry_vector, struct cpu_user_regs, entry_vector);
    OFFSET(REGS_rip, struct cpu_user_regs, rip);
    OFFSET(REGS_cs, struct cpu_user_regs, cs);
    OFFSET(REGS_rflags, struct cpu_user_regs, rflags);
    OFFSET(REGS_rsp, struct cpu_user_regs, rsp);
    OFFSET(REGS_ss, struct cpu_user_regs, ss);
    OFFSET(REGS_es, struct cpu_user_regs, es);
    OFFSET(PERCPU_regs, struct percpu, regs);
    OFFSET(PERCPU_running, struct percpu, running);
    OFFSET(PERCPU_syscall_rsp, struct percpu, syscall_rsp);
    OFFSET(PERCPU_syscall_entry, struct percpu, syscall_entry);
    OFFSET(PERCPU_syscall32_entry, struct percpu, syscall32_entry);
    OFFSET(PERCPU_iret_fault, struct percpu, iret_fault);
    OFFSET(PERCPU_path_start, struct percpu, path_start);
    DEFINE(PERCPU_SIZE, sizeof(struct percpu));
    DEFINE(PERCPU_AREA_BYTES, PERCPU_AREA_BYTES);
    OFFSET(VCPU_kernel_mode, struct vcpu, kernel_mode);
    OFFSET(VCPU_work, struct vcpu, work);
    OFFSET(VCPU_iret_careful, struct vcpu, iret_careful);
    OFFSET(VCPU_info, struct vcpu, info);
    OFFSET(VCPU_calls_number, struct vcpu, calls.number);
    OFFSET(VCPU_calls_first, struct vcpu, calls.first);
    OFFSET(VCPU_calls_made, struct vcpu, calls.made);
    OFFSET(VCPU_traps, struct vcpu, traps);
    OFFSET(VCPU_kernel_sp, struct vcpu, kernel_sp);
    OFFSET(VCPU_kernel_ss, struct vcpu, kernel_ss);
    OFFSET(VCPU_iopl, struct vcpu, iopl);
    OFFSET(TRAP_flags, struct trap_info, flags);
    OFFSET(TRAP_cs, struct trap_info, cs);
    OFFSET(TRAP_address, struct trap_info, address);
    DEFINE(TRAP_BYTES, sizeof(struct trap_info));
    DEFINE(TRAP_MASKS, TRAP_MASKS);
    OFFSET(VCPU_root_user, struct vcpu, root_user);
    OFFSET(VCPU_INFO_upcall_pending, struct vcpu_info, evtchn_upcall_pending);
    OFFSET(VCPU_INFO_upcall_mask, struct vcpu_info, evtchn_upcall_mask);
    OFFSET(IRET_rax, struct iret_context, rax);
    OFFSET(IRET_r11, struct iret_context, r11);
    OFFSET(IRET_rcx, struct iret_context, rcx);
    OFFSET(IRET_flags, struct iret_context, flags);
    OFFSET(IRET_rip, struct iret_context, rip);
    OFFSET(IRET_cs, struct iret_context, cs);
    OFFSET(IRET_rflags, struct iret_context, rflags);
    OFFSET(IRET_rsp, struct iret_context, rsp);
    OFFSET(IRET_ss, struct iret_context, ss);
    DEFINE(VGCF_in_syscall, VGCF_in_syscall);
    DEFINE(WORK_EVENT, WORK_EVENT);
    DEFINE(RFLAGS_IF, RFLAGS_IF);
    DEFINE(RFLAGS_MBS, RFLAGS_MBS);
    DEFINE(RFLAGS_IF_BIT, __builtin_ctzl(RFLAGS_IF));
    DEFINE(RFLAGS_IOPL, RFLAGS_IOPL);
    DEFINE(RFLAGS_VM, RFLAGS_VM);
    DEFINE(RFLAGS_TF, RFLAGS_TF);
    DEFINE(RFLAGS_NT, RFLAGS_NT);
    DEFINE(RFLAGS_RF, RFLAGS_RF);
    DEFINE(DIRECTMAP_VIRT_END, DIRECTMAP_VIRT_END);
    DEFINE(FRAME_SYSCALL, FRAME_SYSCALL);
    DEFINE(FLAT_RING3_CS64, FLAT_RING3_CS64);
    DEFINE(FLAT_RING3_CS32, FLAT_RING3_CS32);
    DEFINE(FLAT_RING3_SS64, FLAT_RING3_SS64);
    DEFINE(FLAT_RING1_CS_X86_32, FLAT_RING1_CS_X86_32);
    DEFINE(FLAT_RING1_SS_X86_32, FLAT_RING1_SS_X86_32);
    DEFINE(EXCEPTIONS_WITH_CODE, EXCEPTIONS_WITH_CODE);
    DEFINE(VECTOR_GUEST_INT80, VECTOR_GUEST_INT80);
    DEFINE(VECTOR_HYPERCALL, VECTOR_HYPERCALL);
    DEFINE(XL_CALL_LIMIT, XL_CALL_LIMIT);
    DEFINE(XEN_ENOSYS, XEN_ENOSYS);
    DEFINE(SMAP_SITE_STAC, SMAP_SITE_STAC);
    DEFINE(SMAP_SITE_CLAC, SMAP_SITE_CLAC);
}
