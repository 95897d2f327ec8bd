/*
 * A kernel that nobody here wrote, built as a guest by this control domain: Debian's Linux,
 * unpacked from its bzImage, with a ramdisk that is not mapped and a list of frames at its own
 * address. It is seen to come up as far as its console, where it says that it is content with the
 * CPU's extended state as CPUID describes it, and then destroyed in the midst of what it does.
 */
#include "tests/guests/toolstack.h"

static bool it_speaks(void)
{
    return watched_found != 0;
}

void guest_main(void)
{
    u64 machine;
    struct guest *g;

    toolstack_begin();
    watched_show = cmdline_has("show");
    watched_text = "Enabled xstate features"; /* otherwise it has complained of their sizes */
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    machine = machine_free_pages();
    g = guest_of("name='linux'\nkernel='vmlinuz'\nramdisk='ramdisk'\nmemory=128\nvcpus=2\n"
                 "extra='console=hvc0'\n");
    row_want("linux.built", g != NULL, 1);
    if (g) {
        row_want("linux.pages", domain_pages(g->domain.domid), MIB(128) / PAGE_SIZE);
        row_want("linux.enables-xstate", serve_until(it_speaks, 120000), 1);
        row_want("linux.destroyed", guest_destroy(g), 0);
    }
    row_pages_are_back("linux.memory-is-back", machine);
    guest_end();
}
