/*
 * The fake machine. Everything that the core expects of hardware, boot and log is here, so that a
 * test links without those: what would stop the machine fails the test instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/host/maker/fake_machine.h"

#include "hypervisor/cpu/smp.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/tlb.h"

#define STALE_BYTE 0x5a

struct frame *frame_table;
u64 host_directmap;
u64 *m2p;
u64 m2p_frames, m2p32_frames;
u32 *m2p32;
u64 *hv_l4;
u32 tlb_clock = 1;
struct percpu host_percpu;
u64 fake_flushes;

static u64 hypervisor_root[512];

void fake_machine_make(u64 frames)
{
    void *arena;

    fake_machine_drop();
    if (posix_memalign(&arena, MIB(2), frames << PAGE_SHIFT))
        abort();
    memset(arena, STALE_BYTE, frames << PAGE_SHIFT);
    host_directmap = (u64)arena;
    frame_table = calloc(frames, sizeof(*frame_table));
    m2p = malloc(frames * sizeof(*m2p));
    memset(m2p, 0xff, frames * sizeof(*m2p));
    m2p_frames = frames_max = frames;
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        hypervisor_root[i] = 0xdead000 + i;
    hv_l4 = hypervisor_root;
    frames_add(MFN(1), MFN(frames));
}

void fake_machine_drop(void)
{
    while (frames_free_count()) { /* the allocator's lists lead into the table that goes */
        unsigned order = ALLOC_ORDER_MAX;

        while (frames_alloc(order, 0).n == INVALID_MFN.n)
            order--;
    }
    free((void *)host_directmap);
    free(frame_table);
    free(m2p);
    host_directmap = 0;
    frame_table = NULL;
    m2p = NULL;
}

struct domain *fake_domain_make(u64 max_pages)
{
    static struct domain d;
    static struct vcpu v, *vcpus[1] = {&v};

    v = (struct vcpu){.domain = &d, .kernel_mode = 1};
    d = (struct domain){
        .privileged = true,
        .max_vcpus = 1,
        .max_pages = max_pages,
        .page_list = FRAME_NIL,
        .vcpus = vcpus,
    };
    host_percpu.running = &v;
    return &d;
}

void tlb_flush_stale(struct frame *f)
{
    fake_flushes += f->tlb_epoch != 0;
}

void tlb_flush_local(void)
{
    fake_flushes++;
}

void tlb_flush_page_local(u64 va)
{
    (void)va;
    fake_flushes++;
}

/* Nobody is watched. */
u32 dirty_logs;

void dirty_mark_frame(struct frame *f)
{
    (void)f;
}

void dirty_unmapped(struct frame *f)
{
    (void)f;
}

void tlb_load_root(mfn_t root)
{
    (void)root;
    fake_flushes++;
}

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("BUG at %s:%d: %s", file, line, what);
    abort();
}

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

void quiesce(struct quiesce *q, void (*done)(struct quiesce *))
{
    done(q);
}

void refusal_report(int err, const char *rule, const char *file, int line)
{
    (void)err;
    (void)rule;
    (void)file;
    (void)line;
}

int descriptors_validate(u64 *page, bool is_32bit)
{
    (void)page;
    (void)is_32bit;
    fail_msg("this test has no descriptor tables");
    return -1;
}

/* Nobody waits for the CPU while the machine boots. */
bool preempt_wanted(struct percpu *cpu)
{
    (void)cpu;
    return false;
}

void domain_gone(struct domain *d)
{
    (void)d;
    abort(); /* the domain that is made here is never ended */
}
