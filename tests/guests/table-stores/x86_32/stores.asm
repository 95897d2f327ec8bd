; The stores of x86_64/stores.asm that 32-bit code can say, by the same names: the same row is wanted.
; So registers have 64 bits here, too. A piece runs with the lower halves; the upper ones stay in
; registers[], where a piece clears what 64-bit code clears by writing a register of 32 bits.

bits 32
global store_table, way_table, half_table, taking_store, store_run
extern static_entries

RDI_AT  equ 0
RAX_AT  equ 8
RCX_AT  equ 16
RDX_AT  equ 24
RSI_AT  equ 32
FLAGS_AT equ 48

section .data
align 4
store_table:

%macro store 1
section .rodata
%%text: db %str(%1), 0
section .data
    dd %%text, store_%1
section .text
store_%1:
%endmacro

%macro clear_upper 1
    mov dword [ebx + %1 + 4], 0
%endmacro

; void store_run(u64 registers[7], void (*piece)(void)); registers: rdi rax rcx rdx rsi r9 flags
section .text
store_run:
    push ebx
    push esi
    push edi
    push ebp
    mov ebx, [esp + 5 * 4]
    mov ebp, [esp + 6 * 4]
    mov edi, [ebx + RDI_AT]
    mov eax, [ebx + RAX_AT]
    mov ecx, [ebx + RCX_AT]
    mov edx, [ebx + RDX_AT]
    mov esi, [ebx + RSI_AT]
    push dword [ebx + FLAGS_AT]
    popfd
    call ebp
    pushfd
    pop dword [ebx + FLAGS_AT]
    cld
    mov [ebx + RDI_AT], edi
    mov [ebx + RAX_AT], eax
    mov [ebx + RCX_AT], ecx
    mov [ebx + RDX_AT], edx
    mov [ebx + RSI_AT], esi
    pop ebp
    pop edi
    pop esi
    pop ebx
    ret

; Each operation with a register of each width, and then with an immediate.
%macro alu 1
store %1_8
    %1 [edi], al
    ret
store %1_16
    %1 [edi + 2], cx
    ret
store %1_32
    %1 [edi + 4], edx
    ret
store %1_high_byte
    %1 [edi + 3], ah
    ret
store %1_8_immediate
    %1 byte [edi + 1], 0x96
    ret
store %1_16_immediate
    %1 word [edi + 6], 0x8765
    ret
store %1_32_immediate
    %1 dword [edi], 0x87654320
    ret
%endmacro

%macro alu_short 1
store %1_16_short
    %1 word [edi + 2], -2
    ret
store %1_32_short
    %1 dword [edi + 4], -2
    ret
store %1_locked_immediate
    lock %1 byte [edi], 0x10
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
    %1 [edi + 1], al
    ret
store %1_high_byte
    %1 [edi + 1], dh
    ret
store %1_16
    %1 [edi + 2], ax
    ret
store %1_32
    clear_upper RAX_AT
    %1 [edi + 4], eax
    ret
%endmacro
    exchanging xchg
    exchanging xadd

; cmpxchg compares with eax: first loaded from the entry, so that it fits, then not.
%macro comparing 3 ; name, what is compared, source
store cmpxchg_%1
    mov %2, [edi]
    cmpxchg [edi], %3
    ret
store cmpxchg_%1_locked
    mov %2, [edi]
    lock cmpxchg [edi], %3
    ret
store cmpxchg_%1_differs
    cmpxchg [edi], %3
    ret
%endmacro
    comparing 8, al, cl
    comparing 16, ax, cx
store cmpxchg_32
    clear_upper RAX_AT
    mov eax, [edi]
    cmpxchg [edi], edx
    ret
store cmpxchg_32_locked
    clear_upper RAX_AT
    mov eax, [edi]
    lock cmpxchg [edi], edx
    ret
store cmpxchg_32_differs
    clear_upper RAX_AT
    cmpxchg [edi], edx
    ret

%macro comparing_eight_bytes 1-2 ; name, prefix
store cmpxchg8b%1
    clear_upper RAX_AT
    clear_upper RCX_AT
    clear_upper RDX_AT
    push ebx
    mov eax, [edi]
    mov edx, [edi + 4]
    mov ecx, 0x12345678
    mov ebx, 0x9abcdef0
    %2 cmpxchg8b [edi]
    pop ebx
    ret
store cmpxchg8b%1_differs
    clear_upper RAX_AT
    clear_upper RCX_AT
    clear_upper RDX_AT
    push ebx
    mov eax, [edi]
    mov edx, 5
    mov ecx, 0x12345678
    mov ebx, 0x9abcdef0
    %2 cmpxchg8b [edi]
    pop ebx
    ret
%endmacro
    comparing_eight_bytes _plain
    comparing_eight_bytes _locked, lock

%macro unary 1-*
%rep %0
store %1_8
    %1 byte [edi + 1]
    ret
store %1_16
    %1 word [edi + 2]
    ret
store %1_32
    %1 dword [edi + 4]
    ret
store %1_64_at_4
    lock %1 dword [edi + 4]
    ret
store %1_with_carry_set
    stc
    %1 word [edi + 6]
    ret
%rotate 1
%endrep
%endmacro
    unary inc, dec, not, neg

%macro bits_of 1-*
%rep %0
store %1_16
    clear_upper RAX_AT
    mov eax, 9
    %1 [edi], ax
    ret
store %1_32
    clear_upper RAX_AT
    mov eax, 30
    %1 [edi], eax
    ret
store %1_32_beyond
    clear_upper RAX_AT
    mov eax, 33
    %1 [edi], eax
    ret
store %1_32_before
    clear_upper RAX_AT
    mov eax, -31
    %1 [edi + 4], eax
    ret
store %1_16_immediate
    %1 word [edi], 12
    ret
store %1_32_immediate
    %1 dword [edi], 31 - 12
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
store rep_stosd
    clear_upper RCX_AT
    mov ecx, 3
    rep stosd
    ret
store rep_stosb_backwards
    clear_upper RCX_AT
    mov ecx, 6
    add edi, 7
    std
    rep stosb
    ret
store movsb
    movsb
    ret
store rep_movsw
    clear_upper RCX_AT
    mov ecx, 5
    rep movsw
    ret
store address_ss_rep
    db 0x36, 0xf3
    mov [edi], eax
    ret

; Not aligned to their width.
store misaligned_32
    mov [edi + 2], eax
    ret
store misaligned_16
    mov [edi + 1], ax
    ret
store misaligned_16_across
    mov [edi + 7], ax
    ret

section .data
    dd 0, 0
way_table: ; to name the entry, in which eax is stored
store base_index_8
    mov esi, 5
    sub edi, 5 * 8
    mov [edi + esi * 8], eax
    ret
store displacement_8
    sub edi, 0x40
    mov [edi + 0x40], eax
    ret
store displacement_32
    sub edi, 0x12345678
    mov [edi + 0x12345678], eax
    ret
store negative
    add edi, 0x78
    mov [edi - 0x78], eax
    ret
store wraps
    add edi, 0x80000000
    mov [edi + 0x80000000], eax
    ret
store ebp_and_index
    push ebp
    mov ebp, edi
    xor esi, esi
    mov [ebp + esi], eax
    pop ebp
    ret
store index_only
    mov esi, edi
    shr esi, 1
    mov [esi * 2], eax
    ret
store absolute
    mov ecx, eax
    mov [static_entries + 8 * 8], ecx
    ret
store absolute_eax
    mov [static_entries + 8 * 8], eax
    ret
store stack
    mov esi, esp
    mov esp, edi
    mov [esp], eax
    mov esp, esi
    ret
store ds
    db 0x3e
    mov [edi], eax
    ret

section .data
    dd 0, 0
half_table: ; of an entry: edi leads to the lower or the upper one
store mov
    mov [edi], eax
    ret
store or
    or [edi], eax
    ret
store add
    add [edi], eax
    ret
store stos
    stosd
    ret
store or_locked
    lock or [edi], eax
    ret
store xchg
taking_store:
    xchg [edi], eax
    ret
store xadd
    xadd [edi], eax
    ret
store cmpxchg
    push eax
    mov edx, eax
    mov eax, [edi]
    cmpxchg [edi], edx
    pop eax
    ret
store cmpxchg_locked
    push eax
    mov edx, eax
    mov eax, [edi]
    lock cmpxchg [edi], edx
    pop eax
    ret

section .data
    dd 0, 0
section .note.GNU-stack noalloc noexec nowrite progbits
