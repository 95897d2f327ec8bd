/*
 * The bytes of the hypercall page. Guests call into it without looking, but tracers and unwinders
 * know what Xen writes there, and so may a guest that patches its calls.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

static void entry_rows(const char *name, unsigned int number)
{
    u64 words[XL_STUB_SIZE / sizeof(u64)];

    memcpy(words, hypercall_page + number * XL_STUB_SIZE, sizeof(words));
    for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
        char text[64];

        fmt_snprintf(text, sizeof(text), "hypercall_page.%s_word_%u", name, i);
        row_hex(text, words[i]);
    }
}

void guest_main(void)
{
    entry_rows("first_entry", 0);
    entry_rows("entry_of_iret", __HYPERVISOR_iret);
    entry_rows("last_entry", HYPERCALL_ENTRIES - 1);
    guest_end();
}
