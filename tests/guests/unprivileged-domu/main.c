/*
 * What a guest is refused that is not the control domain, beside one: tests/guests/unprivileged is
 * built and run by this kernel, and what it prints becomes rows here, so that Xen is asked the
 * same.
 */
#include "tests/guests/toolstack.h"

static struct guest *guest;

static bool has_ended(void)
{
    return guest_ended(guest) >= 0 && watched_found;
}

void guest_main(void)
{
    toolstack_begin();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    watched_text = "END ";
    watched_prefix = "";
    watched_show = true;
    guest = guest_of("name='u'; kernel='unprivileged'; memory=32; on_poweroff='preserve'");
    if (!guest)
        guest_panic("it cannot be built");
    row_want("domu.ends", serve_until(has_ended, 60000), 1);
    guest_end();
}
