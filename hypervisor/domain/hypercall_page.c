/*
 * The hypercall page: 32 bytes for each call number, so that a guest reaches call n with one direct
 * call to page + 32 * n, whatever instruction enters the hypervisor.
 *
 * SYSCALL destroys RCX and R11, hence they are saved around it; a guest that calls a stub loses
 * only RAX. iret does not return: the guest jumps to its stub with the frame of xen-x86_64.h
 * (struct iret_context) begun on its stack, and the stub completes it with RCX, R11 and RAX.
 */
#include "hypervisor/domain/hypercall_page.h"

#include "xen-like/abi/xen.h"
#include "xen-like/lib/string.h"

#define STUB_BYTES 32
#define TRAP_BYTE  0xcc /* int3, for what nobody should run into */

#define PUSH_RAX 0x50
#define PUSH_RCX 0x51
#define PUSH_R11 0x41, 0x53
#define POP_RCX  0x59
#define POP_R11  0x41, 0x5b
#define MOV_EAX  0xb8 /* and the number, four bytes */
#define SYSCALL  0x0f, 0x05
#define RET      0xc3

static const u8 call_stub[] = {PUSH_RCX, PUSH_R11, MOV_EAX, 0,       0,  0,
                               0,        SYSCALL,  POP_R11, POP_RCX, RET};
static const u8 iret_stub[] = {PUSH_RCX, PUSH_R11, PUSH_RAX, MOV_EAX, 0, 0, 0, 0, SYSCALL};

#define CALL_NUMBER_AT 4 /* bytes before the number */
#define IRET_NUMBER_AT 5

void hypercall_page_fill(void *page)
{
    memset(page, TRAP_BYTE, PAGE_SIZE);
    for (u32 n = 0; n < PAGE_SIZE / STUB_BYTES; n++) {
        u8 *stub = (u8 *)page + n * STUB_BYTES;
        bool iret = n == __HYPERVISOR_iret;

        memcpy(stub, iret ? iret_stub : call_stub, iret ? sizeof(iret_stub) : sizeof(call_stub));
        memcpy(stub + (iret ? IRET_NUMBER_AT : CALL_NUMBER_AT), &n, sizeof(n));
    }
}
