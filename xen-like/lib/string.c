/*
 * The bulk routines are one string instruction for the words and one for the rest. On any
 * CPU since 2012 that is near the best; under an emulator that counts instructions it is the
 * shortest thing there is, one for each 8 bytes moved (4 in a 32-bit kernel). They rely on DF being
 * clear, which the ABI of C demands and which every entry into the hypervisor establishes.
 *
 * Invariant of this file: nothing in it may be compiled into a call of itself. GCC recognises loops
 * that copy, fill or measure and replaces them by calls; here that would be endless recursion,
 * hence the pragma.
 */
#include "xen-like/lib/string.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#ifdef HOST_TEST
#define OWN(name) xl_##name
#else
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#define OWN(name) name
#endif

#define WORD sizeof(size_t)
#ifdef __x86_64__
#define WORD_LETTER "q"
#else
#define WORD_LETTER "l"
#endif

void *OWN(memcpy)(void *dst, const void *src, size_t n)
{
    void *to = dst;
    size_t words = n / WORD, bytes = n % WORD;

    asm volatile("rep movs" WORD_LETTER : "+D"(to), "+S"(src), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(bytes) : : "memory");
    return dst;
}

void *OWN(memmove)(void *dst, const void *src, size_t n)
{
    unsigned char *to = dst;
    const unsigned char *from = src;

    /* Forwards is safe unless dst begins inside src; the difference wraps when dst lies below. */
    if ((uintptr_t)to - (uintptr_t)from >= n)
        return OWN(memcpy)(dst, src, n);
    while (n-- > 0)
        to[n] = from[n];
    return dst;
}

void *OWN(memset)(void *dst, int byte, size_t n)
{
    void *to = dst;
    size_t pattern = (u8)byte * (SIZE_MAX / UINT8_MAX); /* the byte in each place */
    size_t words = n / WORD, bytes = n % WORD;

    asm volatile("rep stos" WORD_LETTER : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(pattern) : "memory");
    return dst;
}

int OWN(memcmp)(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

size_t OWN(strlen)(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

size_t OWN(strnlen)(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != '\0')
        n++;
    return n;
}

int OWN(strncmp)(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i])
            return (unsigned char)a[i] - (unsigned char)b[i];
        if (a[i] == '\0')
            return 0;
    }
    return 0;
}

int OWN(strcmp)(const char *a, const char *b)
{
    return OWN(strncmp)(a, b, SIZE_MAX);
}

char *OWN(strchr)(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (*s == '\0')
            return NULL;
    }
}

size_t str_copy(char *dst, const char *src, size_t size)
{
    size_t length = OWN(strlen)(src);

    if (size > 0) {
        size_t kept = MIN(length, size - 1);

        OWN(memcpy)(dst, src, kept);
        dst[kept] = '\0';
    }
    return length;
}

bool str_starts_with(const char *s, const char *prefix)
{
    return OWN(strncmp)(s, prefix, OWN(strlen)(prefix)) == 0;
}
