; As x86_64/pieces.asm.

extern upcalls, nmis, info_of_1
global upcall_entry, nmi_entry

section .text

; eip cs eflags on the stack
upcall_entry:
    push eax
    mov eax, [info_of_1]
    mov byte [eax], 0      ; evtchn_upcall_pending
    mov dword [eax + 4], 0 ; evtchn_pending_sel
    pop eax
    inc dword [upcalls]
    iret

nmi_entry:
    inc dword [nmis]
    iret
