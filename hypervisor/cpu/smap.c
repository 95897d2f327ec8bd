/*
 * Switching SMAP on: write stac and clac over the NOPs of every recorded site, then set CR4.SMAP.
 * Text is mapped without write permission, so the bytes go in through the direct map. Only one CPU
 * runs yet and none is inside a site; a serialising instruction after the last write makes the CPU
 * forget what it has fetched.
 */
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/smap.h"
#include "xen-like/lib/string.h"

extern struct smap_site smap_sites_start[], smap_sites_end[];

static const u8 site_code[][3] = {
    [SMAP_SITE_STAC] = {0x0f, 0x01, 0xcb},
    [SMAP_SITE_CLAC] = {0x0f, 0x01, 0xca},
};

void smap_enable(void)
{
    if (!cpu_has_smap_on)
        return;
    for (const struct smap_site *s = smap_sites_start; s < smap_sites_end; s++) {
        const char *site = (const char *)&s->offset + s->offset;

        memcpy(phys_to_virt(image_to_phys(site)), site_code[s->what], sizeof(site_code[0]));
    }
    cpuid(0, 0);
    write_cr4(read_cr4() | CR4_SMAP);
}
