; From one thread to another, on the same vcpu, upcalls masked; x86_64/switch.asm has the idea. On the
; top of a stack that does not run (top first):
;     edi esi ebp ebx  return address

extern thread_begin
global context_switch, thread_entry

section .text

; struct thread *context_switch(unsigned long *save_sp, unsigned long load_sp, struct thread *prev):
; returns, on the other stack, the prev of the call that came here.
context_switch:
    mov ecx, [esp + 4]
    mov edx, [esp + 8]
    mov eax, [esp + 12]
    push ebx
    push ebp
    push esi
    push edi
    mov [ecx], esp
    mov esp, edx
    pop edi
    pop esi
    pop ebp
    pop ebx
    ret

; Where a new thread "returns" to when it is switched to first.
thread_entry:
    push eax
    call thread_begin           ; does not return
    ud2
