/*
 * How CPUs ask each other, with a thread for each CPU: the real smp.c and tlb.c on a machine that
 * has nothing but page-table entries, TLBs that keep what they can, and frames that are memory or a
 * table. Threads run in any order, and on real CPUs; so what is wrong shows sooner or later, and
 * what is not shown is not proven. A machine that stands still is found by the alarm clock.
 *
 * What must never be seen: a frame written through a TLB while it is a table; an entry older than
 * its last flush that was waited for; something freed that a call had found before; anybody at work
 * while all are held.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* A CPU that waits lets other threads run. */
static void thread_yield(void)
{
    sched_yield();
}
#define __builtin_ia32_pause() thread_yield()
#define sched_yield            hypervisor_sched_yield /* sched/sched.h has one too */

#define HOST_CPUS
#include "hypervisor/cpu/percpu.h"

#define CPUS   4
#define PAGES  8    /* page n maps frame n */
#define ROUNDS 3000 /* of each CPU */

static struct percpu cpus[CPUS];
static _Thread_local struct percpu *this_thread = &cpus[0];

#undef this_cpu
#define this_cpu() (this_thread)

/* In place of cpu/regs.h: the TLB is emptied when CR4.PGE goes. */
#define HYPERVISOR_CPU_REGS_H
#define CR4_PGE    (1UL << 7)
#define CACHE_LINE 64

static u64 entries[PAGES]; /* page tables: writable if not 0; else a number that grows */
static struct {
    u64 entry[PAGES]; /* 0: nothing is known */
} tlbs[CPUS];
static u64 is_table[PAGES], oldest[PAGES];
static u32 interrupts[CPUS];
static bool no_tables[CPUS];

static u64 read_cr4(void)
{
    return CR4_PGE;
}

static void write_cr4(u64 v)
{
    if (!(v & CR4_PGE))
        for (u32 p = 0; p < PAGES; p++)
            tlbs[this_thread->id].entry[p] = 0;
}

static void write_cr3(u64 v)
{
    no_tables[this_thread->id] = v == 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* as the real one */
}

static void invlpg(u64 va)
{
    tlbs[this_thread->id].entry[va] = 0;
}

static void clflush(const void *p)
{
    (void)p;
}

static void cpu_relax(void)
{
    thread_yield();
}

static u64 rdtsc(void)
{
    return __builtin_ia32_rdtsc();
}

static void cpu_halt(void)
{
    pthread_exit(NULL);
}

#include "hypervisor/cpu/smp.c"
/* No domain is watched (mm/shadow.h). */
void shadow_empty(void)
{
}

void shadow_drop(u64 va)
{
    (void)va;
}

#include "hypervisor/mm/tlb.c"

struct frame *frame_table;
u64 host_directmap, *hv_l4;
static struct frame frames[PAGES];
static u32 finished_cpus;

struct percpu *host_percpu_of(u32 cpu)
{
    return &cpus[cpu];
}

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

bool apic_present(void)
{
    return true;
}

u32 apic_id(void)
{
    return 0;
}

void apic_send(u32 id, u32 command)
{
    assert_int_equal(command, VECTOR_SMP);
    __atomic_store_n(&interrupts[id], 1, __ATOMIC_SEQ_CST);
}

static void (*handler)(void *data);

void irq_set_handler(u8 vector, void (*fn)(void *data), void *data)
{
    (void)vector, (void)data;
    handler = fn;
}

void console_break_lock(void)
{
}

void virq_raise_global(u32 virq)
{
    (void)virq;
}

void time_tell_guest(void)
{
}

static void wrong(const char *what)
{
    print_error("CPU %u: %s\n", this_thread->id, what);
    abort();
}

/* The guest runs: an interrupt may be taken, then it touches a page or two. */
static void guest_mode(u32 *seed)
{
    u32 p = (*seed >> 16) % PAGES;

    if (__atomic_exchange_n(&interrupts[this_thread->id], 0, __ATOMIC_SEQ_CST))
        handler(NULL);
    for (u32 i = 0; i < 2; i++, p = (p + 1) % PAGES) {
        u64 *known = &tlbs[this_thread->id].entry[p];

        if (!*known && !no_tables[this_thread->id])
            *known = __atomic_load_n(&entries[p], __ATOMIC_SEQ_CST);
        if (!*known)
            continue;
        if (__atomic_load_n(&is_table[p], __ATOMIC_SEQ_CST))
            wrong("a table was written through an old translation");
        if (*known < __atomic_load_n(&oldest[p], __ATOMIC_SEQ_CST))
            wrong("a translation outlived its flush");
    }
}

static u32 page_locks[PAGES]; /* like that of a frame: no rank */
static u64 number = 1;

/* A page is unmapped, its frame becomes a table, is one for a while, becomes memory again. */
static void retype(u32 p)
{
    __atomic_exchange_n(&entries[p], 0, __ATOMIC_SEQ_CST);
    tlb_stamp(&frames[p]);
    tlb_flush_stale(&frames[p]);
    __atomic_store_n(&is_table[p], 1, __ATOMIC_SEQ_CST);
    smp_poll();
    __atomic_store_n(&is_table[p], 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&entries[p], __atomic_add_fetch(&number, 1, __ATOMIC_SEQ_CST),
                     __ATOMIC_SEQ_CST);
}

/* The guest changes an entry and has it flushed everywhere, in one of two ways. */
static void remap(u32 p, bool by_page)
{
    u64 new = __atomic_add_fetch(&number, 1, __ATOMIC_SEQ_CST);
    struct cpu_set all = {{(1UL << CPUS) - 1}};

    __atomic_store_n(&entries[p], new, __ATOMIC_SEQ_CST);
    if (by_page)
        smp_call(&all, invlpg, p);
    else
        tlb_flush_cpus(&all);
    __atomic_store_n(&oldest[p], new, __ATOMIC_SEQ_CST);
}

static struct thing {
    struct quiesce q; /* first */
    u32 alive;
} * found;

static u32 things_freed;

static void thing_free(struct quiesce *q)
{
    struct thing *t = (struct thing *)q;

    __atomic_store_n(&t->alive, 0, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&things_freed, 1, __ATOMIC_SEQ_CST);
    free(t);
}

/* A call finds a thing, and uses it while others replace it and let it go. */
static void use_or_replace(u32 n)
{
    struct thing *t;

    if (n % 4) {
        t = __atomic_load_n(&found, __ATOMIC_SEQ_CST);
        for (u32 i = 0; i < 20; i++, smp_poll())
            if (!__atomic_load_n(&t->alive, __ATOMIC_SEQ_CST))
                wrong("it was freed before the call that found it ended");
        return;
    }
    t = calloc(1, sizeof(*t));
    t->alive = 1;
    quiesce(&__atomic_exchange_n(&found, t, __ATOMIC_SEQ_CST)->q, thing_free);
}

static u32 standing, at_work;

static void look_at_all(void)
{
    __atomic_fetch_sub(&at_work, 1, __ATOMIC_SEQ_CST);
    smp_hold_others();
    standing = 1;
    for (u32 i = 0; i < 100; i++)
        if (__atomic_load_n(&at_work, __ATOMIC_SEQ_CST))
            wrong("somebody works while all are held");
    standing = 0;
    smp_let_others_go();
    __atomic_fetch_add(&at_work, 1, __ATOMIC_SEQ_CST);
}

static void call(u32 n)
{
    u32 p = n % PAGES;

    __atomic_fetch_add(&at_work, 1, __ATOMIC_SEQ_CST);
    if (n / PAGES % 32 == 31) {
        look_at_all();
    } else if (n / PAGES % 4 == 0) {
        use_or_replace(n >> 9);
    } else {
        while (__atomic_exchange_n(&page_locks[p], 1, __ATOMIC_SEQ_CST))
            smp_poll();
        if (n / PAGES % 4 == 1)
            retype(p);
        else
            remap(p, n / PAGES % 4 == 2);
        __atomic_store_n(&page_locks[p], 0, __ATOMIC_SEQ_CST);
    }
    __atomic_fetch_sub(&at_work, 1, __ATOMIC_SEQ_CST);
}

static void *cpu_run(void *cpu)
{
    u32 seed;

    this_thread = cpu;
    seed = this_thread->id * 7919 + 1;
    for (u32 i = 0; i < ROUNDS; i++) {
        seed = seed * 1664525 + 1013904223;
        guest_mode(&seed);
        if (seed >> 28 == 0) {
            tlb_load_none(); /* a while without any guest */
            guest_mode(&seed);
            tlb_load_root(MFN(1));
        }
        if (seed >> 28 < 8)
            call(seed >> 4 & 0xffffff);
    }
    __atomic_fetch_add(&finished_cpus, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&finished_cpus, __ATOMIC_SEQ_CST) < CPUS)
        guest_mode(&seed);
    return NULL;
}

static void nothing_stale_is_used_and_nobody_waits_for_ever(void **state)
{
    pthread_t threads[CPUS];

    (void)state;
    alarm(120);
    smp_init();
    frame_table = frames;
    found = calloc(1, sizeof(*found));
    found->alive = 1;
    for (u32 cpu = 0; cpu < CPUS; cpu++) {
        cpus[cpu].id = cpu;
        if (cpu)
            smp_join(cpu);
    }
    for (u32 p = 0; p < PAGES; p++)
        entries[p] = 1;
    for (u32 cpu = 0; cpu < CPUS; cpu++)
        assert_int_equal(pthread_create(&threads[cpu], NULL, cpu_run, &cpus[cpu]), 0);
    for (u32 cpu = 0; cpu < CPUS; cpu++)
        pthread_join(threads[cpu], NULL);
    assert_true(things_freed > 0);
    free(found);
}

static void who_has_no_tables_is_not_asked(void **state)
{
    (void)state;
    this_thread = &cpus[1];
    tlb_load_none();
    this_thread = &cpus[0];
    for (u32 cpu = 2; cpu < CPUS; cpu++)
        cpus[cpu].tlb_none = true;
    interrupts[1] = 0;
    tlb_stamp(&frames[0]);
    tlb_flush_stale(&frames[0]);
    assert_int_equal(interrupts[1], 0);
    assert_true((s32)(this_thread->tlb_flushed - frames[0].tlb_epoch) > 0);
}

/* A CPU that never flushes by itself would seem to be ahead one day. */
static void who_falls_far_behind_is_asked(void **state)
{
    (void)state;
    cpus[1].tlb_none = false;
    cpus[1].asked = interrupts[1] = 0;
    tlb_clock = CLOCK_CHECK * 3 - 2;
    tlb_flush_local();
    assert_int_equal(interrupts[1], 0);
    tlb_flush_local();
    assert_int_equal(interrupts[1], 1);
    assert_int_equal(cpus[1].asked, ASK_FLUSH);
}

static u32 answers_wanted = 1;

/* A CPU in its guest, which serves what it is asked at once. */
static void *in_its_guest(void *unused)
{
    (void)unused;
    this_thread = &cpus[1];
    while (__atomic_load_n(&answers_wanted, __ATOMIC_ACQUIRE)) {
        if (ACCESS_ONCE(this_thread->asked) & ASK_NOW)
            smp_serve();
        thread_yield();
    }
    return NULL;
}

/* Who flushed this moment would seem to be behind a stamp of more than 2^31 flushes ago. */
static void an_old_stamp_is_not_waited_for_for_ever(void **state)
{
    pthread_t other;

    (void)state;
    this_thread = &cpus[0];
    cpus_online = 2;
    cpus[1].tlb_none = false;
    tlb_clock = 100;
    tlb_stamp(&frames[0]);
    tlb_clock += 0xa0000000;
    tlb_flush_local();
    cpus[1].tlb_flushed = tlb_clock;
    cpus[1].asked = 0;
    assert_int_equal(pthread_create(&other, NULL, in_its_guest, NULL), 0);
    alarm(60);
    tlb_flush_stale(&frames[0]);
    alarm(0);
    __atomic_store_n(&answers_wanted, 0, __ATOMIC_RELEASE);
    pthread_join(other, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stale_is_used_and_nobody_waits_for_ever),
        cmocka_unit_test(who_has_no_tables_is_not_asked),
        cmocka_unit_test(who_falls_far_behind_is_asked),
        cmocka_unit_test(an_old_stamp_is_not_waited_for_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
