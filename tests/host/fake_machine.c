/*
 * What the memory core asks of a machine, for Linux user space. mm/tlb.c and
 * mm/shadow.c are compiled here as they are, with control registers that count: so the tests run
 * the real clock, too.
 */
#include "tests/host/fake_machine.h"

#include <stdio.h>

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/sched/pool.h"
#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/list.h"
#include "hypervisor/event/channel.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/wallclock.h"

/* In place of cpu/regs.h, for tlb.c below. */
#define HYPERVISOR_CPU_REGS_H
#define CR4_PGE     (1UL << 7)
#define CACHE_LINE  64
#define RFLAGS_IF   (1UL << 9) /* cpu/bounce.h has them */
#define RFLAGS_IOPL (3UL << 12)

static u64 fake_cr4 = CR4_PGE;
/* What may have got into the TLB, by frame: whose translations to write and to read it, and as what
 * table the CPU has walked it (it caches upper entries as well). */
static struct tlb_memory {
    struct domain *writer, *reader;
    u64 table;
} * tlb;

u64 machine_flushes, machine_line_flushes;

static void clflush(const void *p)
{
    (void)p;
    machine_line_flushes++;
}

static u64 read_cr4(void)
{
    return fake_cr4;
}

static void write_cr4(u64 v)
{
    if ((v ^ fake_cr4) & CR4_PGE) {
        memset(tlb, 0, frames_max * sizeof(*tlb));
        machine_flushes += !(v & CR4_PGE);
    }
    fake_cr4 = v;
}

static void write_cr3(u64 v)
{
    (void)v; /* global translations stay, and any may be global */
}

static void invlpg(u64 va)
{
    (void)va;
}

#include "hypervisor/mm/dirty.c"
#include "hypervisor/mm/shadow.c"
#include "hypervisor/mm/tlb.c"

struct frame *frame_table;
u64 host_directmap;
struct percpu host_percpu;
u32 cpus_online = 1;
u64 *hv_l4;

struct percpu *host_percpu_of(u32 cpu)
{
    assert_int_equal(cpu, 0);
    return &host_percpu;
}

void smp_ask(u32 cpu, u32 what)
{
    fail_msg("CPU %u was asked for %u", cpu, what); /* there is but one, and it needs no asking */
}

void smp_ask_others(u32 what)
{
    (void)what;
}

void smp_call(const struct cpu_set *set, void (*fn)(u64 arg), u64 arg)
{
    if (set->bits[0] & 1)
        fn(arg);
}

void smp_hold_others(void)
{
}

void smp_let_others_go(void)
{
}
u64 *hv_l4;
u64 *m2p, m2p_frames, m2p32_frames;
u32 *m2p32;
u64 machine_ram_start, machine_ram_end, machine_frames = 256, machine_seed = 1;
u32 machine_lines;
char machine_line[256];
bool machine_quiet;

static u64 window_ptes[2 * GDT_WINDOW_PAGES];
static const void *unmapped_from, *unmapped_to;
static const u8 *random_bytes, *random_end;
static u64 free_at_start;

/* A number below @n made of the input's next bytes, as few as hold it. */
static u32 random_read(u32 n)
{
    u32 bytes = n <= 1U << 8 ? 1 : n <= 1U << 16 ? 2 : 4, value = 0;

    for (; bytes && random_bytes < random_end; bytes--)
        value = value << 8 | *random_bytes++;
    return value % n;
}

void machine_random_from(const void *bytes, u64 length)
{
    random_bytes = bytes;
    random_end = length ? random_bytes + length : bytes;
    if (length)
        machine_seed = random_end[-1];
}

u32 machine_random(u32 n)
{
    if (random_bytes < random_end)
        return random_read(n);
    machine_seed = machine_seed * 6364136223846793005UL + 1442695040888963407UL;
    return (u32)(machine_seed >> 33) % n;
}

static void *pages_of_host(u64 pages)
{
    void *p = aligned_alloc(PAGE_SIZE, pages * PAGE_SIZE);

    assert_non_null(p);
    return memset(p, 0, pages * PAGE_SIZE);
}

void machine_make(u64 ram_frames)
{
    u64 all = ram_frames + 2 * MACHINE_HOLE;

    host_directmap = (u64)pages_of_host(all);
    frame_table = pages_of_host(all * sizeof(*frame_table) / PAGE_SIZE + 1);
    m2p = pages_of_host(all * sizeof(*m2p) / PAGE_SIZE + 1);
    tlb = pages_of_host(all * sizeof(*tlb) / PAGE_SIZE + 1);
    hv_l4 = pages_of_host(1);
    m2p_frames = all;
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        hv_l4[i] = pte_make(MFN(0x100000 + i), PTE_P | PTE_RW | PTE_A);
    host_percpu.gdt_ptes = window_ptes;
    machine_ram_start = MACHINE_HOLE;
    machine_ram_end = MACHINE_HOLE + ram_frames;
    io_frames_init(MFN(all));
    io_frames_are_ram(MFN(machine_ram_start), MFN(machine_ram_end));
}

int machine_setup(void **state)
{
    (void)state;
    machine_make(machine_frames);
    frames_add(MFN(machine_ram_start), MFN(machine_ram_end));
    free_at_start = frames_free_count();
    return 0;
}

int machine_all_free(void **state)
{
    (void)state;
    return frames_free_count() == free_at_start ? 0 : -1;
}

/* Is what the TLB remembers of @f no longer so, and dangerous? */
static bool tlb_wrong(const struct tlb_memory *t, const struct frame *f)
{
    bool used = frame_type_count(f->word);
    u64 type = frame_type(f);

    if (t->writer && ((used && type != FT_WRITABLE) || (f->owner && f->owner != t->writer)))
        return true;
    return (t->reader && f->owner && f->owner != t->reader) ||
           (t->table && used && type != t->table);
}

mfn_t machine_tlb_load(void)
{
    for (u64 n = machine_ram_start; n < machine_ram_end; n++) {
        const struct frame *f = &frame_table[n];

        if (tlb_wrong(&tlb[n], f))
            return MFN(n);
        if (f->owner)
            tlb[n].reader = f->owner;
        if (!frame_type_count(f->word))
            continue;
        if (frame_type(f) == FT_WRITABLE)
            tlb[n].writer = f->owner;
        else if (type_is_table(frame_type(f)))
            tlb[n].table = frame_type(f);
    }
    return INVALID_MFN;
}

/* ---- What the core calls ------------------------------------------------------------------- */

void bug_at(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    abort(); /* mock_assert does not return */
}

void refusal_report(int err, const char *rule, const char *file, int line)
{
    (void)err, (void)rule, (void)file, (void)line;
}

void log_at(enum log_level level, const char *format, ...)
{
    va_list args;

    (void)level;
    va_start(args, format);
    vsnprintf(machine_line, sizeof(machine_line), format, args);
    va_end(args);
    machine_lines++;
    if (!machine_quiet)
        fprintf(stderr, "(XEN) %s\n", machine_line);
}

void ldt_load(struct percpu *cpu, u32 entries)
{
    (void)cpu, (void)entries;
}

void machine_unmap_guest(const void *from, const void *to)
{
    unmapped_from = from;
    unmapped_to = to;
}

/* Guest addresses are addresses of the test. */
static u64 guest_copy(void *to, const void *from, const void *guest, u64 len)
{
    const u8 *hole = unmapped_from, *at = guest;
    u64 can = len;

    if (hole && at < (const u8 *)unmapped_to && at + len > hole)
        can = at < hole ? (u64)(hole - at) : 0;
    memcpy(to, from, can);
    return len - can;
}

u64 guest_copy_in(void *to, u64 from, u64 len)
{
    return guest_range_ok(from, len) ? guest_copy(to, (void *)from, (void *)from, len) : len;
}

u64 guest_copy_out(u64 to, const void *from, u64 len)
{
    return guest_range_ok(to, len) ? guest_copy((void *)to, from, (void *)to, len) : len;
}

__attribute__((weak)) int guest_read(void *to, u64 from, u64 len)
{
    return guest_copy_in(to, from, len) ? -XEN_EFAULT : 0;
}

int guest_write(u64 to, const void *from, u64 len)
{
    return guest_copy_out(to, from, len) ? -XEN_EFAULT : 0;
}

/* ---- Preemption ------------------------------------------------------------------------------ */

u32 machine_preempt_in;

bool preempt_wanted(struct percpu *cpu)
{
    cpu->work_left = 0;
    return machine_preempt_in && --machine_preempt_in == 0;
}

#define CALL_RIP 0x1000

long machine_call(machine_call_fn call, const u64 args[4], void (*between)(void))
{
    struct cpu_user_regs *regs = &host_percpu.regs, mine;
    long rc;

    *regs = (struct cpu_user_regs){
        .rip = CALL_RIP, .rdi = args[0], .rsi = args[1], .rdx = args[2], .r10 = args[3]};
    for (;;) {
        rc = call(regs->rdi, regs->rsi, regs->rdx, regs->r10);
        if (regs->rip == CALL_RIP)
            return rc;
        regs->rip = CALL_RIP;
        mine = *regs;
        if (between)
            between();
        *regs = mine;
    }
}

/* ---- Domains ------------------------------------------------------------------------------- */

struct domain *machine_domain(u16 id, u64 max_pages, bool privileged)
{
    struct domain *d = machine_domain_create(id, 1, max_pages, privileged);

    assert_non_null(vcpu_create(d, 0));
    machine_run(d);
    return d;
}

struct domain *machine_domain_create(u16 id, u32 vcpus, u64 max_pages, bool privileged)
{
    struct domain_config config = {
        .max_vcpus = vcpus,
        .max_pages = max_pages,
        .ports = privileged ? EVTCHN_FIFO_NR_CHANNELS : PORTS_DOMU,
        .privileged = privileged,
        .runs = true,
    };
    struct domain *d = NULL;

    assert_int_equal(domain_create(id, &config, &d), 0);
    return d;
}

void machine_run(struct domain *d)
{
    host_percpu.running = d->vcpus[0];
}

mfn_t machine_frame(struct domain *d)
{
    mfn_t m = domain_frames_alloc(d, 0, 0, false);

    assert_true(mfn_valid(m));
    memset(mfn_to_virt(m), 0, PAGE_SIZE);
    return m;
}

void machine_give_back(mfn_t m)
{
    struct frame *f = mfn_to_frame(m);

    if (!frame_get(f, f->owner))
        return;
    frame_disown(f);
    frame_put(f);
}

/* The control domain's vcpu, which has nothing else to do. */
static struct domain controller = {.id = DOMID_FIRST_RESERVED};
static struct vcpu controller_vcpu = {.domain = &controller};

static struct quiesce *quiescing;

void quiesce(struct quiesce *q, void (*done)(struct quiesce *))
{
    *q = (struct quiesce){.done = done, .next = quiescing};
    quiescing = q;
}

void machine_quiesced(void)
{
    while (quiescing) {
        struct quiesce *q = quiescing;

        quiescing = q->next;
        q->done(q);
    }
}

void machine_domain_kill(struct domain *d)
{
    machine_preempt_in = 0;
    tables_retire_pending();
    host_percpu.running = &controller_vcpu;
    while (domain_kill(d))
        machine_quiesced();
    machine_quiesced();
}

void machine_domain_end(struct domain *d)
{
    u16 id = d->id;

    assert_audit(d);
    machine_domain_kill(d);
    assert_null(domain_find(id));
}

void machine_unwatch(void)
{
    pages_free(dirty_map, order_for((frames_max + WORD_BITS - 1) / WORD_BITS * sizeof(u64)));
    pages_free(host_percpu.shadow_pool, POOL_ORDER);
    dirty_map = NULL;
    host_percpu.shadow_pool = NULL;
}

/* No FPU: what a vcpu's registers hold is nobody's business here. */
bool xstate_alloc(struct vcpu *v)
{
    (void)v;
    return true;
}

/* Nobody runs on the host: what the life of a vcpu tells the scheduler ends here. */
void sched_vcpu_init(struct vcpu *v)
{
    v->sched.stopped = STOP_DOWN;
}

struct cpu_pool pools[1];

void sched_domain_init(struct domain *d, struct cpu_pool *pool)
{
    d->sched.pool = pool ? pool : pools;
}

void sched_domain_destroy(struct domain *d)
{
    (void)d;
}

void sched_vcpu_destroy(struct vcpu *v)
{
    (void)v;
}

/* Nor does anybody send, but in tests of that. */
__attribute__((weak)) bool events_init(struct domain *d, u32 limit)
{
    (void)d, (void)limit;
    return true;
}

__attribute__((weak)) int events_close(struct domain *d)
{
    (void)d;
    return 0;
}

__attribute__((weak)) int events_release(struct domain *d)
{
    (void)d;
    return 0;
}

__attribute__((weak)) bool events_free(struct domain *d)
{
    (void)d;
    return true;
}

__attribute__((weak)) long event_send(struct domain *d, evtchn_port_t port)
{
    (void)d, (void)port;
    return 0;
}

__attribute__((weak)) void virq_raise_global(u32 virq)
{
    (void)virq;
}

__attribute__((weak)) void fifo_each_page(const struct domain *d, void (*see)(const void *page))
{
    (void)d;
    (void)see;
}

__attribute__((weak)) void virq_handler_gone(const struct domain *d)
{
    (void)d;
}

__attribute__((weak)) void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
    (void)t, (void)fn, (void)data;
}

__attribute__((weak)) void timer_set(struct timer *t, u64 due)
{
    (void)t, (void)due;
}

__attribute__((weak)) u64 now_ns(void)
{
    return 0;
}

void vcpu_freeze(struct vcpu *v)
{
    v->sched.frozen++;
}

u32 machine_frozen(const struct vcpu *v)
{
    return v->sched.frozen;
}

void vcpu_thaw(struct vcpu *v)
{
    assert_true(v->sched.frozen);
    v->sched.frozen--;
}

__attribute__((weak)) void timer_stop(struct timer *t)
{
    (void)t;
}

__attribute__((weak)) bool timer_is_set(const struct timer *t)
{
    (void)t;
    return false;
}

void vcpu_time_destroy(struct vcpu *v)
{
    (void)v;
}

__attribute__((weak)) struct xstate_limits xstate_limits;

__attribute__((weak)) void xstate_reset(struct vcpu *v, const void *fx)
{
    (void)v, (void)fx;
}

u64 machine_checks_capabilities(void)
{
    return 0;
}

void xstate_free(struct vcpu *v)
{
    (void)v;
}

void vcpu_time_init(struct vcpu *v)
{
    (void)v;
}

void wallclock_publish(struct domain *d)
{
    (void)d;
}

__attribute__((weak)) void vcpu_stop(struct vcpu *v, u32 why)
{
    v->sched.stopped |= why;
}

__attribute__((weak)) void vcpu_go(struct vcpu *v, u32 why)
{
    v->sched.stopped &= ~why;
}

__attribute__((weak)) void vcpu_kick(struct vcpu *v)
{
    v->sched.stopped &= ~STOP_BLOCKED;
}
