; Loops around one way in and out each. A loop in the kernel answers the ticks of LOOPS rounds; one in a
; process leaves them in esi and divides by zero.

%include "guest-offsets.inc"

extern hypercall_page, shared_info
global loop_empty, loop_call, loop_ud2, loop_iret, loop_upcall
global user_code, user_code_end, user_empty, user_int80, user_fault
global handle_ud2, handle_native, handle_by_call, handle_fault, handle_upcall

LOOPS       equ 400
NUMBER      equ 17      ; __HYPERVISOR_xen_version, XENVER_version
IRET_CALL   equ hypercall_page + __HYPERVISOR_iret * XL_STUB_SIZE

section .text

%macro begin 0
    push ebx
    push esi
    push edi
    mov edi, LOOPS
    rdtsc
    mov esi, eax
%endmacro

%macro end 0
    rdtsc
    sub eax, esi
    pop edi
    pop esi
    pop ebx
    ret
%endmacro

loop_empty:
    begin
.round:
    dec edi
    jnz .round
    end

loop_call:
    begin
    xor ebx, ebx
.round:
    mov eax, NUMBER
    int 0x82
    dec edi
    jnz .round
    end

loop_ud2:
    begin
.round:
    ud2
    dec edi
    jnz .round
    end

loop_iret: ; to the kernel itself
    begin
.round:
    pushfd
    push FLAT_KERNEL_CS
    push .next
    push eax
    mov eax, __HYPERVISOR_iret
    int 0x82
.next:
    dec edi
    jnz .round
    end

loop_upcall: ; pending, and let in by a call
    begin
    xor ebx, ebx
.round:
    mov ecx, [shared_info]
    mov word [ecx + VCPU_INFO_PENDING], 1 ; and not masked
    mov eax, NUMBER
    int 0x82
    dec edi
    jnz .round
    mov ecx, [shared_info]
    mov word [ecx + VCPU_INFO_PENDING], 0x100
    end

handle_ud2:
    add dword [esp], 2
handle_native:
    iretd
handle_by_call:
    push eax
    mov eax, __HYPERVISOR_iret
    int 0x82
handle_fault: ; of a load with two bytes, and an error code
    add esp, 4
    add dword [esp], 2
    iretd
handle_upcall:
    push eax
    mov eax, [ss:shared_info]
    mov byte [ss:eax + VCPU_INFO_PENDING], 0
    pop eax
    iretd

%macro user_loop 2+ ; name, what is measured
%1:
    mov edi, LOOPS
    xor ebx, ebx
    rdtsc
    mov esi, eax
%%round:
    %2
    dec edi
    jnz %%round
    rdtsc
    sub eax, esi
    mov esi, eax
    xor ecx, ecx
    div ecx
%endmacro

align 4096
user_code:
    user_loop user_empty, nop
    user_loop user_int80, int 0x80
    user_loop user_fault, mov al, [ebx]
user_code_end:
