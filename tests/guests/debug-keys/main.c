/*
 * The serial line has two readers: the hypervisor, for which each character is a debug key, and the
 * control domain, which reads it by console_io. Keys must be answered whatever the guest does: they
 * are what is left when it hangs. So one of the two times it spins without a hypercall, until an
 * NMI says that the keys have been answered; the other time it does nothing but call.
 */
#include "tests/guests/common.h"

static volatile bool nmi_came;

static bool nmi_note(struct trap_frame *frame)
{
    (void)frame;
    nmi_came = true;
    return true;
}

static void spin(void)
{
    console_printf("debug-keys: spinning\n");
    while (!nmi_came || cmdline_has("spin"))
        __builtin_ia32_pause();
    row("spin.interrupted", nmi_came);
}

/* The characters up to a '!', with calls of other kinds between them. */
static void say_typed(const char *name)
{
    char text[64];
    size_t n = 0;
    u64 root = table_entry_address(table_boot_root(), 0);

    while (n < sizeof(text) - 1 && (!n || text[n - 1] != '!')) {
        n += (size_t)call_console_io(CONSOLEIO_read, 1, text + n);
        call_xen_version(XENVER_version, NULL);
        pte_update(root, entry_read(root));
    }
    text[n] = 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] < ' ')
            text[i] = '^';
    row_text(name, text);
}

static void call(void)
{
    console_printf("debug-keys: calling\n");
    say_typed("typed.text");
}

/* What could not be handed over is not lost. */
static void fault(void)
{
    long answer;

    console_printf("debug-keys: nowhere to put it\n");
    while (!(answer = call_console_io(CONSOLEIO_read, 16, NULL)))
        ;
    row("fault.answer", answer);
    say_typed("fault.text");
}

void guest_main(void)
{
    trap_handle(2, nmi_note);
    spin();
    call();
    fault();
    row("empty.answer", call_console_io(CONSOLEIO_read, 16, NULL));
    guest_end();
}
