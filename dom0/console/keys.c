/* See keys.h. The forms: ESC x;  ESC O x;  ESC [ number ; number x, the numbers left out or not. */
#include "dom0/console/keys.h"

static const struct {
    u8 form, number, last;
    u16 key;
} known[] = {
    {'[', 0, 'A', KEY_UP},
    {'O', 0, 'A', KEY_UP},
    {'[', 0, 'B', KEY_DOWN},
    {'O', 0, 'B', KEY_DOWN},
    {'[', 0, 'C', KEY_RIGHT},
    {'O', 0, 'C', KEY_RIGHT},
    {'[', 0, 'D', KEY_LEFT},
    {'O', 0, 'D', KEY_LEFT},
    {'[', 0, 'H', KEY_HOME},
    {'O', 0, 'H', KEY_HOME},
    {'[', 0, 'F', KEY_END},
    {'O', 0, 'F', KEY_END},
    {'[', 1, '~', KEY_HOME},
    {'[', 7, '~', KEY_HOME},
    {'[', 4, '~', KEY_END},
    {'[', 8, '~', KEY_END},
    {'[', 3, '~', KEY_DELETE},
    {'[', 1, 'D', KEY_WORD_LEFT},
    {'[', 1, 'C', KEY_WORD_RIGHT},
    {KEY_ESCAPE, 0, 'b', KEY_WORD_LEFT},
    {KEY_ESCAPE, 0, 'f', KEY_WORD_RIGHT},
    {KEY_ESCAPE, 0, KEY_BACKSPACE, KEY_WORD_ERASE},
};

static unsigned int form_end(struct key_reader *reader, u8 last)
{
    struct key_reader was = *reader;

    *reader = (struct key_reader){0};
    for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i].form == was.form && known[i].number == was.number && known[i].last == last)
            return known[i].key;
    }
    return KEY_UNKNOWN;
}

/* ESC [ so far: digits of the first number count, others are passed over. */
static unsigned int number_feed(struct key_reader *reader, u8 byte)
{
    if (byte >= '0' && byte <= '9') {
        if (!reader->more)
            reader->number = (u8)(reader->number * 10 + (byte - '0'));
        return KEY_NONE;
    }
    if (byte < '@') {
        reader->more = true;
        return KEY_NONE;
    }
    return form_end(reader, byte);
}

unsigned int key_feed(struct key_reader *reader, u8 byte)
{
    if (byte < ' ' || (reader->form && byte > KEY_BACKSPACE)) {
        *reader = (struct key_reader){.form = byte == KEY_ESCAPE ? byte : 0};
        return byte == KEY_ESCAPE ? KEY_NONE : byte;
    }
    if (!reader->form)
        return byte;
    if (reader->form == '[')
        return number_feed(reader, byte);
    if (reader->form == KEY_ESCAPE && (byte == '[' || byte == 'O')) {
        reader->form = byte;
        return KEY_NONE;
    }
    return form_end(reader, byte);
}
