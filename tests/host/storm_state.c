#include "tests/host/storm_state.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/mm/pae.h"

static struct frame *frames_then;
static u64 *pages_then, *m2p_then;
static const struct domain *domains_then[2];

int state_setup(void)
{
    frames_then = malloc(frames_max * sizeof(*frames_then));
    pages_then = malloc(frames_max * PAGE_SIZE);
    m2p_then = malloc(frames_max * sizeof(*m2p_then));
    return !frames_then || !pages_then || !m2p_then;
}

void state_remember(struct domain *const domains[2])
{
    memcpy(domains_then, domains, sizeof(domains_then));
    memcpy(frames_then, frame_table, frames_max * sizeof(*frames_then));
    memcpy(pages_then, (void *)host_directmap, frames_max * PAGE_SIZE);
    memcpy(m2p_then, m2p, m2p_frames * sizeof(*m2p_then));
}

static u64 word_meaning(u64 w)
{
    return w & FRAME_TYPE_COUNT ? w : w & ~(FRAME_TYPE_MASK | FRAME_VALIDATED);
}

/* @now is how an accepted entry or descriptor @then is stored. */
static bool stored_form(const struct domain *d, u64 then, u64 now)
{
    u64 fixed = then;

    if (then & PTE_P && (now == pte_adjust_l1(then, d) || now == pte_adjust(then, 3, d) ||
                         now == pte_adjust(then, 4, d)))
        return true;
    if (then & PTE_P && d->is_32bit && now == (then & ~(PTE_US | PTE_RW | PTE_A)))
        return true; /* it was of an L3 for a while */
    return descriptor_fix(&fixed, d->is_32bit) && now == fixed;
}

/* All but the four entries that a 32-bit domain's L3 has, as soon as it is about to be one. */
static bool rest_cleared(const struct domain *d, const u64 *page)
{
    for (unsigned i = PAE_L3_ENTRIES; d->is_32bit && i < PT_ENTRIES; i++)
        if (page[i])
            return false;
    return d->is_32bit;
}

static const char *page_changed(u64 n)
{
    const u64 *then = pages_then + n * PT_ENTRIES, *now = machine_page(MFN(n));
    const struct domain *d = frames_then[n].owner;
    bool unused = !(frames_then[n].word & FRAME_TYPE_COUNT);

    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if (then[i] != now[i] && !(unused && i >= PAE_L3_ENTRIES && rest_cleared(d, now)) &&
            !(unused && stored_form(d, then[i], now[i])))
            return "refused, but the contents of a frame have changed";
    return NULL;
}

/* What the hypervisor keeps about a domain is a page of its own, and so for a vcpu. */
static const void *page_then(const void *p)
{
    return pages_then + virt_to_mfn(p).n * PT_ENTRIES;
}

static const char *domain_changed(const struct domain *d)
{
    const struct vcpu *v = d->vcpus[0];
    struct domain now = *d;
    struct vcpu vcpu_now = *v;

    now.page_list = ((const struct domain *)page_then(d))->page_list;  /* their order is nobody's */
    vcpu_now.bound_at = ((const struct vcpu *)page_then(v))->bound_at; /* its way out knows */
    vcpu_now.work = ((const struct vcpu *)page_then(v))->work;
    if (memcmp(page_then(d), &now, sizeof(now)) || memcmp(page_then(v), &vcpu_now, sizeof(*v)))
        return "refused, but a domain or vcpu has changed";
    return NULL;
}

static const char *frame_changed(u64 n)
{
    const struct frame *then = &frames_then[n], *now = &frame_table[n];

    if (then->owner != now->owner)
        return "refused, but an owner has changed";
    if (word_meaning(then->word) != word_meaning(now->word))
        return "refused, but a count or a type has changed";
    if (!now->owner)
        return NULL;
    if (m2p_then[n] != m2p[n])
        return "refused, but the M2P has changed";
    return page_changed(n);
}

const char *state_changed(void)
{
    const char *what = NULL;

    for (int i = 0; i < 2 && !what; i++)
        what = domain_changed(domains_then[i]);
    for (u64 n = machine_ram_start; n < machine_ram_end && !what; n++)
        what = frame_changed(n);
    return what;
}
