/* Addresses that are not canonical, and the root of user space. */
#include "tests/guests/vcpu-op/wrong.h"

const struct wrong wrongs_of_width[] = {
    {"rip", FIELD(user_regs.rip), NON_CANONICAL},
    {"rsp", FIELD(user_regs.rsp), NON_CANONICAL},
    {"kernel-sp", FIELD(kernel_sp), NON_CANONICAL},
    {"fs-base", FIELD(fs_base), NON_CANONICAL},
    {"gs-base-kernel", FIELD(gs_base_kernel), NON_CANONICAL},
    {"gs-base-user", FIELD(gs_base_user), NON_CANONICAL},
    {"event", FIELD(event_callback_eip), NON_CANONICAL},
    {"failsafe", FIELD(failsafe_callback_eip), NON_CANONICAL},
    {"syscall", FIELD(syscall_callback_eip), NON_CANONICAL},
    {"trap-0", FIELD(trap_ctxt[0].address), NON_CANONICAL},
    {"trap-255", FIELD(trap_ctxt[255].address), NON_CANONICAL},
    {"ldt-base-hole", FIELD(ldt_base), NON_CANONICAL},
    {"ldt-base-hypervisor", FIELD(ldt_base), HYPERVISOR_VIRT_START},
    {"cr1-nowhere", FIELD(ctrlreg[1]), BEYOND_MEMORY << PAGE_SHIFT},
    {"cr1-low-bits", FIELD(ctrlreg[1]), 1},
    {"user-without-tables", FIELD(flags), 0},
    {0},
};
