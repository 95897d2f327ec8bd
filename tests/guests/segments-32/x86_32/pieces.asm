; Segment registers loaded and looked at, the failsafe callback that looks at its frame, the place that is
; interrupted, and user code.

%include "guest-offsets.inc"

extern failsafe
global load_ds, load_es, load_fs, load_gs, load_ss, fs_word, gs_word, selectors_load, selectors_read
global failsafe_entry, yield_here, yield_done, user_code, user_code_end, user_spin, user_spinning

FRAME_WORDS equ 9
AFTER       equ (FRAME_WORDS + 1) * 4 + 4 ; struct failsafe, in main.c: count, words, place, after

section .text

; void load_X(void *selector)
%macro LOAD 1
load_%1:
    mov eax, [esp + 4]
    mov %1, eax
    ret
%endmacro
    LOAD ds
    LOAD es
    LOAD fs
    LOAD gs
load_ss:
    mov eax, [esp + 4]
    mov ecx, ss
    mov ss, eax
    mov ss, ecx
    ret

; void fs_word(u32 *out), gs_word(u32 *out)
fs_word:
    mov edx, [esp + 4]
    mov eax, [fs:0]
    mov [edx], eax
    ret
gs_word:
    mov edx, [esp + 4]
    mov eax, [gs:0]
    mov [edx], eax
    ret

; void selectors_load(const u16 in[4]), selectors_read(u16 out[4]): ds es fs gs
selectors_load:
    mov eax, [esp + 4]
    mov es, [eax + 2]
    mov fs, [eax + 4]
    mov gs, [eax + 6]
    mov ds, [eax]
    ret
selectors_read:
    mov eax, [esp + 4]
    mov [eax], ds
    mov [eax + 2], es
    mov [eax + 4], fs
    mov [eax + 6], gs
    ret

; On the stack, from the top: ds es fs gs eip cs eflags [esp ss]
failsafe_entry:
    push eax
    push ebx
    mov ebx, ds
    mov eax, FLAT_KERNEL_DS
    mov ds, eax
    mov [failsafe + AFTER], bx
    mov [failsafe + AFTER + 2], es
    mov [failsafe + AFTER + 4], fs
    mov [failsafe + AFTER + 6], gs
    mov es, eax
%assign i 0
%rep FRAME_WORDS
    mov eax, [esp + 8 + i * 4]
    mov [failsafe + 4 + i * 4], eax
    %assign i i + 1
%endrep
    lea eax, [esp + 8]
    mov [failsafe + 4 + FRAME_WORDS * 4], eax
    inc dword [failsafe]
    pop ebx
    pop eax
    add esp, 4 * 4
    iretd

; bool yield_here(u32 esp): SCHEDOP_yield on that stack; true if no register was lost.
yield_here:
    mov eax, [esp + 4]
    push ebx
    push ebp
    push esi
    push edi
    mov ebp, esp
    mov esp, eax
    mov edx, 0x1234567
    mov esi, 0x7654321
    mov edi, 0x2345678
    mov eax, __HYPERVISOR_sched_op
    xor ebx, ebx        ; SCHEDOP_yield
    xor ecx, ecx
    int 0x82
yield_done:
    mov esp, ebp
    xor edx, 0x1234567
    xor esi, 0x7654321
    xor edi, 0x2345678
    or eax, edx
    or eax, esi
    or eax, edi
    or eax, ebx
    or eax, ecx
    sete al
    movzx eax, al
    pop edi
    pop esi
    pop ebp
    pop ebx
    ret

align 4096
user_code:
user_spin: ; eax = a selector, ebx = a word to wait for
    mov es, eax
    mov ecx, FLAT_USER_DS
    mov ds, ecx
    mov dword [ebx], 1
user_spinning:
    cmp dword [ebx + 8], 0
    je user_spinning
    int 0x80
user_code_end:
