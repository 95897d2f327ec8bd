; The beginning of a user program: the header that the kernel reads (struct program_header), and the
; first instructions.

extern image_start
extern program_main

section .header
    dd image_start, entry

section .text
entry:
    xor ebp, ebp
    call program_main           ; ends with exit
    ud2
