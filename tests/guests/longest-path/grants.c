/* A large grant table: it grows, changes its version, and back. */
#include "tests/guests/longest-path/longest.h"

#define FRAMES 1024 /* as the command line of this run allows */

static xen_pfn_t frames[FRAMES];

static long version_set(u32 version)
{
    gnttab_set_version_t op = {.version = version};

    return call_grant_table_op(GNTTABOP_set_version, &op, 1) * 10 + op.version;
}

void long_grants(void)
{
    gnttab_setup_table_t setup = {.dom = DOMID_SELF, .nr_frames = FRAMES, .status = 99};

    set_xen_guest_handle(setup.frame_list, frames);
    row_want("grants.setup", call_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    row_want("grants.status", setup.status, GNTST_okay);
    row_want("grants.version-2", version_set(2), 2);
    row_want("grants.version-1", version_set(1), 1);
}
