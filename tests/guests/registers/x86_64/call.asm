; registers_around(insn, number, registers): loads all registers but rsp from *registers, rax = number,
; executes syscall (insn 0), clts (1) or the prefixed cpuid (2), and stores them there again.

default rel
global registers_around

%define REG(n) [rax + (n) * 8]  ; rbx rcx rdx rsi rdi rbp r8 ... r15, in this order

section .bss
insn:     resq 1
number:   resq 1
registers: resq 1
result:   resq 1

section .text
registers_around:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [insn], rdi
    mov [number], rsi
    mov [registers], rdx
    mov rax, rdx
    mov rbx, REG(0)
    mov rcx, REG(1)
    mov rdx, REG(2)
    mov rsi, REG(3)
    mov rdi, REG(4)
    mov rbp, REG(5)
    mov r8, REG(6)
    mov r9, REG(7)
    mov r10, REG(8)
    mov r11, REG(9)
    mov r12, REG(10)
    mov r13, REG(11)
    mov r14, REG(12)
    mov r15, REG(13)
    mov rax, [number]
    cmp qword [insn], 1
    je .clts
    ja .cpuid
    syscall
    jmp .done
.clts:
    clts
    jmp .done
.cpuid:
    db  0x0f, 0x0b, "xen", 0x0f, 0xa2
.done:
    mov [result], rax
    mov rax, [registers]
    mov REG(0), rbx
    mov REG(1), rcx
    mov REG(2), rdx
    mov REG(3), rsi
    mov REG(4), rdi
    mov REG(5), rbp
    mov REG(6), r8
    mov REG(7), r9
    mov REG(8), r10
    mov REG(9), r11
    mov REG(10), r12
    mov REG(11), r13
    mov REG(12), r14
    mov REG(13), r15
    mov rax, [result]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
