// LINK: dom0/console/editor.c dom0/console/keys.c dom0/console/completion.c
// LINK: xen-like/lib/fmt.c xen-like/lib/string.c
/*
 * The line editor, fed with bytes. What it writes goes to a screen that knows the few sequences it
 * uses, so that a test can ask what a person would see: prompt and line, and the cursor at its
 * place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/console/editor.h"

#define PROMPT "xl> "

static char screen[EDITOR_COLUMNS + 1]; /* the line that the cursor is on */
static size_t column;
static char above[EDITOR_COLUMNS + 1]; /* the one before */

static void screen_clear(void)
{
    memset(screen, ' ', EDITOR_COLUMNS);
    screen[EDITOR_COLUMNS] = 0;
}

/* The sequences that the editor may use, and nothing else. Answers its length. */
static size_t screen_escape(const char *text)
{
    char *end;

    assert_int_equal(text[1], '[');
    column += strtoul(text + 2, &end, 10) * (*end == 'C');
    if (*end == 'K')
        memset(screen + column, ' ', EDITOR_COLUMNS - column);
    else
        assert_true(*end == 'C' || *end == 'H' || *end == 'J');
    assert_true(column < EDITOR_COLUMNS);
    return (size_t)(end - text) + 1;
}

static void screen_write(const char *text, size_t length)
{
    char copy[4096];

    assert_true(length < sizeof(copy));
    memcpy(copy, text, length);
    copy[length] = 0;
    for (size_t i = 0; i < length;) {
        if (copy[i] == '\x1b') {
            i += screen_escape(copy + i);
            continue;
        }
        if (copy[i] == '\r') {
            column = 0;
        } else if (copy[i] == '\n') {
            memcpy(above, screen, sizeof(above));
            screen_clear();
            column = 0;
        } else if (copy[i] != '\a') {
            assert_true(column < EDITOR_COLUMNS); /* the last column stays free: no wrap */
            screen[column++] = copy[i];
        }
        i++;
    }
}

static const char *words[] = {"list", "pause", "poweroff", "pipe", NULL};

static const char *candidate(const char *line, size_t word, unsigned int index)
{
    (void)line;
    return word ? (index ? NULL : "mini") : words[index];
}

static const struct editor_owner owner = {PROMPT, screen_write, candidate};
static struct editor e;

/* What must hold after each byte, whatever it was. */
static void invariant_check(void)
{
    assert_true(e.at <= e.length && e.length <= EDITOR_LINE_MAX);
    assert_int_equal(strlen(e.line), e.length);
    if (e.searching || e.length + strlen(PROMPT) >= EDITOR_COLUMNS)
        return;
    assert_memory_equal(screen, PROMPT, strlen(PROMPT));
    assert_memory_equal(screen + strlen(PROMPT), e.line, e.length);
    assert_int_equal(column, strlen(PROMPT) + e.at);
    for (size_t i = strlen(PROMPT) + e.length; i < EDITOR_COLUMNS; i++)
        assert_int_equal(screen[i], ' ');
}

static enum editor_outcome type_bytes(const char *text, size_t length)
{
    enum editor_outcome outcome = EDITOR_MORE;

    for (size_t i = 0; i < length; i++) {
        outcome = editor_feed(&e, (u8)text[i]);
        if (outcome != EDITOR_MORE) {
            assert_int_equal(column, 0);
            if (i + 1 < length)
                editor_begin(&e);
        } else {
            invariant_check();
        }
    }
    return outcome;
}

static enum editor_outcome type(const char *text)
{
    return type_bytes(text, strlen(text));
}

static int begin(void **state)
{
    (void)state;
    screen_clear();
    column = 0;
    editor_init(&e, &owner);
    editor_begin(&e);
    return 0;
}

static void keys_change_the_line_as_a_shell_does(void **state)
{
    static const struct {
        const char *typed, *line;
        size_t at;
    } cases[] = {
        {"list", "list", 4},
        {"lst\x1b[D\x1b[Di", "list", 2},             /* left twice, insert */
        {"lst\x02\x02i\x05!", "list!", 5},           /* Ctrl-b, Ctrl-e */
        {"list\x1b[H\x1b[3~", "ist", 0},             /* Home, Delete */
        {"list\x1bOH\x04\x04", "st", 0},             /* Home as ESC O H, Ctrl-d */
        {"list\x7f\x08", "li", 2},                   /* both backspaces */
        {"a bc  def\x17", "a bc  ", 6},              /* Ctrl-w: a word */
        {"a bc  def  \x17\x17", "a ", 2},            /* and spaces behind it */
        {"a bc def\x1b[1;5D\x1b[1;5D\x0b", "a ", 2}, /* Ctrl-left twice, Ctrl-k */
        {"a bc\x1b"
         "b\x1b"
         "b\x1b"
         "f\x15",
         " bc", 0},                                 /* word left, left, right, Ctrl-u */
        {"abc\x01\x7f\x02\x1b[D", "abc", 0},        /* nothing before the first */
        {"abc\x06\x1b[C\x04\x0b", "abc", 3},        /* nothing behind the last */
        {"abc\x1b[8~\x1b[7~x\x1b[4~y", "xabcy", 5}, /* other Homes and Ends */
        {"ab\x1b[99~\x1b[Z\x1bOx\x1bqc", "abc", 3}, /* keys that mean nothing */
        {"ab\x80\xff\x1f\x00"
         "c",
         "ab", 2}, /* bytes that mean nothing (to the NUL) */
        {"ab\x1b[3\x03"
         "cd",
         "cd", 2},                 /* Ctrl-c inside of a sequence */
        {"a\x1b\x1b[Db", "ba", 1}, /* ESC, then a sequence */
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        begin(state);
        type(cases[i].typed);
        assert_string_equal(e.line, cases[i].line);
        assert_int_equal(e.at, cases[i].at);
    }
}

static void a_line_is_finished_whole_and_given_up(void **state)
{
    (void)state;
    assert_int_equal(type("list\x1b[D\r"), EDITOR_LINE);
    assert_string_equal(e.line, "list");
    assert_memory_equal(above, "xl> list ", 9);
    editor_begin(&e);
    assert_int_equal(type("pause x\x03"), EDITOR_GIVEN_UP);
    assert_memory_equal(above, "xl> pause x^C ", 14);
    editor_begin(&e);
    assert_int_equal(e.length, 0);
}

static void earlier_lines_come_back(void **state)
{
    (void)state;
    type("one\rtwo\rtwo\r\rthree\r");
    editor_begin(&e);
    type("dra\x1b[A");
    assert_string_equal(e.line, "three");
    type("\x1b[A");
    assert_string_equal(e.line, "two"); /* once */
    type("\x10");
    assert_string_equal(e.line, "one");
    type("\x1b[A");
    assert_string_equal(e.line, "one"); /* no further */
    type("\x0e\x1b[B\x1b[B");
    assert_string_equal(e.line, "dra");
    type("\x1b[B");
    assert_string_equal(e.line, "dra");
    assert_int_equal(e.history.count, 3);
}

static void the_oldest_lines_are_forgotten(void **state)
{
    char line[16];

    (void)state;
    for (int i = 0; i < HISTORY_LINES + 10; i++) {
        snprintf(line, sizeof(line), "%d\r", i);
        type(line);
        editor_begin(&e);
    }
    for (int i = 0; i < HISTORY_LINES + 20; i++)
        type("\x1b[A");
    assert_string_equal(e.line, "10");
}

static void a_search_finds_the_latest_that_contains_the_text(void **state)
{
    (void)state;
    type("create mini\rlist\rcreate tick\rpause mini\r");
    editor_begin(&e);
    type("\x12"
         "crea");
    assert_string_equal(e.line, "create tick");
    assert_memory_equal(screen, "(search) crea: create tick ", 27);
    type("\x12");
    assert_string_equal(e.line, "create mini");
    type("\x12");
    assert_string_equal(e.line, "create mini"); /* no more */
    assert_int_equal(type("\x05!\r"), EDITOR_LINE);
    assert_string_equal(e.line, "create mini!");
    editor_begin(&e);
    type("\x12zz\x7f\x7f\x7f");
    assert_string_equal(e.line, "");
    assert_int_equal(type("\x03"), EDITOR_GIVEN_UP);
    assert_false(e.searching);
}

static void tab_completes_what_is_certain_and_lists_the_rest(void **state)
{
    (void)state;
    type("l\t");
    assert_string_equal(e.line, "list ");
    type("m\t");
    assert_string_equal(e.line, "list mini ");
    begin(state);
    type("po\t");
    assert_string_equal(e.line, "poweroff ");
    begin(state);
    type("p\t");
    assert_string_equal(e.line, "p"); /* pause, poweroff, pipe */
    type("\t");
    assert_memory_equal(above, "pause  poweroff  pipe  ", 23);
    begin(state);
    type("q\t\t");
    assert_string_equal(e.line, "q");
    begin(state);
    type("ab cd\x1b[D\x1b[D\x1b[D\x1b[D\t"); /* in the middle of a word that is none */
    assert_string_equal(e.line, "ab cd");
}

static void a_long_line_is_shown_in_part_and_a_full_one_is_full(void **state)
{
    (void)state;
    for (int i = 0; i < EDITOR_LINE_MAX + 50; i++)
        type("x");
    assert_int_equal(e.length, EDITOR_LINE_MAX);
    assert_memory_equal(screen, "xl> xxx", 7);
    assert_int_equal(column, EDITOR_COLUMNS - 1);
    type("\x01y");
    assert_memory_equal(screen, "xl> xxx", 7); /* it is full */
    type("\x04y");
    assert_memory_equal(screen, "xl> yxx", 7);
    assert_int_equal(column, 5);
    type("\x1b[F\x7f\r");
    assert_int_equal(e.length, EDITOR_LINE_MAX - 1);
}

static void the_line_goes_away_and_comes_back(void **state)
{
    (void)state;
    type("list\x1b[D");
    editor_hide(&e);
    assert_int_equal(column, 0);
    assert_memory_equal(screen, "        ", 8);
    screen_write("news\n", 5);
    editor_show(&e);
    invariant_check();
}

static void no_bytes_break_it(void **state)
{
    static const char likely[] =
        "ab \t\r\x1b[ABCD34~;5\x01\x02\x05\x06\x0b\x0e\x10\x12\x15\x17\x7f\x03";

    (void)state;
    srand(5);
    for (int i = 0; i < 200000; i++) {
        u8 byte = (u8)(i % 7 ? likely[(size_t)rand() % (sizeof(likely) - 1)] : rand());

        if (type_bytes((const char *)&byte, 1) != EDITOR_MORE)
            editor_begin(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_change_the_line_as_a_shell_does, begin),
        cmocka_unit_test_setup(a_line_is_finished_whole_and_given_up, begin),
        cmocka_unit_test_setup(earlier_lines_come_back, begin),
        cmocka_unit_test_setup(the_oldest_lines_are_forgotten, begin),
        cmocka_unit_test_setup(a_search_finds_the_latest_that_contains_the_text, begin),
        cmocka_unit_test_setup(tab_completes_what_is_certain_and_lists_the_rest, begin),
        cmocka_unit_test_setup(a_long_line_is_shown_in_part_and_a_full_one_is_full, begin),
        cmocka_unit_test_setup(the_line_goes_away_and_comes_back, begin),
        cmocka_unit_test_setup(no_bytes_break_it, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
