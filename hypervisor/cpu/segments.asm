; void segments_load(u16 cs, u16 ds): after lgdt, make the segment registers point into the new table.
; FS and GS get the null selector: they are the guest's.
section .text
global segments_load
segments_load:
    mov ds, esi
    mov es, esi
    mov ss, esi
    xor eax, eax
    mov fs, eax
    mov gs, eax
    pop rax
    movzx edi, di
    push rdi
    push rax
    retfq

; void run_on_stack(void *top, void (*fn)(const struct boot_info *), const struct boot_info *info)
global run_on_stack
run_on_stack:
    mov rsp, rdi
    xor ebp, ebp
    mov rdi, rdx
    call rsi
    ud2
