/*
 * The numbers that the assembly files need, taken from the C headers so that none is typed twice.
 * This file is a program of the build: what it prints is $(B)/gen/guest-offsets.inc.
 */
#include <stdio.h>

#include "guest-kernel/x86_64/trap_frame.h"
#include "xen-like/abi/guest_stubs.h"

#define PRINT(name)           printf("%%define %s 0x%llx\n", #name, (unsigned long long)(name))
#define PRINT_FIELD(name, f)  printf("%%define %s %zu\n", name, offsetof(struct trap_frame, f))
#define PRINT_AS(name, value) printf("%%define %s 0x%llx\n", name, (unsigned long long)(value))

int main(void)
{
    PRINT_FIELD("FRAME_VECTOR", vector);
    PRINT_FIELD("FRAME_ERROR", error);
    PRINT_FIELD("FRAME_CS", cs);
    PRINT_FIELD("FRAME_RFLAGS", rflags);
    PRINT_AS("FRAME_SIZE", sizeof(struct trap_frame));
    PRINT(PAGE_SIZE);

    PRINT(VECTOR_COUNT);
    PRINT(VECTOR_SYSCALL);
    PRINT(VECTOR_EVENT);
    PRINT(VECTOR_FAILSAFE);
    PRINT(TRAP_STUB_SIZE);

    PRINT_AS("VCPU_INFO_SIZE", sizeof(struct vcpu_info));
    PRINT_AS("VCPU_INFO_PENDING", offsetof(struct vcpu_info, evtchn_upcall_pending));
    PRINT_AS("VCPU_INFO_SELECTOR", offsetof(struct vcpu_info, evtchn_pending_sel));
    PRINT_AS("SHARED_EVENT_PENDING", offsetof(struct shared_info, evtchn_pending));

    PRINT(UPCALLS_OPEN);
    PRINT(VGCF_IN_SYSCALL);
    PRINT(__HYPERVISOR_iret);
    PRINT(__HYPERVISOR_sched_op);
    PRINT(XL_STUB_SIZE);

    PRINT(XEN_ELFNOTE_ENTRY);
    PRINT(XEN_ELFNOTE_HYPERCALL_PAGE);
    PRINT(XEN_ELFNOTE_VIRT_BASE);
    PRINT(XEN_ELFNOTE_PADDR_OFFSET);
    PRINT(XEN_ELFNOTE_XEN_VERSION);
    PRINT(XEN_ELFNOTE_GUEST_OS);
    PRINT(XEN_ELFNOTE_LOADER);
    PRINT(XEN_ELFNOTE_FEATURES);
    PRINT(XEN_ELFNOTE_SUPPORTED_FEATURES);
    PRINT(XEN_ELFNOTE_INIT_P2M);
    PRINT(XEN_ELFNOTE_MOD_START_PFN);
    PRINT(XENFEAT_dom0);
    return 0;
}
