#include "hypervisor/mm/shadow.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/dirty.h"
#include "hypervisor/mm/pte.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/string.h"

/* Tables of one CPU: two roots, and others as they are needed. When there is none left it begins
 * anew; one instruction needs some twenty at most. */
#define POOL_ORDER  6
#define POOL_TABLES (1U << POOL_ORDER)

enum {
    ROOT_KERNEL,
    ROOT_USER,
    ROOTS
};

typedef u64 table_t[PT_ENTRIES];

int shadow_prepare(void)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        struct percpu *c = percpu_of(cpu);

        if (!c->shadow_pool)
            c->shadow_pool = pages_alloc(POOL_ORDER);
        if (!c->shadow_pool)
            return refuse(XEN_ENOMEM, "no memory for shadow tables");
    }
    return 0;
}

static u64 root_of(table_t *pool, unsigned root)
{
    return virt_to_mfn(pool[root]).n << PAGE_SHIFT;
}

void shadow_show(struct vcpu *v)
{
    struct percpu *cpu = this_cpu();
    table_t *pool = unlikely(v->domain->log.on) ? cpu->shadow_pool : NULL;

    cpu->shadow = pool;
    v->root_kernel = likely(!pool) ? v->cr3_kernel : root_of(pool, ROOT_KERNEL);
    v->root_user = likely(!pool) || !v->cr3_user ? v->cr3_user : root_of(pool, ROOT_USER);
}

/* The hypervisor's slots are those of the guest's table: hv_slots.h. */
static void root_empty(u64 *to, u64 from)
{
    const u64 *l4 = maddr_to_virt(from);

    for (unsigned i = 0; i < PT_ENTRIES; i++)
        to[i] = from && l4_slot_is_ours(i) ? l4[i] : 0;
}

void shadow_empty(void)
{
    struct percpu *cpu = this_cpu();
    table_t *pool = cpu->shadow;

    root_empty(pool[ROOT_KERNEL], current->cr3_kernel);
    root_empty(pool[ROOT_USER], current->cr3_user);
    cpu->shadow_used = ROOTS;
}

/* The entry of the shadow tables below @root for @va; with @make whatever is missing above it is
 * made, if there are tables left. NULL: it is not there. */
static u64 *shadow_slot(unsigned root, u64 va, bool make)
{
    struct percpu *cpu = this_cpu();
    table_t *pool = cpu->shadow;
    u64 *t = pool[root];

    for (int level = 4; level > 1; level--) {
        u64 *slot = &t[pt_index(va, level)];

        if (!*slot) {
            if (!make || cpu->shadow_used == POOL_TABLES)
                return NULL;
            t = memset(pool[cpu->shadow_used++], 0, PAGE_SIZE);
            *slot = pte_make(virt_to_mfn(t), PTE_P | PTE_RW | PTE_US | PTE_A);
        }
        t = maddr_to_virt(*slot & PTE_ADDR);
    }
    return &t[pt_index(va, 1)];
}

void shadow_drop(u64 va)
{
    if (!guest_range_ok(va, 1))
        return;
    for (unsigned root = 0; root < ROOTS; root++) {
        u64 *slot = shadow_slot(root, va, false);

        if (slot)
            *slot = 0;
    }
}

/* An access, as the guest's own tables translate it. */
struct walk {
    u64 *slots[5], entries[5]; /* by level, 1 to 4 */
    bool present;
    u64 rights; /* PTE_RW and PTE_US if all levels have them, PTE_NX if any has */
};

/* The window that a 32-bit guest reads (pae.h): the only large pages below its root. */
static void window_walk(struct walk *w, u64 va)
{
    mfn_t m = mfn_add(pte_mfn(w->entries[2]), pt_index(va, 1));

    w->entries[1] = pte_make(m, PTE_P | PTE_A | PTE_D);
    w->present = true;
}

/* As the CPU walks, but never into tables of the hypervisor: those entries have no user bit, which
 * all of a 64-bit guest have; and below a 32-bit guest's root there are none. */
static void guest_walk(struct walk *w, u64 root, u64 va)
{
    const u64 must = current->domain->is_32bit ? PTE_P : PTE_P | PTE_US;
    u64 *t = maddr_to_virt(root);

    *w = (struct walk){.rights = PTE_RW | PTE_US};
    for (int level = 4; level >= 1; level--) {
        u64 e;

        w->slots[level] = &t[pt_index(va, level)];
        e = w->entries[level] = ACCESS_ONCE(*w->slots[level]);
        if ((e & must) != must)
            return;
        w->rights = (w->rights & e & (PTE_RW | PTE_US)) | ((w->rights | e) & PTE_NX);
        if (level == 2 && e & PTE_PSE)
            return window_walk(w, va);
        t = maddr_to_virt(e & PTE_ADDR);
    }
    w->present = true;
}

/* Accessed and dirty bits in the guest's entries, whose tables so become dirty themselves. False:
 * an entry has changed meanwhile. */
static bool walk_note(struct walk *w, bool store)
{
    for (int level = 4; level >= 1; level--) {
        u64 e = w->entries[level], new = e | PTE_A | (store && level == 1 ? PTE_D : 0);

        if (new == e)
            continue;
        if (!__atomic_compare_exchange_n(w->slots[level], &e, new, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            return false;
        w->entries[level] = new;
        dirty_mark(mfn_to_frame(virt_to_mfn(w->slots[level])));
    }
    return true;
}

/* What was found becomes part of the shadow tables. False: that is what was there already, and
 * still it faulted. */
static bool shadow_fill(const struct walk *w, unsigned root, u64 va, bool store)
{
    mfn_t m = pte_mfn(w->entries[1]);
    u64 new = (w->entries[1] & ~(PTE_G | PTE_RW | PTE_US)) | (w->rights & (PTE_NX | PTE_US)) |
              (store ? PTE_RW : 0);
    u64 *slot = shadow_slot(root, va, true);

    if (unlikely(!slot)) {
        tlb_flush_local(); /* which empties them: and from here on what was walked may be stale, of
                              which nobody would ask this CPU any more. So it walks again. */
        return true;
    }
    if (*slot == new)
        return false;
    if (store && mfn_valid(m))
        dirty_mark(mfn_to_frame(m));
    *slot = new;
    invlpg(va);
    return true;
}

bool shadow_fault(u64 va, bool kernel, u32 *error_code)
{
    struct vcpu *v = current;
    bool store = *error_code & PF_WRITE;
    struct walk w;

    if (!guest_range_ok(va, 1))
        return false;
    v->domain->log.faults++;
    do {
        guest_walk(&w, kernel ? v->cr3_kernel : v->cr3_user, va);
        *error_code = (*error_code & ~PF_PRESENT) | (w.present ? PF_PRESENT : 0);
        if (!w.present || (store && !(w.rights & PTE_RW)) ||
            (*error_code & PF_USER && !(w.rights & PTE_US)) ||
            (*error_code & PF_FETCH && w.rights & PTE_NX))
            return false;
    } while (!walk_note(&w, store));
    return shadow_fill(&w, kernel ? ROOT_KERNEL : ROOT_USER, va, store);
}
