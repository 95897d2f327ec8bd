; Every way into the hypervisor and every way back to a guest.
;
; 64-bit guests run in ring 3; what tells a guest's kernel from its user space is vcpu.kernel_mode. What
; is another for 32-bit guests, whose kernels are in ring 1, stands in entry32.asm. The
; stack is the CPU's (percpu.h). Whatever the way in, the frame ends up in the same place:
;
;       struct percpu      current, tss, ...
;       es ds fs gs        filled only when a vcpu is put aside
;       ss rsp rflags      pushed by the CPU, or by the syscall stub in the same form
;       cs rip
;       vector:error       error_code low, entry_vector high
;       rdi ... r11        what C calls may change
;       rbx ... r15        what C calls preserve
;   rsp ^  = &percpu.regs
;
; The trick on the hot path: a hypercall does not save rbx..r15, because C gives them back unchanged.
; Only who must *see* them (a report, a switch to another vcpu) fills that part of the frame in, from
; the registers, before it calls further. Interrupts are off throughout.

%include "hypervisor/cpu/entry.inc"

default rel

extern exception_table, hypercall_table
extern exception_in_hypervisor, bounce_upcall, guest_exit_work, iret_refused, syscall_bounce, syscall32_bounce
extern iret_load, page_fault_bounce, sysenter_bounce, trace_call, trace_result, trap_int80, trap_page_fault

section .text

; ---------------------------------------------------------------------------------------------------
; The stubs: the first page of every CPU's window. LSTAR and CSTAR point here.
; In: rcx = guest rip, r11 = guest rflags, everything else the guest's. No stack yet.
; `rel` addresses are offsets from this page, so the same bytes find each CPU's own data.

align 4096
global entry_stubs
entry_stubs:
%define WINDOW(offset) rel entry_stubs + (offset)
%define WINDOW_PERCPU(field) WINDOW(PERCPU_AREA_BYTES - PERCPU_SIZE + (field))

%macro SYSCALL_STUB 2 ; code selector of the caller, the field that says where to go on
    mov [WINDOW_PERCPU(PERCPU_syscall_rsp)], rsp
    lea rsp, [WINDOW_PERCPU(PERCPU_regs + REGS_es)]
    push FLAT_RING3_SS64
    push qword [WINDOW_PERCPU(PERCPU_syscall_rsp)]
    push r11
    push %1
    push rcx
    push FRAME_SYSCALL
    jmp [WINDOW_PERCPU(%2)] ; no register is free, and this page is not where it was linked
%endmacro

    SYSCALL_STUB FLAT_RING3_CS64, PERCPU_syscall_entry
align 64
global entry_stub_compat
entry_stub_compat:
    SYSCALL_STUB FLAT_RING3_CS32, PERCPU_syscall32_entry
align 4096

; ---------------------------------------------------------------------------------------------------
; Back to the instruction after a syscall; rax is the guest's already. SYSRET to a non-canonical address
; would fault in ring 0 on the guest's stack (the hole at the end of the lower half is reached by a syscall
; in the very last bytes below it): then go to %1, with rax, rbx..r15 and the frame as they were.

%macro SYSRET_TO_GUEST 1
    mov rcx, [rsp + REGS_rip]
    mov r11, rcx
    shl r11, 16
    sar r11, 16
    cmp r11, rcx
    jne %1
    SYSRET_REGISTERS
%endmacro

; The same when rip is what syscall itself left: there is but one such address that is not canonical,
; 1 << 47.
%macro SYSRET_AFTER_SYSCALL 1
    mov rcx, [rsp + REGS_rip]
    mov r11, rcx
    sar r11, 47
    dec r11
    jz %1
    SYSRET_REGISTERS
%endmacro

%macro SYSRET_REGISTERS 0
    mov rdi, [rsp + REGS_rdi]
    mov rsi, [rsp + REGS_rsi]
    mov rdx, [rsp + REGS_rdx]
    mov r8, [rsp + REGS_r8]
    mov r9, [rsp + REGS_r9]
    mov r10, [rsp + REGS_r10]
    mov r11, [rsp + REGS_rflags]
    mov rsp, [rsp + REGS_rsp]
    o64 sysret
%endmacro

; ---------------------------------------------------------------------------------------------------
; syscall: a hypercall when the guest's kernel is running, a system call to bounce when its user space.

align 16
global syscall_entry
syscall_entry:
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov rcx, [rsp + PERCPU_running]
    cmp byte [rcx + VCPU_kernel_mode], 0
    je user_syscall
    cmp eax, XL_CALL_LIMIT
    jae .unknown
    CALL_DISPATCH hypercall_table
.done: ; rax = the result
    PATH_END
    mov rcx, [rsp + PERCPU_running]
    cmp dword [rcx + VCPU_work], 0
    jne hypercall_work
    mov rcx, [rcx + VCPU_info] ; a guest that unmasks by itself asks for its upcall by any hypercall
    cmp byte [rcx + VCPU_INFO_upcall_pending], 0
    jne hypercall_event
.return:
    SYSRET_AFTER_SYSCALL hypercall_slow_return
.unknown:
    mov rax, -XEN_ENOSYS
    jmp .done

; The same while calls are recorded (debug/trace_call.c): percpu.syscall_entry leads here. C looks
; before the call and after it, but does not make it: HYPERVISOR_iret finds the frame behind its
; return address, and does not come back.
align 16
global syscall_entry_traced
syscall_entry_traced:
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov rcx, [rsp + PERCPU_running]
    cmp byte [rcx + VCPU_kernel_mode], 0
    je user_syscall
    cmp eax, XL_CALL_LIMIT
    jae syscall_entry.unknown
    mov rdi, rsp
    call trace_call
    mov rax, [rsp + REGS_rax]
    mov rdi, [rsp + REGS_rdi]
    mov rsi, [rsp + REGS_rsi]
    mov rdx, [rsp + REGS_rdx]
    mov r10, [rsp + REGS_r10]
    mov r8, [rsp + REGS_r8]
    mov r9, [rsp + REGS_r9] ; no argument, but hc_iret leaves the guest's where it is
    mov rcx, [rsp + PERCPU_running]
    CALL_DISPATCH hypercall_table
    mov rdi, rax
    call trace_result ; which is its answer, too
    jmp syscall_entry.done

hypercall_slow_return:
    mov [rsp + REGS_rax], rax
    SAVE_PRESERVED
    jmp restore_iret

; Something is to be done before the guest runs again: complete the frame, do it, return the long way.
; But an event that the guest sent itself, or let in, is an upcall and no more, and that is bounced like
; its processes' system calls.
;   rcx = the vcpu
hypercall_work:
    cmp dword [rcx + VCPU_work], WORK_EVENT
    jne hypercall_work_long
    lock and dword [rcx + VCPU_work], ~WORK_EVENT
    mov rcx, [rcx + VCPU_info]
    cmp byte [rcx + VCPU_INFO_upcall_pending], 0
    je syscall_entry.return
hypercall_event: ; rcx = the vcpu's info
    cmp byte [rcx + VCPU_INFO_upcall_mask], 0
    jne syscall_entry.return
    mov [rsp + REGS_rax], rax
    mov rdi, rsp
    call bounce_upcall
    jmp volatile_frame_return
hypercall_work_long:
    mov [rsp + REGS_rax], rax
global volatile_frame_work
volatile_frame_work:
    SAVE_PRESERVED
    jmp exit_work

; The guest's user space called its kernel. rbx..r15 are still the guest's.
user_syscall:
    mov rdi, rsp
    call syscall_bounce
    jmp volatile_frame_return

align 16
global syscall32_entry
syscall32_entry:
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov rdi, rsp
    call syscall32_bounce
    jmp volatile_frame_return

; sysenter: RSP is loaded from an MSR, the address of percpu.regs.es, and of the flags only IF, VM and RF
; are cleared. Neither the guest's rip nor its rsp is known: the ABI leaves that to the guest. Till its flags
; are saved, a guest that single-steps raises #DB here (trap_debug_in_hypervisor).
align 16
global sysenter_entry, sysenter_flags_saved
sysenter_entry:
    push FLAT_RING3_SS64
    push 0
    pushfq
sysenter_flags_saved:
    push 3 ; cs: a null selector of ring 3
    push 0
    push 0
    push RFLAGS_MBS
    popfq ; NT would make iretq fault, AC open the window, DF and TF mislead us
    or dword [rsp + REGS_rflags - REGS_error_code], RFLAGS_IF
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    mov rdi, rsp
    call sysenter_bounce
    jmp volatile_frame_iret ; a 32-bit guest may not leave by SYSRET, whatever its selector is

; HYPERVISOR_iret, called through hypercall_table like any other; but its result is a whole frame, so it
; never returns to its caller. The guest's stack holds
;       rax r11 rcx flags | rip cs rflags rsp ss        (struct iret_context)
;
; The returns that every kernel makes stay here: within itself, to user space from an exception, and to
; user space from a system call (which uses SYSRET). The registers that syscall_entry pushed are still in
; place, so they are not popped. Any other case and every fault start over in iret_load, which reads
; everything anew; therefore the frame's own rsp is replaced last, and the mode after all reading is done.
;   rcx = vcpu, rax = the guest's stack, rdx and r11 = scratch
%macro IRET_GET 2 ; register, field
%%load:
    mov %1, [rax + IRET_%2]
    EX_TABLE %%load, hc_iret.fault
%endmacro

%define REGS(field) rsp + 8 + REGS_%+field ; past the return address

; The guest's IF is the upcall mask; privileges are not its to set. Uses rdx and r11.
%macro IRET_FLAGS 0
    IRET_GET rdx, rflags
    mov r11, [rcx + VCPU_info]
    bt edx, RFLAGS_IF_BIT
    setnc [r11 + VCPU_INFO_upcall_mask]
    cmp byte [r11 + VCPU_INFO_upcall_pending], 0
    jne hc_iret.close
    and edx, ~(RFLAGS_IOPL | RFLAGS_VM)
    or edx, RFLAGS_IF
    mov [REGS(rflags)], rdx
%endmacro

; To the tables and the GS base of the guest's user space, which are there. Uses rdx.
%macro ENTER_USER 0
    mov rdx, [rsp + 8 + PERCPU_running]
    mov byte [rdx + VCPU_kernel_mode], 0
    mov rdx, [rdx + VCPU_root_user]
    swapgs
    mov cr3, rdx
%endmacro

; r11 = the new cs. Afterwards rax, rcx and r11 are the guest's, rdx is the new rsp, the window closed.
%macro IRET_COPY 0
    mov [REGS(cs)], r11w
    IRET_GET rdx, rip
    mov [REGS(rip)], rdx
    IRET_GET rdx, ss
    or edx, 3
    mov [REGS(ss)], dx
    IRET_FLAGS
    IRET_GET rcx, rcx
    IRET_GET r11, r11
    IRET_GET rdx, rsp
    IRET_GET rax, rax
    SMAP_CLOSE
%endmacro

align 16
global hc_iret
hc_iret:
    mov rcx, [rsp + 8 + PERCPU_running]
    cmp byte [rcx + VCPU_iret_careful], 0
    jne .careful
    cmp dword [rcx + VCPU_work], 0
    jne .careful
    mov rax, [REGS(rsp)]
    mov r11, DIRECTMAP_VIRT_END
    cmp rax, r11
    jb .careful ; below the hypervisor, or in it
    SMAP_OPEN
    IRET_GET r11, flags
    test r11d, VGCF_in_syscall
    jnz .to_syscall
    IRET_GET r11, cs
    mov edx, r11d
    and edx, 3
    cmp edx, 3
    je .to_user
    or r11d, 3
    IRET_COPY
    mov [REGS(rsp)], rdx
    mov rdx, [REGS(rdx)]
    lea rsp, [REGS(rip)]
    jmp guest_iret
.to_user:
    cmp qword [rcx + VCPU_root_user], 0
    je .close
    IRET_COPY
    mov [REGS(rsp)], rdx
    ENTER_USER
    mov rdx, [REGS(rdx)]
    lea rsp, [REGS(rip)]
    jmp guest_iret
.to_syscall: ; where SYSRET can go: to 64-bit user space, at an address that is one
    IRET_GET r11, cs
    cmp r11w, FLAT_RING3_CS64 ; above it may stand the mask that a bounce left
    jne .close
    cmp qword [rcx + VCPU_root_user], 0
    je .close
    IRET_GET rdx, rip
    mov r11, rdx
    shl r11, 16
    sar r11, 16
    cmp r11, rdx
    jne .close
    mov [REGS(rip)], rdx
    IRET_FLAGS
    IRET_GET rdx, rsp
    IRET_GET rax, rax
    SMAP_CLOSE
    mov [REGS(rsp)], rdx
    ENTER_USER
    mov rcx, [REGS(rip)]
    mov rdx, [REGS(rdx)]
    mov r11, [REGS(rflags)]
    mov rsp, [REGS(rsp)]
    o64 sysret
.fault:
.close:
    SMAP_CLOSE
.careful:
    add rsp, 8
    mov rdi, rsp
    call iret_load ; sets WORK_EVENT if an upcall is due
    test dword [rsp + REGS_error_code], FRAME_SYSCALL
    jz volatile_frame_iret

; The frame's rcx and r11 may be lost: SYSRET, unless its selector or its target forbid.
volatile_frame_return:
    PATH_END
    mov rcx, [rsp + PERCPU_running]
    cmp dword [rcx + VCPU_work], 0
    jne volatile_frame_work
    cmp word [rsp + REGS_cs], FLAT_RING3_CS64
    jne .iret
    mov rax, [rsp + REGS_rax]
    SYSRET_TO_GUEST .iret
.iret:
    add rsp, PRESERVED_BYTES
    jmp restore_volatile_iret

; The same for a frame whose rcx and r11 matter, or where fewer instructions beat a faster one.
global volatile_frame_iret
volatile_frame_iret:
    PATH_END
    mov rcx, [rsp + PERCPU_running]
    cmp dword [rcx + VCPU_work], 0
    jne volatile_frame_work
    add rsp, PRESERVED_BYTES
global restore_volatile_iret
restore_volatile_iret:
    pop r11
    pop r10
    pop r9
    pop r8
    pop rax
    pop rcx
    pop rdx
    pop rsi
    pop rdi
    add rsp, 8 ; vector and error code
global guest_iret
guest_iret:
    iretq
    EX_TABLE guest_iret, guest_iret_failed

; iretq refused the guest's frame (a bad selector, a non-canonical rip). The fault left the frame
; where it was and the registers the guest's: make it a full frame again, with the fault's vector and
; error code, and tell the guest.
guest_iret_failed:
    push qword [rsp - REGS_rip + PERCPU_iret_fault]
    PUSH_VOLATILE
    PUSH_PRESERVED
    mov rdi, rsp
    call iret_refused
    ; fall through

; ---------------------------------------------------------------------------------------------------
; The long way back: a complete frame.

global exit_to_guest
exit_to_guest:
    PATH_END
    mov rcx, [rsp + PERCPU_running]
    cmp dword [rcx + VCPU_work], 0
    jne exit_work
global restore_iret
restore_iret:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    jmp restore_volatile_iret

exit_work:
    mov rdi, rsp
    call guest_exit_work ; may have made another vcpu current, with its registers in this frame
    jmp exit_to_guest

; Start the current vcpu for the first time on this CPU: its registers are in percpu.regs.
;   rdi = the CPU's struct percpu. Leaves whatever stack was in use. Never returns.
global guest_enter
guest_enter:
    lea rsp, [rdi + PERCPU_regs]
    jmp exit_to_guest

; ---------------------------------------------------------------------------------------------------
; Exceptions and interrupts: one stub for each vector, 16 bytes apart (cpu/tables.c relies on it).
; The CPU has pushed ss, rsp, rflags, cs, rip and, for some vectors, an error code.

align 16
global exception_stubs
exception_stubs:
%assign vec 0
%rep 256
align 16
%if vec < 32 && HAS_ERROR_CODE(vec)
%else
    push 0
%endif
    mov dword [rsp + 4], vec
%if vec == 14
    jmp page_fault_entry
%elif vec == VECTOR_GUEST_INT80
    jmp int80_entry
%else
    jmp exception_entry
%endif
%assign vec vec + 1
%endrep

align 16
page_fault_entry:
    PAGE_FAULT_ENTRY page_fault_bounce

; The system call of many guests. It comes from ring 3 only, and nobody looks at rbx..r15.
align 16
int80_entry:
    cld
    SMAP_CLOSE
    PUSH_VOLATILE
    sub rsp, PRESERVED_BYTES
    PATH_BEGIN
    mov rdi, rsp
    call trap_int80
    jmp volatile_frame_iret

align 16
exception_entry:
    cld
    SMAP_CLOSE
global exception_saved
exception_saved: ; the hardware's frame, vector and error code are in place
    PUSH_VOLATILE
    PUSH_PRESERVED
    mov rdi, rsp
    test byte [rsp + REGS_cs], 3
    jz from_hypervisor
    PATH_BEGIN
    movzx eax, byte [rsp + REGS_entry_vector]
    lea rcx, [exception_table]
    call [rcx + rax * 8]
    jmp exit_to_guest

global from_hypervisor
; The hypervisor itself faulted: in an access to guest memory (the exception table knows) or by its own
; error (that does not return). The CPU pushed ss:rsp too, as always in long mode.
from_hypervisor:
    call exception_in_hypervisor
    jmp restore_iret
