/*
 * One pass over the format. Everything is written through put(), which counts every character and
 * stores those that fit: the returned length and the cut at the buffer's end come out of that one
 * place. Numbers are made backwards in a small array, so nothing needs to know a width in advance.
 */
#include "xen-like/lib/fmt.h"

#include "xen-like/lib/string.h"

#define MAX_DIGITS 20 /* of a 64-bit number in base 10, the longest of our bases */

struct out {
    char *buf;
    size_t size;
    size_t length; /* of the whole text, stored or not */
};

struct spec {
    bool left, zero, prefix;
    size_t width;
    size_t precision; /* SIZE_MAX: none given */
    int longs;        /* 0: int; 1: long or size_t, which are one width; 2: long long */
};

static void put(struct out *out, char c)
{
    if (out->length + 1 < out->size)
        out->buf[out->length] = c;
    out->length++;
}

static void put_repeated(struct out *out, char c, size_t count)
{
    while (count-- > 0)
        put(out, c);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
    size_t length, pad;

    if (s == NULL)
        s = "(null)";
    length = strnlen(s, spec->precision);
    pad = spec->width > length ? spec->width - length : 0;
    if (!spec->left)
        put_repeated(out, ' ', pad);
    for (size_t i = 0; i < length; i++)
        put(out, s[i]);
    if (spec->left)
        put_repeated(out, ' ', pad);
}

static void put_number(struct out *out, const struct spec *spec, u64 value, unsigned int base,
                       const char *digits, const char *sign)
{
    char reversed[MAX_DIGITS];
    size_t count = 0, length, pad;

    do {
        reversed[count++] = digits[value % base];
        value /= base;
    } while (value != 0);

    length = count + strlen(sign);
    pad = spec->width > length ? spec->width - length : 0;
    if (!spec->left && !spec->zero)
        put_repeated(out, ' ', pad);
    while (*sign != '\0')
        put(out, *sign++);
    if (!spec->left && spec->zero)
        put_repeated(out, '0', pad);
    while (count > 0)
        put(out, reversed[--count]);
    if (spec->left)
        put_repeated(out, ' ', pad);
}

static void put_hex(struct out *out, const struct spec *spec, u64 value, const char *digits)
{
    put_number(out, spec, value, 16, digits, spec->prefix ? "0x" : "");
}

static void put_signed(struct out *out, const struct spec *spec, s64 value)
{
    /* Negated as unsigned: the most negative number has no positive twin. */
    put_number(out, spec, value < 0 ? 0 - (u64)value : (u64)value, 10, "0123456789",
               value < 0 ? "-" : "");
}

static const char *read_flags(const char *f, struct spec *spec)
{
    for (;; f++) {
        if (*f == '-')
            spec->left = true;
        else if (*f == '0')
            spec->zero = true;
        else if (*f == '#')
            spec->prefix = true;
        else
            return f;
    }
}

/* A number in the format, or * for one among the arguments (a negative one counts as 0). */
static const char *read_count(const char *f, size_t *count, va_list *args)
{
    *count = 0;
    if (*f == '*') {
        int given = va_arg(*args, int);

        *count = given > 0 ? (size_t)given : 0;
        return f + 1;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        *count = *count * 10 + (size_t)(*f - '0');
    return f;
}

static const char *read_spec(const char *f, struct spec *spec, va_list *args)
{
    *spec = (struct spec){.precision = SIZE_MAX};
    f = read_flags(f, spec);
    f = read_count(f, &spec->width, args);
    if (*f == '.')
        f = read_count(f + 1, &spec->precision, args);
    while (*f == 'l' || *f == 'z') {
        spec->longs++;
        f++;
    }
    return f;
}

static u64 take_unsigned(const struct spec *spec, va_list *args)
{
    if (spec->longs > 1)
        return va_arg(*args, unsigned long long);
    return spec->longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
}

static s64 take_signed(const struct spec *spec, va_list *args)
{
    if (spec->longs > 1)
        return va_arg(*args, long long);
    return spec->longs ? va_arg(*args, long) : va_arg(*args, int);
}

/* Prints one conversion; false, with nothing taken or printed, if the letter is none of ours. */
static bool put_conversion(struct out *out, struct spec *spec, char letter, va_list *args)
{
    switch (letter) {
    case 'd':
    case 'i':
        put_signed(out, spec, take_signed(spec, args));
        return true;
    case 'u':
        put_number(out, spec, take_unsigned(spec, args), 10, "0123456789", "");
        return true;
    case 'x':
        put_hex(out, spec, take_unsigned(spec, args), "0123456789abcdef");
        return true;
    case 'X':
        put_hex(out, spec, take_unsigned(spec, args), "0123456789ABCDEF");
        return true;
    case 'p':
        spec->prefix = true;
        put_hex(out, spec, (uintptr_t)va_arg(*args, void *), "0123456789abcdef");
        return true;
    case 'c':
        spec->precision = 1;
        put_string(out, spec, (char[]){(char)va_arg(*args, int), '\0'});
        return true;
    case 's':
        put_string(out, spec, va_arg(*args, const char *));
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

size_t fmt_vsnprintf(char *buf, size_t size, const char *format, va_list args)
{
    struct out out = {buf, size, 0};
    va_list rest;

    va_copy(rest, args); /* a va_list parameter may be an array: only a local can be pointed to */
    for (const char *f = format; *f != '\0'; f++) {
        const char *start = f;
        struct spec spec;

        if (*f != '%') {
            put(&out, *f);
            continue;
        }
        f = read_spec(f + 1, &spec, &rest);
        if (put_conversion(&out, &spec, *f, &rest))
            continue;
        f = start;
        put(&out, '%');
    }
    va_end(rest);
    if (size > 0)
        buf[MIN(out.length, size - 1)] = '\0';
    return out.length;
}

size_t fmt_snprintf(char *buf, size_t size, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = fmt_vsnprintf(buf, size, format, args);
    va_end(args);
    return length;
}
