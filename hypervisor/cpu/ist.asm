; Exceptions with stacks of their own: NMI, double fault, machine check, debug. They may strike between
; any two instructions, with whatever is in RSP.
;
; From the hypervisor they are handled on their own stack and return to where they struck. From a guest,
; though, the main stack is empty, and the frame moves there: what follows is an exception like others,
; whose way back may be refused by the guest's own selectors.

%include "hypervisor/cpu/entry.inc"

default rel

extern trap_nmi, trap_double_fault, trap_machine_check, trap_debug_in_hypervisor
extern exception_saved, restore_iret

section .text

%macro IST_ENTRY 3 ; name, vector, handler when it struck the hypervisor
align 16
global %1
%1:
%if !HAS_ERROR_CODE(%2)
    push 0
%endif
    mov dword [rsp + 4], %2
    cld
    SMAP_CLOSE
    test byte [rsp + REGS_cs - REGS_error_code], 3
    jnz ist_from_guest
    PUSH_VOLATILE
    PUSH_PRESERVED
    mov rdi, rsp
    call %3
    jmp restore_iret
%endmacro

    IST_ENTRY nmi_entry, 2, trap_nmi
    IST_ENTRY double_fault_entry, 8, trap_double_fault
    IST_ENTRY machine_check_entry, 18, trap_machine_check
    IST_ENTRY debug_entry, 1, trap_debug_in_hypervisor

%macro FRAME_MOVE 1 ; one word of the hardware's frame, from above the two pushed registers
    mov rax, [rsp + 16 + %1 - REGS_error_code]
    mov [rcx + %1], rax
%endmacro

ist_from_guest:
    push rax
    push rcx
    mov rcx, rsp
    or rcx, PERCPU_AREA_BYTES - 1
    sub rcx, PERCPU_SIZE - 1
    add rcx, PERCPU_regs ; where the frame belongs
    FRAME_MOVE REGS_error_code
    FRAME_MOVE REGS_rip
    FRAME_MOVE REGS_cs
    FRAME_MOVE REGS_rflags
    FRAME_MOVE REGS_rsp
    FRAME_MOVE REGS_ss
    mov rax, [rsp] ; the guest's rcx, by way of a slot that is about to be written anyway
    mov [rcx + REGS_rdi], rax
    mov rax, [rsp + 8]
    lea rsp, [rcx + REGS_rdi]
    pop rcx
    jmp exception_saved
