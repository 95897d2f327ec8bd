/* See disassemble.h. */
#include "xen-like/lib/disassemble.h"

#include "xen-like/lib/third_party/fadec/fadec.h"

size_t disassemble(char text[DISASSEMBLE_TEXT], const u8 *code, size_t have, u64 address,
                   unsigned bits)
{
    FdInstr instruction;
    int length = bits == 16 ? 0 : fd_decode(code, have, (int)bits, 0, &instruction);

    if (length <= 0)
        return 0;
    fd_format_abs(&instruction, address, text, DISASSEMBLE_TEXT);
    return (size_t)length;
}
