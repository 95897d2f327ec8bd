; Ways into the guest kernel and out of it.
;
; IN. The hypervisor calls in by writing a small frame on the guest's kernel stack and jumping to an
; address that we registered. The stack then holds (top of stack first)
;
;     rcx  r11  [error]  rip  cs  rflags  rsp  ss
;
; A stub pops rcx and r11 back into the registers, pushes an error code of 0 where none came, pushes
; its vector, and pushes everything else: the result is a struct trap_frame (trap_frame.h).
; Interrupted in the kernel, the frame lies on the current stack and trap_dispatch(frame) handles it.
; Interrupted in a user process, the frame lies wherever stack_switch said, and that is inside the
; struct which describes the process: nothing is left to copy, user_enter just returns to its caller.
;
; OUT. To the kernel: a plain iretq, for the kernel already runs in the ring it returns to. To a user
; process: the hypercall iret, because the page tables have to change as well.
;
; OUT OF AN UPCALL. It was entered with the upcall mask set, and has to leave with it clear; a kernel
; can do neither both at once nor one after the other. Return first, and nobody is left to clear the
; mask. Clear it first, and there are two holes before the iretq: an event that came while it was set
; has to be looked for (it would wait for the next one), and an event that comes now is an upcall on
; top of this frame; when they come fast, frame upon frame until the stack is full. The hypercall iret
; has no hole: it takes the mask from rflags.IF of the frame, where the hypervisor had left it, and
; since it ends by going back to the guest, it looks for events like every other way back. (The other
; cure is to let the upcall entry recognise a return address between the clearing and the iretq, and
; merge the two frames. That saves a call for each upcall and costs the simplicity.)

default rel
%include "guest-offsets.inc"

extern hypercall_page
extern trap_dispatch
global trap_entry_stubs, trap_entry_syscall, trap_entry_event, trap_entry_failsafe
global user_enter, fault_run, fault_resume

IRET_CALL   equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

%macro push_registers 0
    push rdi
    push rsi
    push rdx
    push rcx
    push rax
    push r8
    push r9
    push r10
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
%endmacro

%macro pop_registers 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r11
    pop r10
    pop r9
    pop r8
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
%endmacro

; The registers that a C function must hand back unchanged.
%macro push_callee_saved 0
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
%endmacro

%macro pop_callee_saved 0
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
%endmacro

section .text

; One stub for each vector, TRAP_STUB_SIZE bytes apart.
align TRAP_STUB_SIZE
trap_entry_stubs:
%assign vector 0
%rep VECTOR_COUNT
    align TRAP_STUB_SIZE
    pop rcx
    pop r11
    ; The CPU defines an error code for #DF, #TS, #NP, #SS, #GP, #PF and #AC.
    %if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17)
        push 0
    %endif
    push vector
    jmp trap_common
    %assign vector vector + 1
%endrep

trap_entry_syscall:
    pop rcx
    pop r11
    push 0
    push VECTOR_SYSCALL
    jmp trap_common

trap_entry_event:
    pop rcx
    pop r11
    push 0
    push VECTOR_EVENT
    jmp trap_common

; The hypervisor could not load a selector of the frame it was returning to. Four more words are on
; the stack here, between r11 and rip: ds, es, fs, gs.
trap_entry_failsafe:
    pop rcx
    pop r11
    add rsp, 4 * 8
    push 0
    push VECTOR_FAILSAFE

trap_common:
    push_registers
    cld
    test byte [rsp + FRAME_CS], 3
    jnz user_left

    mov rdi, rsp
    call trap_dispatch
    ; Were upcalls open, and does the entry mask them? Only the hypercall can open them and return in
    ; one step.
    test dword [rsp + FRAME_RFLAGS], UPCALLS_OPEN
    jnz leave_by_hypercall
    pop_registers
    add rsp, 16                 ; vector, error
    or byte [rsp + 8], 3        ; cs: the frame says ring 0 for the kernel, the truth is ring 3
    iretq

; rsp points to a struct trap_frame. The hypercall wants on the stack (top first)
;     rax r11 rcx flags rip cs rflags rsp ss
; and its entry in the hypercall page pushes the first three itself, so the frame's error word becomes
; `flags` and the words below it may be overwritten: their registers are loaded by then.
leave_by_hypercall:
    xor eax, eax
    mov ecx, VGCF_IN_SYSCALL    ; a process that came by `syscall` expects no r11, no rcx back
    cmp qword [rsp + FRAME_VECTOR], VECTOR_SYSCALL
    cmove eax, ecx
    mov [rsp + FRAME_ERROR], rax
    pop_registers
    add rsp, 8                  ; vector
    jmp IRET_CALL

; void user_enter(struct trap_frame *frame): runs the user process whose registers are in *frame until
; it comes back by a trap, a system call or an upcall; then *frame says how.
user_enter:
    push_callee_saved
    mov [user_caller_sp], rsp
    mov rsp, rdi
    jmp leave_by_hypercall

user_left:
    mov rsp, [user_caller_sp]
    pop_callee_saved
    ret

; bool fault_run(u64 *sp, void (*body)(void *), void *arg): calls body(arg) and returns false. Should
; body trap, trap_dispatch continues at fault_resume with rsp = *sp, and the caller sees true.
fault_run:
    push_callee_saved
    push rdi                    ; keeps the stack aligned
    mov [rdi], rsp
    mov rdi, rdx
    call rsi
    xor eax, eax
    jmp fault_return

fault_resume:
    mov eax, 1
fault_return:
    pop rdi
    pop_callee_saved
    ret

section .bss
align 8
user_caller_sp: resq 1
