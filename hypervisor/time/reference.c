/* Counters of known rate: see reference.h. */
#include "hypervisor/time/reference.h"

#include "hypervisor/boot/paging.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/time/alarm.h"
#include "xen-like/lib/string.h"

/* IA-PC HPET 1.0a, 2.3: registers by 32-bit word, and the longest tick it may have. */
#define HPET_BYTES      1024
#define HPET_PERIOD     1 /* femtoseconds */
#define HPET_CONFIG     4
#define HPET_ENABLE     1U
#define HPET_COUNTER    60
#define HPET_PERIOD_MAX 100000000U
#define FS_PER_NS       1000000U

#define PM_TIMER_HZ   3579545U /* ACPI 6.4, 4.8.3.3; its lower 24 bits are always there */
#define PM_TIMER_MASK 0xffffffU

#define PIT_CH2_MODE0 0xb0 /* channel 2, both bytes, count down, and on below 0 */
#define PIT_CH2_LATCH 0x80
#define PIT_GATE_BITS 3U /* the channel's, and the speaker's */
#define PIT_GATE_ON   1U

#define LOOKS 16

struct reference reference;

static u64 hpet_phys;
static volatile u32 *hpet;

void reference_hpet_is_at(u64 phys)
{
    hpet_phys = phys;
}

static u64 hpet_read(void)
{
    return hpet[HPET_COUNTER];
}

static bool hpet_start(void)
{
    u32 period;

    if (!hpet_phys)
        return false;
    hpet = hv_map_mmio(hpet_phys, HPET_BYTES, 0);
    period = hpet[HPET_PERIOD];
    if (!period || period > HPET_PERIOD_MAX)
        return false;
    hpet[HPET_CONFIG] |= HPET_ENABLE;
    reference.to_ns = time_scale_make(FS_PER_NS, period);
    return true;
}

static u64 pm_timer_read(void)
{
    return inl(power_timer_port());
}

static bool pm_timer_start(void)
{
    reference.to_ns = time_scale_make(PM_TIMER_HZ, NS_PER_S);
    return power_timer_port();
}

static u64 pit_read(void)
{
    u64 low;

    outb(PIT_COMMAND, PIT_CH2_LATCH);
    low = inb(PIT_CHANNEL2);
    return ~(low | (u64)inb(PIT_CHANNEL2) << 8);
}

static bool pit_start(void)
{
    outb(PIT_GATE, (inb(PIT_GATE) & ~PIT_GATE_BITS) | PIT_GATE_ON);
    outb(PIT_COMMAND, PIT_CH2_MODE0);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
    reference.to_ns = time_scale_make(PIT_HZ, NS_PER_S);
    return true;
}

static const struct source {
    const char *option, *name;
    u64 mask;
    u64 (*read)(void);
    bool (*start)(void);
} sources[] = {
    {"hpet", "HPET", UINT32_MAX, hpet_read, hpet_start},
    {"acpi", "ACPI timer", PM_TIMER_MASK, pm_timer_read, pm_timer_start},
    {"pit", "PIT", UINT16_MAX, pit_read, pit_start},
};

static const struct source *chosen;
bool reference_is_tsc;

const char *reference_choose(const char *name)
{
    reference_is_tsc = strcmp(name, "tsc") == 0;
    for (u32 i = 0; i < ARRAY_SIZE(sources); i++)
        if (strcmp(name, sources[i].option) == 0)
            chosen = &sources[i];
    return reference_is_tsc || chosen ? NULL : "hpet, acpi, pit or tsc";
}

void reference_init(void)
{
    const struct source *s = chosen;

    if (!s || !s->start())
        for (s = sources; !s->start();)
            s++; /* the last one always is there */
    reference.name = s->name;
    reference.mask = s->mask;
    reference.read = s->read;
}

struct moment reference_look(void)
{
    struct moment best = {.width = ~0UL};

    for (u32 i = 0; i < LOOKS; i++) {
        struct moment m;
        u64 before = rdtsc_ordered();

        m.ref = reference.read();
        m.alarm = alarm_measure();
        m.width = rdtsc_ordered() - before;
        m.tsc = before + m.width / 2;
        if (m.width < best.width)
            best = m;
    }
    return best;
}

u64 reference_between(const struct moment *from, const struct moment *to)
{
    return time_scale_apply(reference.to_ns, (to->ref - from->ref) & reference.mask);
}
