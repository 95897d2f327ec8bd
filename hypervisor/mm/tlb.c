#include "hypervisor/mm/tlb.h"

#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/regs.h"

u32 tlb_clock = 1;

/* All translations of this CPU are about to go: stamps made so far are older than that. */
static void tlb_tick(void)
{
    u32 now;

    do { /* when it wraps it steps over 0, which means "never stamped" */
        now = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_ACQ_REL);
    } while (unlikely(!now));
    this_cpu()->tlb_flushed = now;
}

/* Until the validation of a table and the CPU's walk through it see the same. */
static void cache_flush(struct frame *f)
{
    const u8 *page = mfn_to_virt(frame_to_mfn(f));

    for (unsigned i = 0; i < PAGE_SIZE; i += CACHE_LINE)
        clflush(page + i);
    __atomic_fetch_and(&f->word, ~FRAME_INCOHERENT, __ATOMIC_ACQ_REL);
}

void tlb_flush_stale(struct frame *f)
{
    if (!f->tlb_epoch)
        return; /* never stamped, hence never mapped (and boot may ask before there is a this_cpu)
                 */
    /* One CPU so far: others will be asked by interrupt. The difference, not the order, of the
     * clocks: they wrap. */
    if ((s32)(f->tlb_epoch - this_cpu()->tlb_flushed) >= 0)
        tlb_flush_local();
    if (unlikely(ACCESS_ONCE(f->word) & FRAME_INCOHERENT))
        cache_flush(f); /* now that nobody can write past it any more */
}

void tlb_flush_local(void)
{
    u64 cr4 = read_cr4();

    tlb_tick();
    write_cr4(cr4 & ~CR4_PGE); /* global entries go only when PGE changes */
    write_cr4(cr4);
}

void tlb_flush_page_local(u64 va)
{
    invlpg(va);
}

void tlb_load_root(mfn_t root)
{
    u64 cr4 = read_cr4();

    tlb_tick();
    write_cr4(cr4 & ~CR4_PGE);
    write_cr3(root.n << PAGE_SHIFT);
    write_cr4(cr4);
}
