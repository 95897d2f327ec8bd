/*
 * What somebody types at dom0's console, under a fuzzer: keys and lines. Cursor and length stay
 * within the line after each byte; only the few sequences that the editor needs go to the terminal;
 * and a finished line is parted into words and options that lie within it.
 */
#include "dom0/console/editor.h"
#include "dom0/shell/columns.h"
#include "dom0/shell/words.h"
#include "tests/fuzz/replay.h"

static void terminal_write(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\x1b')
            assert_true(i + 1 < length && text[i + 1] == '[');
        else
            assert_true((u8)text[i] >= ' ' || strchr("\r\n\a", text[i]));
    }
}

static const char *candidate(const char *line, size_t word, unsigned int index)
{
    static const char *const words[] = {"list", "lister", "pause", "poweroff", ""};

    (void)line, (void)word;
    return index < ARRAY_SIZE(words) ? words[index] : NULL;
}

static void line_try(char *line)
{
    const char *end = line + strlen(line);
    struct words w;
    u64 kib;
    char c;

    if (!words_split(&w, line))
        return;
    while ((c = words_option(&w, "d:w:cs")))
        assert_true(w.value && (c == '?' || strchr("dwcs", c)));
    for (const char *word; (word = words_next(&w));) {
        assert_true(word >= line && word + strlen(word) <= end);
        memory_parse(word, &kib);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct editor_owner owner = {"xl> ", terminal_write, candidate};
    static struct editor e;

    editor_init(&e, &owner);
    editor_begin(&e);
    for (size_t i = 0; i < size; i++) {
        enum editor_outcome outcome = editor_feed(&e, data[i]);

        assert_true(e.at <= e.length && e.length <= EDITOR_LINE_MAX);
        assert_int_equal(strlen(e.line), e.length);
        if (outcome == EDITOR_LINE)
            line_try(e.line);
        if (outcome != EDITOR_MORE)
            editor_begin(&e);
    }
    return 0;
}
