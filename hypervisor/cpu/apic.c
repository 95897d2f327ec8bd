/*
 * The local APIC by its page of registers, or by MSRs where the firmware switched it to x2APIC mode
 * (there is no way back but a reset): register n of the page is MSR 0x800 + n / 16.
 *
 * An interrupt waits in the request register (IRR) while the CPU has interrupts off, moves to the
 * in-service register when taken, and leaves that on the write to EOI. Nothing is in service while
 * a guest or a hypercall runs, so whatever waits is taken as soon as the guest goes on: who gives
 * way to irq_pending() comes back having lost only a moment.
 */
#include "hypervisor/cpu/apic.h"

#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/domain.h"
#include "xen-like/abi/xen.h"

#define CPUID_HAS_APIC    (1U << 9)
#define APIC_BASE_X2APIC  (1UL << 10)
#define APIC_BASE_ENABLED (1UL << 11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000UL
#define MSR_X2APIC(reg)   (0x800U + ((reg) >> 4))

#define APIC_ID          0x020
#define APIC_VERSION     0x030
#define APIC_TPR         0x080
#define APIC_EOI         0x0b0
#define APIC_SPURIOUS    0x0f0
#define APIC_ISR(vector) (0x100 + ((vector) / 32 << 4))
#define APIC_IRR(vector) (0x200 + ((vector) / 32 << 4))
#define APIC_ICR         0x300
#define APIC_ICR_TO      0x310
#define APIC_LVT_TIMER   0x320 /* on: thermal, performance counters, LINT0, LINT1, error */
#define APIC_LVT_LINT1   0x360
#define APIC_LVT_ERROR   0x370

#define APIC_ON    (1U << 8)
#define ICR_SELF   (1U << 18)
#define ICR_BUSY   (1U << 12)
#define LVT_MASKED (1U << 16)
#define LVT_NMI    (4U << 8)

static struct {
    void (*fn)(void *data);
    void *data;
} handlers[VECTORS];

static u32 handled[VECTORS / 32]; /* a bit for each vector that has a handler */
static u32 told[VECTORS / 32];    /* and for each that came without one */
static volatile u32 *page;        /* NULL: no APIC, or x2APIC */
static bool present, x2apic;

u32 apic_read(u32 reg)
{
    return x2apic ? (u32)rdmsr(MSR_X2APIC(reg)) : page[reg / sizeof(u32)];
}

void apic_write(u32 reg, u32 v)
{
    if (x2apic)
        wrmsr(MSR_X2APIC(reg), v);
    else
        page[reg / sizeof(u32)] = v;
}

bool apic_present(void)
{
    return present;
}

u32 apic_id(void)
{
    if (!present)
        return 0;
    return x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

static bool in_service(u32 vector)
{
    return apic_read(APIC_ISR(vector)) >> vector % 32 & 1;
}

/* The firmware may have left in the middle of a handler: that would hold back what is below it. */
static void finish_what_firmware_began(void)
{
    for (u32 vector = VECTORS - 1; vector >= 16; vector--)
        if (in_service(vector))
            apic_write(APIC_EOI, 0);
}

static bool apic_find(void)
{
    u64 base;

    if (!(cpuid(1, 0).edx & CPUID_HAS_APIC))
        return false;
    base = rdmsr(MSR_APIC_BASE);
    if (!(base & APIC_BASE_ENABLED))
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLED);
    if (x2apic) /* all as the first */
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLED | APIC_BASE_X2APIC);
    x2apic |= !!(base & APIC_BASE_X2APIC);
    if (!x2apic && !page)
        page = hv_map_mmio(base & APIC_BASE_ADDRESS, PAGE_SIZE, 0);
    return true;
}

void apic_init(void)
{
    present = apic_find();
    if (!present)
        return log_warn("no local APIC: no interrupts");
    apic_write(APIC_SPURIOUS, APIC_ON | VECTOR_SPURIOUS);
    apic_write(APIC_TPR, 0);
    for (u32 reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR; reg += 16)
        apic_write(reg, reg == APIC_LVT_LINT1 && !this_cpu()->id ? LVT_NMI : LVT_MASKED);
    finish_what_firmware_began();
    log_debug("local APIC %u, version %#x%s", apic_id(), apic_read(APIC_VERSION) & 0xff,
              x2apic ? ", x2APIC" : "");
}

void apic_send(u32 id, u32 command)
{
    if (x2apic) {
        __asm__ volatile("mfence; lfence" ::: "memory"); /* writing an MSR orders no stores */
        return wrmsr(MSR_X2APIC(APIC_ICR), (u64)id << 32 | command);
    }
    while (apic_read(APIC_ICR) & ICR_BUSY)
        cpu_relax();
    apic_write(APIC_ICR_TO, id << 24);
    apic_write(APIC_ICR, command);
}

void apic_wake_self(void)
{
    if (present)
        apic_write(APIC_ICR, ICR_SELF | VECTOR_WAKE);
}

void irq_set_handler(u8 vector, void (*fn)(void *data), void *data)
{
    BUG_ON(vector < VECTOR_PIC || VECTOR_IS_GUESTS(vector) || handlers[vector].fn);
    handlers[vector].data = data;
    handlers[vector].fn = fn;
    if (present)
        handled[vector / 32] |= 1U << vector % 32;
}

int vector_alloc(void (*fn)(void *data), void *data)
{
    /* From above: the hypervisor's own are there, and share a word for irq_pending with the first.
     */
    for (u8 v = VECTOR_CONSOLE - 1; v >= VECTOR_DEVICE; v--)
        if (!VECTOR_IS_GUESTS(v) && !handlers[v].fn) {
            irq_set_handler(v, fn, data);
            return v;
        }
    return refuse(XEN_ENOSPC, "all vectors are in use");
}

void vector_free(u8 vector)
{
    handled[vector / 32] &= ~(1U << vector % 32);
    handlers[vector].fn = NULL;
}

bool irq_pending(void)
{
    for (u32 i = 0; i < ARRAY_SIZE(handled); i++)
        if (handled[i] && apic_read(APIC_IRR(i * 32)) & handled[i])
            return true;
    return false;
}

/* Spurious, or a line that the firmware left with a vector. It is acknowledged if the APIC waits
 * for that: neither its own spurious vector nor those of an 8259 are in service. */
static void irq_unexpected(u32 vector)
{
    if (present && in_service(vector))
        apic_write(APIC_EOI, 0);
    if (told[vector / 32] >> vector % 32 & 1)
        return;
    told[vector / 32] |= 1U << vector % 32;
    log_warn("unexpected interrupt, vector %#x; it will not be told again", vector);
}

void irq_take(struct cpu_user_regs *regs)
{
    u32 vector = regs->entry_vector;
    void (*fn)(void *data) = ACCESS_ONCE(handlers[vector].fn); /* another CPU may free the vector */

    if (!fn)
        return irq_unexpected(vector);
    fn(handlers[vector].data);
    apic_write(APIC_EOI, 0);
    /* Perhaps the guest has unmasked its upcall by itself, and looked too early or not at all. */
    if (current)
        upcall_look(current);
}
