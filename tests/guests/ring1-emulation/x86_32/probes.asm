; Code that runs in segments of its own, through gates and in user space; and instructions that C has no name
; for. main.c knows what each is to do.

%include "guest-offsets.inc"

global pieces_begin, pieces_end, piece_clts, piece_cut, piece_16, piece_return, piece_die
global piece_gate_16, piece_gate_16_memory
global gate_entered, gate_frame
global user_begin, user_end, user_call, user_call_words, user_jump, user_ring1, user_gone, user_ldt, user_cli
global user_done, user_ins, user_outs
global call_through, jump_through, ins_window, outs_window, store_moffs, store_cmpxchg8b, store_stos
global store_16

PORT         equ 0xcf8          ; main.c
GATE         equ 5 << 3
GATE_WORDS   equ 6 << 3
GATE_RING1   equ 7 << 3
GATE_GONE    equ 8 << 3
IN_LDT       equ 4
RING1        equ 1
RING3        equ 3
LOW_VA       equ 0x8000         ; main.c
FRAME_WORDS  equ 6

section .text

; In a segment that begins and ends here, called from another one
pieces_begin:
piece_clts:
    clts
    mov eax, cr0
piece_return:
    retf
bits 16
piece_16:
    clts
    mov eax, cr0
    o32 retf
bits 32
piece_die:
    mov esi, 0x12345678
    push 0x2468ace0
    ud2
    inc ecx
bits 16
piece_gate_16:
    call GATE | RING1:0
    o32 retf
piece_gate_16_memory:
    push ebx
    mov bx, LOW_VA
    call far [bx]
    pop ebx
    o32 retf
bits 32
piece_cut:
    db 0x0f                     ; and the segment's end: clts, were it longer
pieces_end:
    db 0x06
    retf

; Through a gate, from either ring: keeps what was pushed, and goes back over the parameters, if the gate had
; some. The words of the caller behind the frame do no harm.
gate_entered:
    push ecx
    push esi
    push edi
    cld
    lea esi, [esp + 12]
    mov edi, gate_frame
    mov ecx, FRAME_WORDS
    ss rep movsd
    pop edi
    pop esi
    pop ecx
    cmp dword [ss:esp + 8], 0x1111
    je .words
    retf
.words:
    retf 8

; (struct far *)
call_through:
    mov eax, [esp + 4]
    call far [eax]
    ret

jump_through:
    mov eax, [esp + 4]
    jmp far [eax]

; (struct string *): selector, offset, count
ins_window:
    push edi
    mov eax, [esp + 8]
    push es
    mov es, [eax]
    mov edi, [eax + 4]
    mov ecx, [eax + 8]
    mov edx, PORT
    rep insd
    pop es
    mov [eax + 8], ecx
    pop edi
    ret

outs_window:
    push esi
    mov eax, [esp + 8]
    push fs
    mov fs, [eax]
    mov esi, [eax + 4]
    mov ecx, [eax + 8]
    mov edx, PORT
    fs rep outsd
    pop fs
    pop esi
    ret

; (u32 value[2]): to the address in the first, the second
store_moffs:
    mov ecx, [esp + 4]
    mov eax, [ecx]
    mov [.store + 1], eax       ; the address in the instruction
    mov eax, [ecx + 4]
.store:
    db 0xa3                     ; mov [moffs], eax
    dd 0
    ret

; (void *[2]): the entry, and what it is with what it is to be
store_cmpxchg8b:
    push ebx
    push edi
    push esi
    mov esi, [esp + 16]
    mov edi, [esi]
    mov esi, [esi + 4]
    mov eax, [esi]
    mov edx, [esi + 4]
    mov ebx, [esi + 8]
    mov ecx, [esi + 12]
    lock cmpxchg8b [edi]
    pop esi
    pop edi
    pop ebx
    ret

; (u64 *): clears it
store_stos:
    push edi
    mov edi, [esp + 8]
    xor eax, eax
    mov ecx, 2
    cld
    rep stosd
    pop edi
    ret

; (u32[3]): base, index, and what is stored where their low halves lead
store_16:
    push ebx
    push esi
    mov ecx, [esp + 12]
    mov ebx, [ecx]
    mov esi, [ecx + 4]
    mov eax, [ecx + 8]
    mov [bx + si], eax
    pop esi
    pop ebx
    ret

; In user space
user_begin:
user_call:
    call GATE | RING3:0
user_done:
    ud2
user_call_words:
    push 0x2222
    push 0x1111
    call GATE_WORDS | RING3:0
    jmp user_done
user_jump:
    jmp GATE | RING3:0
user_ring1:
    call GATE_RING1 | RING3:0
user_gone:
    call GATE_GONE | RING3:0
user_ldt:
    call GATE | RING3 | IN_LDT:0
    jmp user_done
user_cli:
    cli
    jmp user_done
user_ins:
    insd
    jmp user_done
user_outs:
    outsd
    jmp user_done
user_end:

section .bss
align 4
gate_frame: resd FRAME_WORDS
