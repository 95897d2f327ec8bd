/*
 * Why the clock is exact. A frame's entry is taken out of the tables, then the clock is read for
 * the stamp; a CPU advances the clock, then flushes, then tells others that it has. Both sides have
 * a full barrier in between. So if the CPU's number is above the stamp, its flush began after the
 * entry was gone, and what it has read from the tables since cannot have been that entry.
 */
#include "hypervisor/mm/tlb.h"

#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/shadow.h"
#include "xen-like/lib/bitmap.h"

/* Numbers are compared by their difference. Before a CPU falls back by so much that it would be
 * mistaken for one ahead, it is asked to flush, without haste. */
#define CLOCK_CHECK (1U << 29)

u32 tlb_clock = 1;

/* All translations of this CPU are about to go: stamps made so far are older than that. */
static inline u32 tlb_tick(void)
{
    u32 now;

    do { /* when it wraps it steps over 0, which means "never stamped" */
        now = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);
    } while (unlikely(!now));
    return now;
}

static inline void tlb_flushed(u32 tick)
{
    __atomic_store_n(&this_cpu()->tlb_flushed, tick, __ATOMIC_RELEASE);
}

/* May CPU @cpu know translations that became stale when the clock was @epoch? */
static inline bool tlb_is_stale(u32 cpu, u32 epoch)
{
    const struct percpu *c = percpu_of(cpu);

    return (s32)(epoch - __atomic_load_n(&c->tlb_flushed, __ATOMIC_ACQUIRE)) >= 0 &&
           !ACCESS_ONCE(c->tlb_none);
}

void cache_flush_range(const void *from, u64 bytes)
{
    const u8 *end = (const u8 *)from + bytes;

    for (const u8 *p = (const u8 *)((u64)from & -(u64)CACHE_LINE); p < end; p += CACHE_LINE)
        clflush(p);
}

/* Until the validation of a table and the CPU's walk through it see the same. */
static void cache_flush(struct frame *f)
{
    cache_flush_range(mfn_to_virt(frame_to_mfn(f)), PAGE_SIZE);
    __atomic_fetch_and(&f->word, ~FRAME_INCOHERENT, __ATOMIC_ACQ_REL);
}

/* All are asked before the first is waited for; who flushes meanwhile, for whomever, has done it.
 */
static void tlb_flush_since(u32 epoch, const struct cpu_set *set)
{
    u32 n = cpus_online, self = this_cpu()->id, now = ACCESS_ONCE(tlb_clock);

    /* More than 2^31 flushes ago: no CPU would ever be behind it. */
    if (unlikely((s32)(epoch - now) > 0))
        epoch = now;
    for (u32 cpu = 0; cpu < n; cpu++)
        if (cpu != self && (!set || bitmap_test(set->bits, cpu)) && tlb_is_stale(cpu, epoch))
            smp_ask(cpu, ASK_FLUSH);
    if ((!set || bitmap_test(set->bits, self)) && tlb_is_stale(self, epoch))
        tlb_flush_local();
    for (u32 cpu = 0; cpu < n; cpu++)
        while (cpu != self && (!set || bitmap_test(set->bits, cpu)) && tlb_is_stale(cpu, epoch))
            smp_poll();
}

void tlb_flush_stale(struct frame *f)
{
    u32 epoch = f->tlb_epoch;

    if (!epoch)
        return; /* never stamped, hence never mapped (and boot may ask before there is a this_cpu)
                 */
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (tlb_is_stale(cpu, epoch)) {
            tlb_flush_since(epoch, NULL);
            break;
        }
    if (unlikely(ACCESS_ONCE(f->word) & FRAME_INCOHERENT))
        cache_flush(f); /* now that nobody can write past it any more */
}

void tlb_flush_cpus(const struct cpu_set *set)
{
    tlb_flush_since(__atomic_add_fetch(&tlb_clock, 0, __ATOMIC_SEQ_CST), set);
}

/* Is there more to a flush that is number @now than the CPU's part? */
static inline bool tick_is_rare(u32 now)
{
    return unlikely(now % CLOCK_CHECK == 0) || unlikely(this_cpu()->shadow);
}

static void tick_rare(u32 now)
{
    if (now % CLOCK_CHECK == 0)
        smp_ask_others(ASK_FLUSH);
    if (this_cpu()->shadow)
        shadow_empty();
}

static inline void flush_all(u32 now)
{
    u64 cr4 = read_cr4();

    write_cr4(cr4 & ~CR4_PGE); /* global entries go only when PGE changes */
    write_cr4(cr4);
    tlb_flushed(now);
}

static __attribute__((noinline, cold)) void tlb_flush_rare(u32 now)
{
    tick_rare(now);
    flush_all(now);
}

/* The usual flush calls nobody, so that it has no register to save. */
void tlb_flush_local(void)
{
    u32 now = tlb_tick();

    if (unlikely(tick_is_rare(now)))
        return tlb_flush_rare(now);
    flush_all(now);
}

void tlb_flush_page_local(u64 va)
{
    if (unlikely(this_cpu()->shadow))
        shadow_drop(va);
    invlpg(va);
}

void tlb_load_root(mfn_t root)
{
    u64 cr4 = read_cr4();
    u32 now;

    ACCESS_ONCE(this_cpu()->tlb_none) = false; /* before anything can be read through @root */
    now = tlb_tick();
    if (unlikely(tick_is_rare(now)))
        tick_rare(now);
    write_cr4(cr4 & ~CR4_PGE);
    write_cr3(root.n << PAGE_SHIFT);
    write_cr4(cr4);
    tlb_flushed(now);
}

void tlb_load_none(void)
{
    this_cpu()->shadow = NULL;
    tlb_load_root(virt_to_mfn(hv_l4));
    __atomic_store_n(&this_cpu()->tlb_none, true, __ATOMIC_RELEASE);
}
