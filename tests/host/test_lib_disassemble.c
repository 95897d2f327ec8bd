// LINK: xen-like/lib/disassemble.c xen-like/lib/third_party/fadec/decode.c
// LINK: xen-like/lib/third_party/fadec/format.c
/*
 * The report of a guest's death shows the instruction at its rip, which a hostile guest may have
 * made of anything: whatever the bytes are and wherever they end, the answer stays within them, and
 * the text within its buffer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xen-like/lib/disassemble.h"

static void instructions_have_their_names(void **state)
{
    static const struct {
        const char *code, *text;
        size_t length;
        unsigned bits;
    } known[] = {
        {"\x0f\x0b", "ud2", 2, 64},
        {"\x48\x89\xfc", "mov rsp, rdi", 3, 64},
        {"\x0f\x05", "syscall", 2, 64},
        {"\xeb\xfe", "jmp 0x1000", 2, 64},
        {"\x0f\x22\xd8", "mov cr3, rax", 3, 64},
        {"\xf0\x48\x0f\xb1\x0f", "lock cmpxchg qword ptr [rdi], rcx", 5, 64},
        {"\x0f\x22\xd8", "mov cr3, eax", 3, 32},
        {"\x41", "inc ecx", 1, 32},
        {"\xcd\x82", "int 0x82", 2, 32},
        {"\xa3\x10\x20\x00\xf0", "mov dword ptr [0xf0002010], eax", 5, 32},
        {"\x9a\x00\x00\x00\x00\x33\x00", "call far 0x33:0x0", 7, 32},
    };
    char text[DISASSEMBLE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const u8 *code = (const u8 *)known[i].code;
        const unsigned bits = known[i].bits;

        assert_int_equal(disassemble(text, code, known[i].length, 0x1000, bits), known[i].length);
        assert_string_equal(text, known[i].text);
        assert_int_equal(disassemble(text, code, known[i].length - 1, 0x1000, bits), 0);
    }
}

static void any_bytes_end_within_what_is_there(void **state)
{
    (void)state;
    srand(5);
    for (int n = 0; n < 300000; n++) {
        size_t have = (size_t)rand() % 17, length;
        u8 *code = malloc(have + !have); /* so that a byte too far is found */
        char text[DISASSEMBLE_TEXT];

        for (size_t i = 0; i < have; i++)
            code[i] = (u8)rand();
        length = disassemble(text, code, have, ~0ul - 7, n % 3 ? 64 : 32);
        assert_true(length <= have && length <= 15);
        if (length)
            assert_true(strlen(text) < DISASSEMBLE_TEXT && text[0]);
        free(code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_have_their_names),
        cmocka_unit_test(any_bytes_end_within_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
