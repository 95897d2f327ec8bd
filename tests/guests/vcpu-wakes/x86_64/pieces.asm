; Handlers of vcpu 1 that need nothing of the runtime: they count, and return by iretq, which leaves
; upcalls masked.

default rel

extern upcalls, nmis, info_of_1
global upcall_entry, nmi_entry

section .text

; rcx r11 rip cs rflags rsp ss on the stack
upcall_entry:
    mov rcx, [rel info_of_1]
    mov byte [rcx], 0      ; evtchn_upcall_pending
    mov qword [rcx + 8], 0 ; evtchn_pending_sel
    inc qword [rel upcalls]
    jmp back

nmi_entry:
    inc qword [rel nmis]
back:
    pop rcx
    pop r11
    or byte [rsp + 8], 3
    iretq
