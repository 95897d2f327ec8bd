; The stores of this test: store_table lists a name and a piece of code for each. A piece runs with
; rdi = the entry, and rax, rcx, rdx, rsi, r9 as store_run's caller wants them; what it leaves there and
; in the arithmetic flags is kept. rbx and r12 are store_run's own.

default rel
bits 64
global store_table, taking_store, store_run
extern static_entries

section .data
align 8
store_table:

%macro store 1
section .rodata
%%text: db %str(%1), 0
section .data
    dq %%text, store_%1
section .text
store_%1:
%endmacro

; void store_run(u64 registers[7], void (*piece)(void)); registers: rdi rax rcx rdx rsi r9 flags
section .text
store_run:
    push rbx
    push r12
    mov rbx, rdi
    mov r12, rsi
    mov rdi, [rbx]
    mov rax, [rbx + 8]
    mov rcx, [rbx + 16]
    mov rdx, [rbx + 24]
    mov rsi, [rbx + 32]
    mov r9, [rbx + 40]
    push qword [rbx + 48]
    popfq
    call r12
    pushfq
    pop qword [rbx + 48]
    cld
    mov [rbx], rdi
    mov [rbx + 8], rax
    mov [rbx + 16], rcx
    mov [rbx + 24], rdx
    mov [rbx + 32], rsi
    mov [rbx + 40], r9
    pop r12
    pop rbx
    ret

; (x86_32/stores.asm has those pieces of the same names that 32-bit code can say.)
;
; Each operation with a register of each width, and then with an immediate.
%macro alu 1
store %1_8
    %1 [rdi], al
    ret
store %1_16
    %1 [rdi + 2], cx
    ret
store %1_32
    %1 [rdi + 4], edx
    ret
store %1_64
    %1 [rdi], rax
    ret
store %1_high_byte
    %1 [rdi + 3], ah
    ret
store %1_byte_of_rsi
    %1 [rdi + 7], sil
    ret
store %1_r9
    %1 [rdi], r9
    ret
store %1_8_immediate
    %1 byte [rdi + 1], 0x96
    ret
store %1_16_immediate
    %1 word [rdi + 6], 0x8765
    ret
store %1_32_immediate
    %1 dword [rdi], 0x87654320
    ret
store %1_64_immediate
    %1 qword [rdi], -0x12345680
    ret
%endmacro

%macro alu_short 1
store %1_16_short
    %1 word [rdi + 2], -2
    ret
store %1_32_short
    %1 dword [rdi + 4], -2
    ret
store %1_64_short
    %1 qword [rdi], -2
    ret
store %1_locked
    lock %1 [rdi], rax
    ret
store %1_locked_immediate
    lock %1 byte [rdi], 0x10
    ret
store %1_with_carry_set
    stc
    %1 [rdi], rax
    ret
%endmacro

    alu mov
%macro arithmetic 1-*
%rep %0
    alu %1
    alu_short %1
%rotate 1
%endrep
%endmacro
    arithmetic add, or, adc, sbb, and, sub, xor

%macro exchanging 1
store %1_8
    %1 [rdi + 1], al
    ret
store %1_high_byte
    %1 [rdi + 1], dh
    ret
store %1_16
    %1 [rdi + 2], ax
    ret
store %1_32
    %1 [rdi + 4], eax
    ret
store %1_64
%ifidn %1, xchg
taking_store:
%endif
    %1 [rdi], rax
    ret
store %1_64_locked
    lock %1 [rdi], rax
    ret
store %1_r9
    %1 [rdi], r9
    ret
%endmacro
    exchanging xchg
    exchanging xadd
store xchg_base
    xchg [rdi], rdi
    ret

; cmpxchg compares with rax: first loaded from the entry, so that it fits, then not.
%macro comparing 3 ; name, what is compared, source
store cmpxchg_%1
    mov %2, [rdi]
    cmpxchg [rdi], %3
    ret
store cmpxchg_%1_locked
    mov %2, [rdi]
    lock cmpxchg [rdi], %3
    ret
store cmpxchg_%1_differs
    cmpxchg [rdi], %3
    ret
%endmacro
    comparing 8, al, cl
    comparing 16, ax, cx
    comparing 32, eax, edx
    comparing 64, rax, rdx

; The one of 8 bytes that 32-bit code has: edx and eax are compared, ecx and ebx stored.
%macro comparing_eight_bytes 1-2 ; name, prefix
store cmpxchg8b%1
    push rbx
    mov eax, [rdi]
    mov edx, [rdi + 4]
    mov ecx, 0x12345678
    mov ebx, 0x9abcdef0
    %2 cmpxchg8b [rdi]
    pop rbx
    ret
store cmpxchg8b%1_differs
    push rbx
    mov eax, [rdi]
    mov edx, 5
    mov ecx, 0x12345678
    mov ebx, 0x9abcdef0
    %2 cmpxchg8b [rdi]
    pop rbx
    ret
%endmacro
    comparing_eight_bytes _plain
    comparing_eight_bytes _locked, lock

%macro unary 1-*
%rep %0
store %1_8
    %1 byte [rdi + 1]
    ret
store %1_16
    %1 word [rdi + 2]
    ret
store %1_32
    %1 dword [rdi + 4]
    ret
store %1_64_at_4 ; the whole would set bit 0
    lock %1 dword [rdi + 4]
    ret
store %1_with_carry_set
    stc
    %1 word [rdi + 6]
    ret
%rotate 1
%endrep
%endmacro
    unary inc, dec, not, neg
store neg_64
    neg qword [rdi]
    ret

%macro bits_of 1-*
%rep %0
store %1_16
    mov eax, 9
    %1 [rdi], ax
    ret
store %1_32
    mov eax, 30
    %1 [rdi], eax
    ret
store %1_32_beyond
    mov eax, 33
    %1 [rdi], eax
    ret
store %1_32_before
    mov eax, -31
    %1 [rdi + 4], eax
    ret
store %1_64
    mov eax, 62
    %1 [rdi], rax
    ret
store %1_64_next_entry
    mov eax, 64 + 62
    %1 [rdi], rax
    ret
store %1_16_immediate
    %1 word [rdi], 12
    ret
store %1_32_immediate
    %1 dword [rdi], 31 - 12
    ret
store %1_64_immediate_locked
    lock %1 qword [rdi], 45
    ret
%rotate 1
%endrep
%endmacro
    bits_of bts, btr, btc

store stosb
    stosb
    ret
store stosw
    stosw
    ret
store stosd
    stosd
    ret
store stosq
    stosq
    ret
store rep_stosq
    mov ecx, 3
    rep stosq
    ret
store rep_stosd
    mov ecx, 3
    rep stosd
    ret
store rep_stosb_backwards
    mov ecx, 6
    add rdi, 7
    std
    rep stosb
    ret
store stosd_of_32_bit_address ; none is mapped there: a fault like any other
    a32 stosd
    ret
store movsb
    movsb
    ret
store movsq
    movsq
    ret
store rep_movsw
    mov ecx, 5
    rep movsw
    ret
store rep_movsq_backwards
    mov ecx, 2
    std
    add rdi, 8
    add rsi, 8
    rep movsq
    ret

; Ways to name the entry.
store address_base_index_8
    mov r9d, 5
    sub rdi, 5 * 8
    mov [rdi + r9 * 8], rax
    ret
store address_displacement_8
    sub rdi, 0x40
    mov [rdi + 0x40], rax
    ret
store address_displacement_32
    sub rdi, 0x12345678
    mov [rdi + 0x12345678], rax
    ret
store address_negative
    add rdi, 0x78
    mov [rdi - 0x78], rax
    ret
store address_r12
    push r12
    mov r12, rdi
    mov [r12], rax
    pop r12
    ret
store address_r13
    push r13
    mov r13, rdi
    mov [r13], rax
    pop r13
    ret
store address_rbp_and_index
    push rbp
    mov rbp, rdi
    xor r9d, r9d
    mov [rbp + r9], rax
    pop rbp
    ret
store address_index_only
    mov r9, rdi
    shr r9, 1
    mov [r9 * 2], rax
    ret
store address_r12_as_index
    push r12
    mov r12d, 2
    mov [rdi + r12 * 4 - 8], rax
    pop r12
    ret
store address_rip
    mov [rel static_entries + 8 * 8], rax
    ret
store address_rip_immediate
    mov qword [rel static_entries + 8 * 8], 0x12345670
    ret
store address_rip_32
    a32 mov [rel static_entries + 8 * 8], rax
    ret
store address_absolute
    mov [abs static_entries + 8 * 8], rax
    ret
store address_stack
    mov r9, rsp
    mov rsp, rdi
    mov [rsp], rax
    mov rsp, r9
    ret
store address_ds
    db 0x3e
    mov [rdi], rax
    ret
store address_ss_rep
    db 0x36, 0xf3
    mov [rdi], eax
    ret
store address_fs
    fs mov [rdi], rax
    ret
store rex_that_does_not_count
    db 0x48, 0x66, 0x89, 0x07 ; mov [rdi], ax: the REX prefix is not the last
    ret
store fifteen_bytes
    times 4 db 0x2e
    mov qword [rdi + 0x7ffffff0 - 0x7ffffff0], strict dword 0x12345670
    ret

; Not aligned to their width.
store misaligned_64
    mov [rdi + 4], rax
    ret
store misaligned_32
    mov [rdi + 2], eax
    ret
store misaligned_16
    mov [rdi + 1], ax
    ret
store misaligned_16_across
    mov [rdi + 7], ax
    ret
store misaligned_add
    add [rdi + 4], rax
    ret

store rep_stosq_stepped
    mov ecx, 3
    pushfq
    or qword [rsp], 0x100
    popfq
    rep stosq
    nop
    ret
store movsq_fs
    fs movsq
    ret
store stosq_fs
    db 0x64
    stosq
    ret
store single_step
    pushfq
    or qword [rsp], 0x100
    popfq
    mov [rdi], rax
    nop
    ret

; Not stores, or only sometimes.
store cmp_reads
    cmp [rdi], rax
    ret
store test_reads
    test [rdi], rax
    ret

section .data
    dq 0, 0
section .note.GNU-stack noalloc noexec nowrite progbits
