/* See script.h; and `sleep`, without which a script could not wait for a guest. */
#include "dom0/shell/script.h"

#include "dom0/intercept/schedule.h"
#include "dom0/loop.h"
#include "dom0/shell/commands.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/string.h"

#define CTRL_C 0x03

static struct blob left; /* lines that were not run */
static struct work next_work;

/* Takes a line; empty if it is a comment, or too long for the shell. */
static void line_take(char line[CONSOLE_LINE_MAX])
{
    const char *text = left.bytes;
    size_t length = 0;

    while (length < left.size && text[length] != '\n')
        length++;
    line[0] = 0;
    if (length < CONSOLE_LINE_MAX && *text != '#') {
        memcpy(line, text, length);
        line[length] = 0;
    }
    length = MIN(length + 1, left.size);
    left = (struct blob){text + length, left.size - length};
}

static void next_run(struct work *work)
{
    char line[CONSOLE_LINE_MAX] = "";

    (void)work;
    while (left.size && !*line)
        line_take(line);
    if (!*line)
        return;
    terminal_print("%s\n", line);
    terminal_give(NULL);
    command_run(line);
    if (!terminal_has())
        shell_start();
}

void script_begin(struct blob text)
{
    left = text;
    work_init(&next_work, next_run);
}

void script_prompted(void)
{
    if (left.size)
        work_raise(&next_work);
}

/* ---- sleep ------------------------------------------------------------------------------------
 */

static struct alarm alarm;

static void wake(struct alarm *rung)
{
    alarm_drop(rung);
    shell_start();
}

static void key_take(u8 byte)
{
    if (byte == CTRL_C)
        wake(&alarm);
}

static const struct terminal_owner owner = {.key = key_take};

bool command_sleep(struct words *words)
{
    const char *word = words_next(words);
    u64 ns;

    if (!word || words_left(words) || !schedule_time_read(word, &ns))
        return false;
    alarm_init(&alarm, wake);
    alarm_set(&alarm, time_now_ns() + ns);
    terminal_give(&owner);
    return true;
}
