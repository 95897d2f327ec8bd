/*
 * The two-level form: 4096 ports (1024 in 32 bits), whose PENDING and MASKED bits are two bitmaps
 * in the shared page. Looking through the words for one bit would be slow, so there is a second
 * level: each vcpu has a word with one bit for each word of the bitmaps, set by the hypervisor when
 * it sets a PENDING bit there that was 0, is not masked and notifies this vcpu.
 *
 * Two rules follow. The selector is taken with an exchange for 0 before the words are read: a bit
 * that the hypervisor sets later is seen in a later upcall. And the ports of a word may notify
 * different vcpus: a vcpu leaves those of others alone, whose own selectors have been set.
 */
#include "guest-kernel/event/form.h"

typedef xen_ulong_t word;

#define WORD_BITS (8 * sizeof(word))

static long vcpu_init(struct vcpu *vcpu)
{
    (void)vcpu;
    return 0;
}

static void port_init(u32 port)
{
    if (port >= EVTCHN_2L_NR_CHANNELS)
        guest_panic("port %u is beyond the two-level form", port);
}

static word bit_of(u32 port)
{
    return (word)1 << port % WORD_BITS;
}

static void scan_word(const struct vcpu *self, unsigned int index)
{
    word ports = ACCESS_ONCE(shared_info->evtchn_pending[index]) &
                 ~ACCESS_ONCE(shared_info->evtchn_mask[index]);

    for (; ports; ports &= ports - 1) {
        u32 port = index * WORD_BITS + (u32)__builtin_ctzl(ports);

        if (event_vcpu(port) == self)
            event_deliver(port);
    }
}

static void scan(struct vcpu *self)
{
    word words = __atomic_exchange_n(&self->info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

    for (; words; words &= words - 1)
        scan_word(self, (unsigned int)__builtin_ctzl(words));
}

static void mask(u32 port)
{
    __atomic_fetch_or(&shared_info->evtchn_mask[port / WORD_BITS], bit_of(port), __ATOMIC_SEQ_CST);
}

static void unmask(u32 port)
{
    __atomic_fetch_and(&shared_info->evtchn_mask[port / WORD_BITS], ~bit_of(port),
                       __ATOMIC_SEQ_CST);
}

static bool clear(u32 port)
{
    word *bits = &shared_info->evtchn_pending[port / WORD_BITS];

    return __atomic_fetch_and(bits, ~bit_of(port), __ATOMIC_SEQ_CST) & bit_of(port);
}

static bool is_masked(u32 port)
{
    return ACCESS_ONCE(shared_info->evtchn_mask[port / WORD_BITS]) & bit_of(port);
}

/* Of two bits in two words: what was taken of a masked port is put back, and if that has been
 * unmasked meanwhile, by who found nothing pending, it is made anew. */
static bool take(u32 port)
{
    if (!clear(port))
        return false;
    if (!is_masked(port))
        return true;
    __atomic_fetch_or(&shared_info->evtchn_pending[port / WORD_BITS], bit_of(port),
                      __ATOMIC_SEQ_CST);
    if (!is_masked(port))
        event_unmask(port);
    return false;
}

static bool is_pending(u32 port)
{
    return ACCESS_ONCE(shared_info->evtchn_pending[port / WORD_BITS]) & bit_of(port);
}

const struct event_ops two_level_ops = {vcpu_init, port_init, scan, mask,
                                        unmask,    clear,     take, is_pending};
