/*
 * The setjmp that puff.c uses to leave from deep inside when its input ends early. A freestanding
 * program has no <setjmp.h>, and needs none: the compiler has a small pair of its own. The longjmp
 * of that pair always makes the setjmp return 1, which is what puff.c asks for.
 */
#ifndef XEN_LIKE_PUFF_SETJMP_H
#define XEN_LIKE_PUFF_SETJMP_H

#ifdef HOST_TEST
#include <setjmp.h>
#else
typedef void *jmp_buf[5];
#define setjmp(env)         __builtin_setjmp(env)
#define longjmp(env, value) __builtin_longjmp(env, 1)
#endif

#endif
