; The page of gate.h. A stub leaves all registers to its caller but rax, as the hypervisor's own do;
; iret's keeps rax too, and builds the frame that the call wants: r11 and rcx above rax.

%include "guest-offsets.inc"

%include "tests/guests/domain-destroy/gate.inc"

bits 64                         ; the guest's width, whatever that of the file is

global gate_page

section .rodata align=PAGE_SIZE
gate_page:
%assign number 0
%rep GATE_AT / XL_STUB_SIZE
    times number * XL_STUB_SIZE - ($ - gate_page) int3
    push rcx
    push r11
  %if number == __HYPERVISOR_iret
    push rax
  %endif
    mov eax, number
    call gate_pass
    syscall
    pop r11
    pop rcx
    ret
  %assign number number + 1
%endrep
    times GATE_AT - ($ - gate_page) int3

gate:
    GATE

; In: eax the call, rdi its first argument. May use rcx and r11.
gate_pass:
    mov ecx, 1
    lock xadd [rel gate.calls], rcx
    cmp rcx, [rel gate.limit]
    jae .stop
    ret
.stop:
    push rax
    push rdi
    push rsi
    push rdx
    push r10
    push r8
    push rcx
    mov [rel gate.number], rax
    mov [rel gate.argument], rdi
    mov qword [rel gate.stopped], 1
    mov eax, EVENT_CHANNEL_OP
    mov edi, EVTCHNOP_SEND
    lea rsi, [rel gate.port]
    syscall
.wait:
    pause
    cmp dword [rel gate.spins], 0
    jne .look
    mov eax, __HYPERVISOR_sched_op
    mov edi, SCHEDOP_YIELD
    xor esi, esi
    syscall
.look:
    mov rcx, [rsp]
    cmp rcx, [rel gate.limit]
    jae .wait
    pop rcx
    pop r8
    pop r10
    pop rdx
    pop rsi
    pop rdi
    pop rax
    ret
    times PAGE_SIZE - ($ - gate_page) int3
