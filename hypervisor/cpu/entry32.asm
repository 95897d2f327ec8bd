; The ways in of 32-bit guests, where they differ: their own interrupt table leads here (cpu/tables.c).
; The frame is the same as in entry.asm; kernels are in ring 1, and go back by IRET only, since SYSRET
; would load a code segment of 64 bits, which such a guest must never have.
;
; The upper halves of registers are whatever they were: compatibility mode does not show them. What is
; taken from a register is therefore taken as 32 bits.

%include "hypervisor/cpu/entry.inc"

default rel

extern hypercall_table32, syscall_entry, trace_call32, trace_result
extern page_fault_bounce32, int80_bounce32, syscall_bounce32, upcall_bounce32, iret_load32
extern trap_page_fault, exit_to_guest, from_hypervisor
extern volatile_frame_iret, volatile_frame_work, restore_volatile_iret, guest_iret

section .text

%macro STUB 2 ; name, vector; %3 = 1: the CPU has pushed an error code
align 16
global %1
%1:
%if !HAS_ERROR_CODE32(%2)
    push 0
%endif
    mov dword [rsp + 4], %2
%endmacro
%define HAS_ERROR_CODE32(v) ((v) < 32 && HAS_ERROR_CODE((v) & 31))

    STUB page_fault_stub32, 14
    PAGE_FAULT_ENTRY page_fault_bounce32

; ---------------------------------------------------------------------------------------------------
; int 0x82: a hypercall. Its gate lets ring 1 pass and nobody else.
; In: eax = number; ebx, ecx, edx, esi, edi, ebp = arguments. Out: eax; the others stay, unless the call is
; to go on, with other arguments, in the same instruction: then they are in the frame.

%macro ARGUMENTS32 0 ; of the call whose frame is at rsp, for CALL_DISPATCH
    mov edi, [rsp + REGS_rbx]
    mov esi, [rsp + REGS_rcx]
    mov edx, [rsp + REGS_rdx]
    mov r10d, [rsp + REGS_rsi]
    mov r8d, [rsp + REGS_rdi]
    mov r9d, [rsp + REGS_rbp]
    mov rcx, [rsp + PERCPU_running]
%endmacro

    STUB hypercall_stub32, VECTOR_HYPERCALL
    cld
    SMAP_CLOSE
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov [rsp + REGS_rbx], rbx
    mov [rsp + REGS_rbp], rbp
    mov eax, eax
    mov [rsp + REGS_rax], rax
    cmp eax, XL_CALL_LIMIT
    jae .unknown
    lea r11, [syscall_entry]
    cmp [rsp + PERCPU_syscall_entry], r11
    jne .traced
    ARGUMENTS32
    CALL_DISPATCH hypercall_table32
.done: ; eax = the result
    PATH_END
    mov [rsp + REGS_rax], eax
    mov rbx, [rsp + REGS_rbx]
    mov rbp, [rsp + REGS_rbp]
    mov rcx, [rsp + PERCPU_running]
    cmp dword [rcx + VCPU_work], 0
    jne volatile_frame_work
    mov rcx, [rcx + VCPU_info] ; as in syscall_entry
    cmp byte [rcx + VCPU_INFO_upcall_pending], 0
    jne .event
.return:
    add rsp, PRESERVED_BYTES
    jmp restore_volatile_iret
.event:
    cmp byte [rcx + VCPU_INFO_upcall_mask], 0
    jne .return
    mov rdi, rsp
    call upcall_bounce32
    jmp volatile_frame_iret
.unknown:
    mov eax, -XEN_ENOSYS
    jmp .done
.traced: ; as syscall_entry_traced
    mov rdi, rsp
    call trace_call32
    mov eax, [rsp + REGS_rax]
    ARGUMENTS32
    CALL_DISPATCH hypercall_table32
    mov rdi, rax
    call trace_result
    jmp .done

; HYPERVISOR_iret: called through hypercall_table32, its result is a whole frame.
align 16
global hc_iret32
hc_iret32:
    add rsp, 8
    mov rdi, rsp
    call iret_load32
    jmp volatile_frame_iret

; ---------------------------------------------------------------------------------------------------
; int 0x80, as most guests' system call. On bare metal a kernel puts its handler into the CPU's table and
; the instruction leads there; but a gate of long mode leads to 64-bit code only. So this is the next best:
; no C, no register saved that is not needed, and no thought of what most system calls do not have. They
; come from ring 3; handler and stack are in the flat segments; nothing waits to be done on the way out.
; Anything else, and any fault, starts over in int80_bounce32, nothing having been changed but words below
; the guest's stack pointer. (CR4.SMAP is off while a 32-bit guest is loaded.)

%define KEPT 4 * 8 ; bytes of what is pushed below
%define FRAME(field) rsp + KEPT + REGS_%+field - REGS_error_code
%define GATE_80(field) rbx + VECTOR_GUEST_INT80 * TRAP_BYTES + TRAP_%+field

%macro STACK_PUT 2 ; word of the new frame, 32-bit register
%%store:
    mov [rdx + (%1) * 4], %2
    EX_TABLE %%store, int80_slow
%endmacro

    STUB int80_stub32, VECTOR_GUEST_INT80
    push rax
    push rbx
    push rcx
    push rdx
    mov rcx, [rsp + KEPT - REGS_error_code + PERCPU_running]
    mov rbx, [rcx + VCPU_traps]
    mov edx, [rcx + VCPU_kernel_sp]
    cmp dword [rcx + VCPU_work], 0
    jne int80_slow
    cmp word [GATE_80(cs)], FLAT_RING1_CS_X86_32
    jne int80_slow
    cmp word [rcx + VCPU_kernel_ss], FLAT_RING1_SS_X86_32
    jne int80_slow
    test byte [FRAME(cs)], 2
    jz int80_slow
    sub edx, 5 * 4
    mov eax, [FRAME(rip)]
    STACK_PUT 0, eax
    mov rax, [rcx + VCPU_info]
    movzx eax, byte [rax + VCPU_INFO_upcall_mask]
    shl eax, 16
    mov ax, [FRAME(cs)]
    STACK_PUT 1, eax
    cmp eax, 1 << 16 ; carry: not masked
    sbb eax, eax
    not eax
    and eax, RFLAGS_IF
    xor eax, [FRAME(rflags)] ; whose IF is set, and whose IOPL is 0
    or eax, [rcx + VCPU_iopl]
    STACK_PUT 2, eax
    mov eax, [FRAME(rsp)]
    STACK_PUT 3, eax
    mov eax, [FRAME(ss)]
    STACK_PUT 4, eax
    test byte [GATE_80(flags)], TRAP_MASKS
    jz .unmasked
    mov rax, [rcx + VCPU_info]
    or byte [rax + VCPU_INFO_upcall_mask], 1
.unmasked:
    mov eax, [GATE_80(address)]
    mov [FRAME(rip)], rax
    mov word [FRAME(cs)], FLAT_RING1_CS_X86_32
    and dword [FRAME(rflags)], ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM)
    mov [FRAME(rsp)], rdx
    mov word [FRAME(ss)], FLAT_RING1_SS_X86_32
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 8 ; vector and error code
    jmp guest_iret

int80_slow:
    pop rdx
    pop rcx
    pop rbx
    pop rax
    cld
    SMAP_CLOSE ; on the way out another vcpu may be loaded, with which SMAP is on
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov rdi, rsp
    call int80_bounce32
    jmp volatile_frame_iret

; `syscall` in compatibility mode (AMD's CPUs): percpu.syscall32_entry leads here.
align 16
global syscall32_entry32
syscall32_entry32:
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov rdi, rsp
    call syscall_bounce32
    jmp volatile_frame_iret
