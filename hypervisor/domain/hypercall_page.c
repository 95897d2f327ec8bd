/*
 * The hypercall page: 32 bytes for each call number, so that a guest reaches call n with one direct
 * call to page + 32 * n, whatever instruction enters the hypervisor.
 *
 * SYSCALL destroys RCX and R11, hence they are saved around it; a guest that calls a stub loses
 * only RAX. iret does not return: the guest jumps to its stub with the frame of xen-x86_64.h
 * (struct iret_context) begun on its stack, and the stub completes it with RCX, R11 and RAX. 32-bit
 * guests enter by an interrupt, which destroys nothing; their iret's frame is completed with EAX.
 */
#include "hypervisor/domain/hypercall_page.h"

#include "hypervisor/cpu/vectors.h"
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
#define INT_82   0xcd, VECTOR_HYPERCALL

static const u8 call_stub[] = {PUSH_RCX, PUSH_R11, MOV_EAX, 0,       0,  0,
                               0,        SYSCALL,  POP_R11, POP_RCX, RET};
static const u8 iret_stub[] = {PUSH_RCX, PUSH_R11, PUSH_RAX, MOV_EAX, 0, 0, 0, 0, SYSCALL};

static const u8 call_stub32[] = {MOV_EAX, 0, 0, 0, 0, INT_82, RET};
static const u8 iret_stub32[] = {PUSH_RAX, MOV_EAX, 0, 0, 0, 0, INT_82};

/* A stub, and where in it the number stands. */
static const struct stub {
    const u8 *code;
    u32 bytes, number;
} stubs[2][2] = {{{call_stub, sizeof(call_stub), 4}, {iret_stub, sizeof(iret_stub), 5}},
                 {{call_stub32, sizeof(call_stub32), 1}, {iret_stub32, sizeof(iret_stub32), 2}}};

void hypercall_page_fill(void *page, bool is_32bit)
{
    memset(page, TRAP_BYTE, PAGE_SIZE);
    for (u32 n = 0; n < PAGE_SIZE / STUB_BYTES; n++) {
        const struct stub *s = &stubs[is_32bit][n == __HYPERVISOR_iret];
        u8 *at = (u8 *)page + n * STUB_BYTES;

        memcpy(at, s->code, s->bytes);
        memcpy(at + s->number, &n, sizeof(n));
    }
}
