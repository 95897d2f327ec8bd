/*
 * A guest's flushes, on the CPUs of those vcpus that it names. A CPU where one of them is loaded is
 * asked and waited for. One that loads a vcpu at this moment flushes everything when it does, and
 * one that has been left by it has no use for what it knows until then: so only what is loaded now
 * counts.
 */
#include "hypercalls/mmu.h"

#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/bitmap.h"

/* The CPUs that have vcpus of the domain loaded: of @vcpus, which are those from number @first on.
 */
static void cpus_add(struct cpu_set *to, const struct domain *d, u64 vcpus, u32 first)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* tables were changed; who loads them later is fine */
    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        const struct vcpu *v = ACCESS_ONCE(percpu_of(cpu)->running);

        if (v && v->domain == d && v->id - first < BITS_PER_LONG && vcpus >> (v->id - first) & 1)
            bitmap_set(to->bits, cpu);
    }
}

/* @mask: where the guest has its bitmap; NULL: all. */
static int cpus_find(struct cpu_set *to, const struct domain *d, const u64 *mask)
{
    const u32 bits = (u32)caller_word_bytes() * 8;
    u64 vcpus = ~0UL;

    *to = (struct cpu_set){};
    for (u32 i = 0, first = 0; first < d->max_vcpus; first = ++i * bits) {
        if (mask && word_read(&vcpus, *mask, i))
            return refuse(XEN_EFAULT, "a vcpu bitmap that cannot be read");
        cpus_add(to, d, vcpus, first);
    }
    return 0;
}

int guest_flush(const u64 *mask)
{
    struct cpu_set cpus;
    int rc;

    if (!mask && cpus_online == 1) {
        tlb_flush_local();
        return 0;
    }
    rc = cpus_find(&cpus, current->domain, mask);

    if (!rc)
        tlb_flush_cpus(&cpus);
    return rc;
}

int guest_flush_page(u64 va, const u64 *mask)
{
    struct cpu_set cpus;
    int rc = cpus_find(&cpus, current->domain, mask);

    /* Elsewhere there is nothing of the guest's to flush: as Xen, no error. */
    if (!rc && guest_range_ok(va, 1))
        smp_call(&cpus, tlb_flush_page_local, va);
    return rc;
}

static void cache_flush(u64 unused)
{
    (void)unused;
    wbinvd();
}

void guest_flush_caches(void)
{
    struct cpu_set cpus = {};

    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        bitmap_set(cpus.bits, cpu);
    smp_call(&cpus, cache_flush, 0);
}
