/* An instruction as text, for reports. Not for emulation: see insn.h. */
#ifndef XEN_LIKE_LIB_DISASSEMBLE_H
#define XEN_LIKE_LIB_DISASSEMBLE_H

#include "xen-like/lib/types.h"

#define DISASSEMBLE_TEXT 128 /* more than any instruction needs */

/*
 * The instruction at the beginning of @code, of which @have bytes may be read, as code of 64 or 32
 * @bits that lies at @address (Intel's syntax). Answers its length, with @text filled in; or 0, for
 * what is no instruction or does not end within @have, and for 16-bit code.
 */
size_t disassemble(char text[DISASSEMBLE_TEXT], const u8 *code, size_t have, u64 address,
                   unsigned bits);

#endif
