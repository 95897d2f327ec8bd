; From one thread to another, on the same vcpu, upcalls masked.
;
; A thread that does not run is a stack, and on its top (top first)
;     r15 r14 r13 r12 rbp rbx  return address
; which are the registers that a C function must hand back; all others its caller has given up. A
; thread that was preempted has further down the frame of the upcall in which it lost the CPU: it
; goes back through trap_dispatch, and the hypercall iret opens its upcalls again.

default rel

extern thread_begin
global context_switch, thread_entry

section .text

; struct thread *context_switch(u64 *save_sp, u64 load_sp, struct thread *prev): returns, on the other
; stack, the prev of the call that came here.
context_switch:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    mov rax, rdx
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

; Where a new thread "returns" to when it is switched to first.
thread_entry:
    mov rdi, rax
    call thread_begin           ; does not return
    ud2
