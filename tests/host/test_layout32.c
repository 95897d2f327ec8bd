// LINK: hypercalls/layout32.c hypercalls/continuation.c
/*
 * Structures of 32-bit guests: each of the list in xen-like/abi/layouts32.h goes to a guest and
 * comes back, with all that fits; and for each of its fields something that does not. The list is
 * written by hand, so it is also seen that no field was left out of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"

#define GUEST_BYTES 512U

static u8 guest[GUEST_BYTES]; /* its memory: at address 0 */
static struct domain domain = {.is_32bit = true};
static struct vcpu vcpu = {.domain = &domain};
struct percpu host_percpu = {.running = &vcpu};

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

#ifdef DEBUG
void refusal_report(int err, const char *rule, const char *file, int line)
{
    (void)err, (void)rule, (void)file, (void)line;
}
#endif

int guest_read(void *to, u64 from, u64 len)
{
    if (from + len > GUEST_BYTES)
        return -XEN_EFAULT;
    memcpy(to, guest + from, len);
    return 0;
}

int guest_write(u64 to, const void *from, u64 len)
{
    if (to + len > GUEST_BYTES)
        return -XEN_EFAULT;
    memcpy(guest + to, from, len);
    return 0;
}

/* Bytes that say which field they are of; a word that becomes a half one has zeros above. */
static u8 value;

static void field_fill(void *field, size_t bytes, size_t bytes32)
{
    memset(field, ++value, bytes);
    if (bytes32 != bytes)
        memset((u8 *)field + bytes32, 0, bytes - bytes32);
}

/* Where a field may begin: behind the one before, and what its own alignment leaves empty, or that
 * of the structure within the structure that it is the first of. */
static size_t end64, end32;

static void field_follows(const char *name, size_t at64, size_t align64, size_t bytes64,
                          size_t at32, size_t bytes32)
{
    size_t align32 = align64 > 4 ? 4 : align64;

    if ((at64 != ALIGN_UP(end64, align64) || at32 != ALIGN_UP(end32, align32)) &&
        (at64 != ALIGN_UP(end64, 8) || at32 != ALIGN_UP(end32, 4)))
        fail_msg("before %s there is another field", name);
    end64 = at64 + bytes64;
    end32 = at32 + bytes32;
}

#define WIDE(name, field)  sizeof(((struct name *)NULL)->field)
#define ALIGN(name, field) __alignof__(((struct name *)NULL)->field)
#define SIZE32(type, bytes)

/* All fields of a structure, filled. */
#define LAYOUT32(name, bytes)                                                                      \
    static void fill_##name(struct name *x)                                                        \
    {                                                                                              \
        memset(x, 0, sizeof(*x));
#define FIELD32(name, field, at, bytes) field_fill(&x->field, WIDE(name, field), bytes);
#define LAYOUT32_END                    }
#include "layouts32.inc"

/* To the guest, what is there then, and back. Then one field after the other does not fit. */
#undef LAYOUT32
#undef FIELD32
#define LAYOUT32(name, bytes)                                                                      \
    static void see_##name(void)                                                                   \
    {                                                                                              \
        struct name x, y;                                                                          \
        u8 untouched[GUEST_BYTES];                                                                 \
                                                                                                   \
        fill_##name(&x);                                                                           \
        memset(guest, 0xa5, GUEST_BYTES);                                                          \
        memset(untouched, 0xa5, GUEST_BYTES);                                                      \
        assert_int_equal(STRUCT_BYTES(struct name), bytes);                                        \
        assert_int_equal(STRUCT_WRITE(16, &x), 0);                                                 \
        assert_memory_equal(guest, untouched, 16);                                                 \
        assert_memory_equal(guest + 16 + (bytes), untouched, 64);                                  \
        memset(&y, 0xff, sizeof(y));                                                               \
        assert_int_equal(STRUCT_READ(&y, 16), 0);                                                  \
        assert_memory_equal(&x, &y, sizeof(x));                                                    \
        assert_int_equal(STRUCT_READ(&y, GUEST_BYTES - (bytes)), 0);                               \
        assert_int_equal(STRUCT_READ(&y, GUEST_BYTES - (bytes) + 1), -XEN_EFAULT);                 \
        assert_int_equal(STRUCT_WRITE(GUEST_BYTES - (bytes) + 1, &x), -XEN_EFAULT);                \
        end64 = end32 = 0;
#define FIELD32(name, field, at, bytes)                                                            \
    field_follows(#name "." #field, offsetof(struct name, field), ALIGN(name, field),              \
                  WIDE(name, field), at, bytes);                                                   \
    fill_##name(&x);                                                                               \
    assert_int_equal(STRUCT_WRITE(16, &x), 0);                                                     \
    assert_memory_equal(guest + 16 + (at), &x.field, bytes);                                       \
    assert_int_equal(STRUCT_OFFSET(struct name, field), at);                                       \
    memset(guest, 0xa5, GUEST_BYTES);                                                              \
    assert_int_equal(STRUCT_WRITE_FIELD(16, &x, field), 0);                                        \
    assert_memory_equal(guest + 16 + (at), &x.field, bytes);                                       \
    assert_memory_equal(guest, untouched, 16 + (at));                                              \
    assert_memory_equal(guest + 16 + (at) + (bytes), untouched, 64);                               \
    if (WIDE(name, field) != (bytes)) {                                                            \
        memset(guest, 0xa5, GUEST_BYTES);                                                          \
        ((u8 *)&x.field)[4] = 1;                                                                   \
        assert_int_equal(STRUCT_WRITE(16, &x), -XEN_ERANGE);                                       \
        assert_int_equal(STRUCT_WRITE_FIELD(16, &x, field), -XEN_ERANGE);                          \
        assert_memory_equal(guest, untouched, GUEST_BYTES);                                        \
    }
#undef LAYOUT32_END
#define LAYOUT32_END                                                                               \
    if (sizeof(x) - end64 >= 8)                                                                    \
        fail_msg("there are more fields behind");                                                  \
    }
#include "layouts32.inc"

static void each_comes_back_and_does_not_fit(void **state)
{
    (void)state;
#define SEE(name) see_##name();
    XL_STRUCTS32(SEE)
}

/* The one of them that Xen's own header has in this layout. */
static void it_is_the_headers_layout(void **state)
{
    struct trap_info t = {.vector = 3, .flags = 4, .cs = 0xe019, .address = 0xc0001234};
    struct trap_info_x86_32 *there = (void *)guest;

    (void)state;
    assert_int_equal(STRUCT_BYTES(struct trap_info), sizeof(*there));
    assert_int_equal(STRUCT_WRITE(0, &t), 0);
    assert_int_equal(there->vector, t.vector);
    assert_int_equal(there->flags, t.flags);
    assert_int_equal(there->cs, t.cs);
    assert_int_equal(there->address, t.address);
}

static void words_have_the_callers_size(void **state)
{
    const u64 words[] = {0x11111111, 0x22222222, 0x133333333};
    u32 *half = (u32 *)guest;
    u64 word;

    (void)state;
    memset(guest, 0, GUEST_BYTES);
    assert_int_equal(words_write(0, 1, words, 3), -XEN_ERANGE);
    assert_int_equal(half[1], 0x11111111);
    assert_int_equal(half[2], 0x22222222);
    assert_int_equal(half[3], 0);
    assert_int_equal(word_read(&word, 0, 2), 0);
    assert_int_equal(word, 0x22222222);
    assert_int_equal(word_read(&word, 0, GUEST_BYTES / 4), -XEN_EFAULT);
    domain.is_32bit = false;
    assert_int_equal(words_write(0, 1, words, 3), 0);
    assert_int_equal(word_read(&word, 0, 3), 0);
    assert_int_equal(word, 0x133333333);
    assert_int_equal(STRUCT_BYTES(struct sched_poll), sizeof(struct sched_poll));
    assert_int_equal(STRUCT_OFFSET(struct physdev_op, u.apic_op.apic_physbase), 8);
    domain.is_32bit = true;
}

static void a_32bit_guest_ends_below_the_window(void **state)
{
    const u64 end = HYPERVISOR_VIRT_START_X86_32;

    (void)state;
    assert_true(caller_range_ok(0, 1));
    assert_true(caller_range_ok(end - 8, 8));
    assert_false(caller_range_ok(end - 8, 9));
    assert_true(caller_range_ok(end - 1, 0));
    assert_false(caller_range_ok(end, 0)); /* as Xen */
    assert_false(caller_range_ok(0xffffffff, 2));
    assert_true(caller_range_ok(0, end));
}

/* The registers of its arguments, and no other; in a list, what the list's entry becomes. */
static void it_continues_in_its_own_registers(void **state)
{
    struct cpu_user_regs *r = &host_percpu.regs;

    (void)state;
    *r = (struct cpu_user_regs){.rax = __HYPERVISOR_memory_op, .rip = 0x1002, .rdx = 7, .rsi = 8};
    assert_int_equal(call_continue(__HYPERVISOR_memory_op, 1, 2, 3, 4), __HYPERVISOR_memory_op);
    assert_int_equal(r->rbx, 1);
    assert_int_equal(r->rcx, 2);
    assert_int_equal(r->rdx, 7);
    assert_int_equal(r->rsi, 8);
    assert_int_equal(r->rip, 0x1000);
    call_continue(__HYPERVISOR_mmu_update, 1, 2, 3, ~0UL);
    assert_int_equal(r->rdx, 3);
    assert_int_equal(r->rsi, 0xffffffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_back_and_does_not_fit),
        cmocka_unit_test(it_is_the_headers_layout),
        cmocka_unit_test(words_have_the_callers_size),
        cmocka_unit_test(a_32bit_guest_ends_below_the_window),
        cmocka_unit_test(it_continues_in_its_own_registers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
