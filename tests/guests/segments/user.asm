; Segments as the CPU sees them: loads of every register, and words read through fs and gs.

default rel
global user_code, user_code_end, user_gs_word, user_gs_selector, user_fs_word
global load_ds, load_es, load_fs, load_gs, load_ss, load_cs, read_selectors
global fs_word, gs_word

section .user_text exec progbits align=4096
user_code:
user_gs_word:
    mov rax, [gs:0]
    syscall
user_fs_word:
    mov rax, [fs:0]
    syscall
user_gs_selector:
    mov eax, gs
    syscall
user_code_end:

section .text
; void load_X(void *selector)
load_ds:
    mov ds, di
    ret
load_es:
    mov es, di
    ret
load_fs:
    mov fs, di
    ret
load_gs:
    mov gs, di
    ret
load_ss:
    mov eax, ss
    mov ss, di
    mov ss, ax
    ret
; Runs one instruction in the code segment and comes back.
load_cs:
    mov eax, cs
    push rax
    lea rax, [.back]
    push rax
    push rdi
    lea rax, [.there]
    push rax
    retfq
.there:
    retfq
.back:
    ret

; void read_selectors(u16 out[4]): ds es fs gs
read_selectors:
    mov [rdi], ds
    mov [rdi + 2], es
    mov [rdi + 4], fs
    mov [rdi + 6], gs
    ret

; void fs_word(u64 *out), gs_word(u64 *out)
fs_word:
    mov rax, [fs:0]
    mov [rdi], rax
    ret
gs_word:
    mov rax, [gs:0]
    mov [rdi], rax
    ret
