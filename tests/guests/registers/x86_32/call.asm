; registers_around(insn, number, registers), as in x86_64/call.asm: ebx ecx edx esi edi ebp, int 0x82.

global registers_around

%define REG(n) [eax + (n) * 4]
%define PUSHED 4 * 4
%define ARGUMENT(n) [esp + PUSHED + 4 + (n) * 4]

section .bss
alignb 4
insn:     resd 1
number:   resd 1
registers: resd 1
result:   resd 1

section .text
registers_around:
    push ebx
    push ebp
    push esi
    push edi
    mov eax, ARGUMENT(0)
    mov [insn], eax
    mov eax, ARGUMENT(1)
    mov [number], eax
    mov eax, ARGUMENT(2)
    mov [registers], eax
    mov ebx, REG(0)
    mov ecx, REG(1)
    mov edx, REG(2)
    mov esi, REG(3)
    mov edi, REG(4)
    mov ebp, REG(5)
    mov eax, [number]
    cmp dword [insn], 1
    je .clts
    ja .cpuid
    int 0x82
    jmp .done
.clts:
    clts
    jmp .done
.cpuid:
    db  0x0f, 0x0b, "xen", 0x0f, 0xa2
.done:
    mov [result], eax
    mov eax, [registers]
    mov REG(0), ebx
    mov REG(1), ecx
    mov REG(2), edx
    mov REG(3), esi
    mov REG(4), edi
    mov REG(5), ebp
    mov eax, [result]
    pop edi
    pop esi
    pop ebp
    pop ebx
    ret
