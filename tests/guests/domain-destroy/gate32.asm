; The page of gate.h for a 32-bit guest. A stub leaves all registers to its caller but eax; iret's pushes
; it, as the call wants. Nobody knows where the guest has the page: the address of .here is the base of
; all that is read and written. Of struct gate's words the low halves are enough.

%include "guest-offsets.inc"
%include "tests/guests/domain-destroy/gate.inc"

bits 32

global gate_page_32

section .rodata align=PAGE_SIZE
gate_page_32:
%assign number 0
%rep GATE_AT / XL_STUB_SIZE
    times number * XL_STUB_SIZE - ($ - gate_page_32) int3
  %if number == __HYPERVISOR_iret
    push eax
  %endif
    mov eax, number
    call gate_pass
    int 0x82
    ret
  %assign number number + 1
%endrep
    times GATE_AT - ($ - gate_page_32) int3

gate:
    GATE

%define OF(field) (gate %+ field - gate_pass.here)

; In: eax the call, ebx its first argument.
gate_pass:
    push ecx
    push edx
    call .here
.here:
    pop ecx
    mov edx, 1
    lock xadd [ecx + OF(.calls)], edx
    cmp edx, [ecx + OF(.limit)]
    jae .stop
    pop edx
    pop ecx
    ret
.stop:
    push eax
    push ebx
    push esi
    mov esi, ecx
    mov [esi + OF(.number)], eax
    mov [esi + OF(.argument)], ebx
    mov dword [esi + OF(.stopped)], 1
    mov eax, EVENT_CHANNEL_OP
    mov ebx, EVTCHNOP_SEND
    lea ecx, [esi + OF(.port)]
    int 0x82
.wait:
    pause
    cmp dword [esi + OF(.spins)], 0
    jne .look
    mov eax, __HYPERVISOR_sched_op
    mov ebx, SCHEDOP_YIELD
    xor ecx, ecx
    int 0x82
.look:
    cmp edx, [esi + OF(.limit)]
    jae .wait
    pop esi
    pop ebx
    pop eax
    pop edx
    pop ecx
    ret
    times PAGE_SIZE - ($ - gate_page_32) int3
