/*
 * The two-level form: 4096 ports, whose PENDING and MASKED bits are two bitmaps in the shared page.
 * Looking through 64 words for one bit would be slow, so there is a second level: each vcpu has a
 * word with one bit for each word of the bitmaps, set by the hypervisor when it sets a PENDING bit
 * there that was 0, is not masked and notifies this vcpu.
 *
 * Two rules follow. The selector is taken with an exchange for 0 before the words are read: a bit
 * that the hypervisor sets later is seen in a later upcall. And the ports of a word may notify
 * different vcpus: a vcpu leaves those of others alone, whose own selectors have been set.
 */
#include "guest-kernel/event/form.h"

#define WORD_BITS 64

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

static u64 bit_of(u32 port)
{
    return 1ull << port % WORD_BITS;
}

static void scan_word(const struct vcpu *self, unsigned int word)
{
    u64 ports = ACCESS_ONCE(shared_info->evtchn_pending[word]) &
                ~ACCESS_ONCE(shared_info->evtchn_mask[word]);

    for (; ports; ports &= ports - 1) {
        u32 port = word * WORD_BITS + (u32)__builtin_ctzll(ports);

        if (event_vcpu(port) == self)
            event_deliver(port);
    }
}

static void scan(struct vcpu *self)
{
    u64 words = __atomic_exchange_n(&self->info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

    for (; words; words &= words - 1)
        scan_word(self, (unsigned int)__builtin_ctzll(words));
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
    u64 *word = &shared_info->evtchn_pending[port / WORD_BITS];

    return __atomic_fetch_and(word, ~bit_of(port), __ATOMIC_SEQ_CST) & bit_of(port);
}

static bool is_pending(u32 port)
{
    return ACCESS_ONCE(shared_info->evtchn_pending[port / WORD_BITS]) & bit_of(port);
}

const struct event_ops two_level_ops = {vcpu_init, port_init, scan,      mask,
                                        unmask,    clear,     is_pending};
