; Ways into the 32-bit guest kernel and out of it; x86_64/entry.asm has the idea and what is the same.
;
; IN. The hypervisor calls in by writing a frame on the guest's kernel stack, just as the CPU would,
; and jumping to the address that we registered. The stack then holds (top first)
;
;     [error]  eip  cs  eflags  [esp  ss]
;
; esp and ss only if the kernel was not running: it is in ring 1, its processes in ring 3, and as with
; the CPU, who stays in a ring keeps his stack. The segment registers are whatever the interrupted one
; had: a stub saves them and loads the kernel's.
;
; OUT. To the kernel, upcalls masked: a plain iret. To a process, or with upcalls to be opened: the
; hypercall iret, whose frame is the CPU's with eax on top (its entry in the hypercall page pushes
; that). A process could be gone to by a plain iret as well, for kernel and process share their page
; tables; but that would not open upcalls.

%include "guest-offsets.inc"

extern hypercall_page
extern trap_dispatch
global trap_entry_stubs, trap_entry_event, trap_entry_failsafe
global user_enter, fault_run, fault_resume
global kernel_gs

IRET_CALL   equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

%macro push_registers 0
    push gs
    push fs
    push es
    push ds
    push eax
    push ebp
    push edi
    push esi
    push edx
    push ecx
    push ebx
%endmacro

%macro pop_registers 0
    pop ebx
    pop ecx
    pop edx
    pop esi
    pop edi
    pop ebp
    pop eax
    pop ds
    pop es
    pop fs
    pop gs
    add esp, 2 * 4              ; vector, error
%endmacro

; The registers that a C function must hand back unchanged.
%macro push_callee_saved 0
    push ebx
    push ebp
    push esi
    push edi
%endmacro

%macro pop_callee_saved 0
    pop edi
    pop esi
    pop ebp
    pop ebx
%endmacro

CALLEE_SAVED    equ 4 * 4

section .text

; One stub for each vector, TRAP_STUB_SIZE bytes apart.
align TRAP_STUB_SIZE
trap_entry_stubs:
%assign vector 0
%rep VECTOR_COUNT
    align TRAP_STUB_SIZE
    ; The CPU defines an error code for #DF, #TS, #NP, #SS, #GP, #PF and #AC.
    %if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
        push 0
    %endif
    push vector
    jmp trap_common
    %assign vector vector + 1
%endrep

trap_entry_event:
    push 0
    push VECTOR_EVENT
    jmp trap_common

; The hypervisor could not load a selector of the frame it was returning to. Four more words are on
; the stack here, before eip: ds, es, fs, gs.
trap_entry_failsafe:
    add esp, 4 * 4
    push 0
    push VECTOR_FAILSAFE

trap_common:
    push_registers
    cld
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov es, eax
    mov gs, [kernel_gs]
    test byte [esp + FRAME_CS], 2
    jnz user_left

    push esp
    call trap_dispatch
    add esp, 4
    mov eax, [kernel_gs]        ; other threads may have run, and given the register its use
    mov [esp + FRAME_GS], eax
    ; Were upcalls open? Only the hypercall can open them and return in one step.
    test dword [esp + FRAME_RFLAGS], UPCALLS_OPEN
    jnz leave_by_hypercall
    pop_registers
    iret

leave_by_hypercall:
    pop_registers
    jmp IRET_CALL

; void user_enter(struct trap_frame *frame): runs the user process whose registers are in *frame until
; it comes back by a trap, a system call or an upcall; then *frame says how.
user_enter:
    mov eax, [esp + 4]
    push_callee_saved
    mov [user_caller_sp], esp
    mov esp, eax
    jmp leave_by_hypercall

user_left:
    mov esp, [user_caller_sp]
    pop_callee_saved
    ret

; bool fault_run(unsigned long *sp, void (*body)(void *), void *arg): calls body(arg) and returns
; false. Should body trap, trap_dispatch continues at fault_resume with ebx = *sp, and the caller sees
; true.
fault_run:
    push_callee_saved
    mov eax, [esp + CALLEE_SAVED + 4]
    mov [eax], esp
    push dword [esp + CALLEE_SAVED + 12]
    call [esp + 4 + CALLEE_SAVED + 8]
    add esp, 4
    xor eax, eax
    jmp fault_return

fault_resume:
    mov esp, ebx
    mov eax, 1
fault_return:
    pop_callee_saved
    ret

section .data
align 4
kernel_gs: dd 0                 ; the selector by which the kernel finds its struct vcpu, if it does

section .bss
align 4
user_caller_sp: resd 1
