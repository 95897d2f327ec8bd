/* Debug key g: the grants of each domain that are in use, and by whom. */
#include "hypervisor/grant/table.h"

#include "hypervisor/debug/log.h"

#define GRANTS_SHOWN 64 /* of a domain: the console is slow, and all interrupts wait */

static void grant_show(const struct grants *g, grant_ref_t ref, const struct active *a)
{
    u32 pin = a->pin;

    log_always("  %#5x: frame %#x to domain %u, %s; CPUs read %u write %u, devices %u and %u; "
               "entry %#x, status %#x",
               ref, a->mfn, a->user, a->part ? "in part" : "whole", pin / PIN_HOST_READ & PIN_COUNT,
               pin / PIN_HOST_WRITE & PIN_COUNT, pin / PIN_DEV_READ & PIN_COUNT,
               pin / PIN_DEV_WRITE & PIN_COUNT, ACCESS_ONCE(*entry_at(g, ref)),
               ACCESS_ONCE(*status_at(g, ref)));
}

static void table_show(const struct domain *d)
{
    const struct grants *g = d->grants;
    u32 shown = 0;

    log_always(" domain %u: version %u, %u frames of %u, %u grants in use; %u handles of %u", d->id,
               g->version, g->frames, g->max.frames, g->pinned, g->tracks,
               g->max.maptrack_frames * MAPTRACKS_PER_PAGE);
    for (u32 ref = 0; ref < g->entries && shown < GRANTS_SHOWN; ref++) {
        const struct active *a = active_at(g, ref);

        if (a && a->pin) {
            grant_show(g, ref, a);
            shown++;
        }
    }
    if (shown < g->pinned)
        log_always("  and %u more", g->pinned - shown);
}

void grants_show(void)
{
    for (const struct domain *d = domains; d; d = d->next)
        table_show(d);
}
