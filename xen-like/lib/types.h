/*
 * The few words that every freestanding file uses: fixed-size integers and small macros.
 * Freestanding GCC supplies <stdint.h>, <stddef.h>, <stdbool.h> and <stdarg.h>; nothing else of
 * libc is assumed, so these files also build on a host for the unit tests.
 */
#ifndef XEN_LIKE_LIB_TYPES_H
#define XEN_LIKE_LIB_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)         (sizeof(a) / sizeof((a)[0]))
#define likely(x)             __builtin_expect(!!(x), 1)
#define unlikely(x)           __builtin_expect(!!(x), 0)
#define ALIGN_UP(x, a)        (((x) + ((a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)      ((x) & ~((__typeof__(x))(a)-1))
#define MIN(a, b)             ((a) < (b) ? (a) : (b))
#define MAX(a, b)             ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~((u64)PAGE_SIZE - 1)) /* of addresses of any kind, machine addresses too */

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)

/* The length in printf's conversions of u64 and s64, which are another type in each width:
 * "%" F64 "u", "%#" F64 "x". */
#ifdef __x86_64__
#define F64 "l"
#else
#define F64 "ll"
#endif

#define ACCESS_ONCE(x)    (*(volatile __typeof__(x) *)&(x))
#define NORETURN          __attribute__((noreturn))
#define ALWAYS_INLINE     inline __attribute__((always_inline))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

#endif
