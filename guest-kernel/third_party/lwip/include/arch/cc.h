/*
 * What lwIP asks of its surroundings. This file is ours; guest-kernel/network/lwip_port.c has what
 * it declares.
 */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdlib.h>

/* What Linux's headers say, too: host tests have both. */
#ifdef __x86_64__
typedef long ssize_t;
#else
typedef int ssize_t;
#endif

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_CTYPE_H    1

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#ifndef BYTE_ORDER
#define BYTE_ORDER LITTLE_ENDIAN
#endif

extern unsigned char *lwip_heap;
unsigned int lwip_random(void);
int lwip_atoi(const char *digits);
void lwip_failed(const char *what, const char *file, int line) __attribute__((noreturn));

#define atoi(digits)            lwip_atoi(digits)
#define LWIP_RAND()             lwip_random()
#define LWIP_PLATFORM_DIAG(x)   ((void)0)
#define LWIP_PLATFORM_ASSERT(x) lwip_failed(x, __FILE__, __LINE__)

#endif
