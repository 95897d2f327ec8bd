/*
 * Keys out of bytes. A terminal sends an arrow or Delete as a few bytes that begin with ESC, and
 * nothing says where they end but their form; so a reader remembers where in such a form it stands.
 * Terminals differ (ESC [ H, ESC O H and ESC [ 1 ~ are all Home): the table in keys.c has what
 * xterm, Linux, screen and rxvt send.
 *
 * A byte of control (Enter, Ctrl-C) inside a form ends it and counts: no sequence, whole or cut,
 * makes the reader deaf. A lone ESC is the beginning of a form: it waits for the next byte.
 */
#ifndef DOM0_CONSOLE_KEYS_H
#define DOM0_CONSOLE_KEYS_H

#include "xen-like/lib/types.h"

#define KEY_CTRL(letter) ((letter)&0x1f)
#define KEY_TAB          '\t'
#define KEY_ENTER        '\r'
#define KEY_NEWLINE      '\n'
#define KEY_ESCAPE       0x1b
#define KEY_BACKSPACE    0x7f

/* What is no character. */
enum key {
    KEY_NONE = 0x100, /* the byte is part of a form that is not complete */
    KEY_UNKNOWN,      /* complete, and none of the below */
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_WORD_ERASE,
};

struct key_reader {
    u8 form;   /* 0, or the byte that says which form is under way: ESC, '[', 'O' */
    u8 number; /* the first number of an ESC [ form */
    bool more; /* behind the first: Ctrl or Shift was held */
};

/* Takes one byte. The answer is a character (0 to 255) or an enum key. */
unsigned int key_feed(struct key_reader *reader, u8 byte);

#endif
