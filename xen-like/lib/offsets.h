/*
 * Constants and structure offsets for nasm. A file of DEFINEs is compiled to assembly, never
 * linked: each leaves a line `->NAME high middle low` in the output, which make turns into a
 * %define (the top Makefile's extract_offsets). So nothing that C knows is typed a second time in
 * assembly, and the compiler's own width is the one that counts. (Three parts of at most 24 bits,
 * since an immediate operand of an asm statement has 32 bits and a sign.)
 */
#ifndef XEN_LIKE_LIB_OFFSETS_H
#define XEN_LIKE_LIB_OFFSETS_H

#include "xen-like/lib/types.h"

#define DEFINE(name, value)                                                                        \
    __asm__ volatile("\n->" #name " %c0 %c1 %c2"                                                   \
                     :                                                                             \
                     : "i"((u32)((u64)(value) >> 48)), "i"((u32)((u64)(value) >> 24) & 0xffffff),  \
                       "i"((u32)(value)&0xffffff))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

#endif
