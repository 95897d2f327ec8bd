/*
 * LZO in the form of lzop, which Linux's build uses: a header, then blocks, each with its lengths
 * and a check sum. All numbers of lzop have their high byte first.
 *
 * There is no free library of it but under the GPL; the decoder is small. LZO1X (the kernel's
 * Documentation/staging/lzo.rst) is a row of instructions. Each copies bytes from the output
 * ("match", so many bytes back), and then up to three from the input ("literals"), so many that the
 * next instruction's meaning depends on it; or it copies more literals, and no match.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/string.h"

#define LZOP_MAGIC_BYTES  9
#define LZOP_MAX_BLOCK    MIB(64)
#define LZOP_NEW_VERSION  0x0940 /* its headers have three fields more */
#define LZOP_ADLER32      0x00000001u
#define LZOP_ADLER32_PACK 0x00000002u
#define LZOP_CRC32        0x00000100u
#define LZOP_CRC32_PACK   0x00000200u
#define LZOP_HAS_EXTRA    0x00000040u
#define LZOP_HAS_FILTER   0x00000800u
#define LZOP_METHODS      3 /* LZO1X at any level; 128 is zlib */

struct reader {
    const u8 *at, *end;
    bool bad; /* it has ended too early */
};

static u8 read_byte(struct reader *r)
{
    if (r->at == r->end) {
        r->bad = true;
        return 0;
    }
    return *r->at++;
}

static u32 read_number(struct reader *r, unsigned int bytes)
{
    u32 number = 0;

    while (bytes--)
        number = number << 8 | read_byte(r);
    return number;
}

/* ---- LZO1X ---- */

#define MANY_LITERALS 4 /* the last instruction copied four or more */

struct lzo {
    struct reader in;
    u8 *start, *at, *end;
    unsigned int literals; /* that the last instruction copied */
};

static u32 read_length(struct lzo *z, u32 low, u32 all)
{
    if (low)
        return low;
    for (low = all; !z->in.bad; low += 255) {
        u8 byte = read_byte(&z->in);

        if (byte)
            return low + byte;
    }
    return 0;
}

static bool copy_literals(struct lzo *z, u32 count)
{
    if (count > (size_t)(z->in.end - z->in.at) || count > (size_t)(z->end - z->at))
        return false;
    memcpy(z->at, z->in.at, count);
    z->at += count;
    z->in.at += count;
    z->literals = MIN(count, MANY_LITERALS);
    return true;
}

/* A match may reach into what it makes itself: byte by byte. */
static bool copy_match(struct lzo *z, u32 distance, u32 count)
{
    if (z->in.bad || distance > (size_t)(z->at - z->start) || count > (size_t)(z->end - z->at))
        return false;
    for (; count; count--, z->at++)
        *z->at = z->at[-(ptrdiff_t)distance];
    return true;
}

enum step {
    STEP_ON,
    STEP_END,
    STEP_BAD
};

/* The instructions whose distance is two bytes, low one first, with the literals in its low bits.
 */
static enum step step_far(struct lzo *z, u8 op)
{
    bool farther = op < 32;
    u32 count = farther ? read_length(z, op & 7, 7) : read_length(z, op & 31, 31);
    u32 low = read_byte(&z->in), word = low | (u32)read_byte(&z->in) << 8;
    u32 distance = (word >> 2) + (farther ? 0x4000 + ((u32)(op & 8) << 11) : 1);

    if (farther && distance == 0x4000)
        return z->in.bad ? STEP_BAD : STEP_END;
    return copy_match(z, distance, count + 2) && copy_literals(z, word & 3) ? STEP_ON : STEP_BAD;
}

static enum step step_near(struct lzo *z, u8 op)
{
    u32 high, distance, count;

    if (op < 16 && !z->literals)
        return copy_literals(z, read_length(z, op, 15) + 3) && !z->in.bad ? STEP_ON : STEP_BAD;
    high = read_byte(&z->in);
    if (op < 16) {
        distance = (high << 2) + (op >> 2) + (z->literals == MANY_LITERALS ? 0x801 : 1);
        count = z->literals == MANY_LITERALS ? 3 : 2;
    } else {
        distance = (high << 3) + (op >> 2 & 7) + 1;
        count = op < 128 ? 3 + (op >> 5 & 1) : 5 + (op >> 5 & 3);
    }
    return copy_match(z, distance, count) && copy_literals(z, op & 3) ? STEP_ON : STEP_BAD;
}

static bool lzo_decode(struct lzo *z)
{
    enum step step = STEP_ON;

    if (z->in.at<z->in.end && * z->in.at> 17 && !copy_literals(z, read_byte(&z->in) - 17))
        return false;
    while (step == STEP_ON) {
        u8 op = read_byte(&z->in);

        step = z->in.bad ? STEP_BAD : op >= 16 && op < 64 ? step_far(z, op) : step_near(z, op);
    }
    return step == STEP_END && z->at == z->end && z->in.at == z->in.end;
}

/* ---- lzop ---- */

/* Leaves the reader at the first block. False: not what Linux's build makes. */
static bool read_header(struct reader *r, u32 *flags)
{
    u32 version, method;

    r->at += MIN((size_t)(r->end - r->at), LZOP_MAGIC_BYTES);
    version = read_number(r, 2);
    read_number(r, 2); /* of the library */
    if (version >= LZOP_NEW_VERSION)
        read_number(r, 2); /* which version can read it */
    method = read_byte(r);
    if (version >= LZOP_NEW_VERSION)
        read_byte(r); /* level */
    *flags = read_number(r, 4);
    if (method < 1 || method > LZOP_METHODS || *flags & (LZOP_HAS_FILTER | LZOP_HAS_EXTRA))
        return false;
    read_number(r, 4); /* mode of the file */
    read_number(r, 4); /* its time */
    if (version >= LZOP_NEW_VERSION)
        read_number(r, 4);
    for (u32 name = read_byte(r); name && !r->bad; name--)
        read_byte(r);
    read_number(r, 4); /* check sum of the header */
    return true;
}

/* RFC 1950. */
static u32 adler32(const u8 *bytes, size_t size)
{
    u32 a = 1, b = 0;

    for (size_t i = 0; i < size; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* Block behind block; one of no length ends them. */
static enum unpacked read_block(struct reader *r, struct unpacking *u, u32 flags, bool *last)
{
    u32 made = read_number(r, 4), packed, sum = 0;
    struct lzo z;

    *last = !made;
    if (*last)
        return UNPACK_DONE;
    packed = read_number(r, 4);
    if (flags & LZOP_ADLER32)
        sum = read_number(r, 4);
    if (flags & LZOP_CRC32)
        read_number(r, 4);
    for (u32 bit = LZOP_ADLER32_PACK; bit <= LZOP_CRC32_PACK && packed < made; bit <<= 8)
        if (flags & bit)
            read_number(r, 4);
    if (r->bad || made > LZOP_MAX_BLOCK || packed > made || packed > (size_t)(r->end - r->at))
        return UNPACK_DAMAGED;
    if (made > u->room - u->made)
        return UNPACK_MORE;
    z = (struct lzo){.in = {r->at, r->at + packed, false}};
    z.start = z.at = u->to + u->made;
    z.end = z.start + made;
    if (packed == made)
        memcpy(z.start, r->at, made);
    else if (!lzo_decode(&z))
        return UNPACK_DAMAGED;
    if (flags & LZOP_ADLER32 && adler32(z.start, made) != sum)
        return UNPACK_DAMAGED;
    r->at += packed;
    u->made += made;
    return UNPACK_DONE;
}

enum unpacked image_unpack_lzo(struct unpacking *u)
{
    struct reader r = {u->from, u->from + u->size, false};
    enum unpacked answer = UNPACK_DONE;
    bool last = false;
    u32 flags;

    if (!read_header(&r, &flags))
        return UNPACK_UNKNOWN;
    while (answer == UNPACK_DONE && !last)
        answer = r.bad ? UNPACK_DAMAGED : read_block(&r, u, flags, &last);
    u->taken = (size_t)(r.at - u->from);
    return answer == UNPACK_DONE && r.bad ? UNPACK_DAMAGED : answer;
}
