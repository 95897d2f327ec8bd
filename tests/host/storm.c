#include "tests/host/storm.h"

#include "hypercalls/memory.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/pae.h"
#include "tests/host/storm_contents.h"
#include "tests/host/storm_state.h"

static struct domain *pair[2];

static struct domain *domain_make(u16 id, u64 pages_max, bool narrow)
{
    struct domain *d = machine_domain_create(id, 1, pages_max, false);

    d->is_32bit = narrow;
    assert_non_null(vcpu_create(d, 0));
    machine_run(d);
    return d;
}

static void base_begin(struct domain *d, mfn_t top, mfn_t l1)
{
    struct vcpu *v = d->vcpus[0];
    mfn_t last;

    if (!d->is_32bit) {
        assert_int_equal(frame_get_and_type(top, d, FT_L4), 0);
        v->cr3_kernel = top.n << PAGE_SHIFT;
        return;
    }
    last = machine_frame(d); /* the L2 with the hypervisor's slots */
    machine_page(last)[0] = pte_make(l1, GUEST_RW);
    machine_page(top)[PAE_L3_ENTRIES - 1] = pte_make(last, PTE_P);
    assert_int_equal(vcpu_set_base(v, top), 0);
}

/* A domain as its builder would leave it: memory, and one small tree of tables in use. */
static struct domain *domain_begin(u16 id, u64 pages_max, bool narrow)
{
    struct domain *d = domain_make(id, pages_max, narrow);
    mfn_t below, l1 = MFN(0);

    d->vm_assist = 1UL << VMASST_TYPE_writable_pagetables;
    while (d->tot_pages < pages_max * 3 / 4)
        machine_frame(d);
    below = machine_frame(d);
    for (int level = 1; level <= storm_top(d); level++) {
        mfn_t m = machine_frame(d);

        for (u64 i = 0; i < STORM_SLOTS; i++)
            machine_page(m)[i] = pte_make(below, GUEST_RW);
        if (level == 1) /* as kernels do: the table shows itself */
            machine_page(m)[1] = pte_make(m, GUEST_RO);
        below = m;
        if (level == 1)
            l1 = m;
    }
    base_begin(d, below, l1);
    return d;
}

void storm_begin(u64 pages_max, u32 narrow)
{
    tlb_flush_local();
    memset(m2p, 0, m2p_frames * sizeof(*m2p));
    storm_calls_begin();
    for (int i = 0; i < 2; i++)
        pair[i] = domain_begin((u16)(i + 1), pages_max, narrow >> i & 1);
    contents_begin();
}

static unsigned call_pick(void)
{
    u32 total = 0, at, i;

    for (i = 0; i < storm_call_count; i++)
        total += storm_calls[i].weight;
    at = machine_random(total);
    for (i = 0; at >= storm_calls[i].weight; i++)
        at -= storm_calls[i].weight;
    return i;
}

/* Work that was interrupted, now or earlier: it goes on by itself with the next call, refused or
 * not. */
static bool work_half_done(void)
{
    for (u64 n = machine_ram_start; n < machine_ram_end; n++)
        if (frame_table[n].owner && frame_table[n].word & (FRAME_PARTIAL | FRAME_RETIRING))
            return true;
    for (int i = 0; i < 2; i++)
        if (pair[i]->vcpus[0]->exchange.phase || pair[i]->vcpus[0]->extent.block.n)
            return true;
    return false;
}

const char *storm_step(unsigned *op, long *rc)
{
    struct domain *d = host_percpu.running->domain;
    const char *wrong;
    bool half_done;

    *op = call_pick();
    if (!machine_random(50)) { /* without a flush, as if each domain had a CPU and both one TLB */
        d = pair[d == pair[0]];
        machine_run(d);
    }
    if (storm_call_waits(d) && machine_random(2))
        *op = storm_call_count - 1;
    state_remember(pair);
    machine_preempt_in = machine_random(4) ? 0 : 1 + machine_random(12);
    half_done = work_half_done();
    *rc = storm_calls[*op].run(d);
    machine_preempt_in = 0;
    half_done |= work_half_done();
    if (mfn_valid(machine_tlb_load()))
        return "a stale translation leads to a frame that is something else now";
    for (int i = 0; i < 2; i++)
        if (audit_domain(pair[i]))
            return "the audit found a mismatch";
    wrong = contents_wrong();
    return wrong || !*rc || half_done ? wrong : state_changed();
}

void storm_end(void)
{
    for (int i = 0; i < 2; i++) {
        machine_run(pair[i]);
        memory_exchange(HYPERVISOR_VIRT_START); /* fails; what was interrupted ends before */
        if (pair[i]->vcpus[0]->extent.left)
            extent_finish();
        if (pair[i]->vcpus[0]->extent.block.n)
            extent_drop();
        machine_domain_end(pair[i]);
    }
}
