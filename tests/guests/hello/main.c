/*
 * The smallest guest: it starts, says one row, ends. If this fails, nothing else is worth reading.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"

void guest_main(void)
{
    row_want_text("hello.magic", start_info->magic, START_MAGIC);
    guest_end();
}
