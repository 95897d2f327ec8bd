/* A CPU's own descriptor tables, stacks and entry points; and its windows onto a guest's
 * descriptors. */
#ifndef HYPERVISOR_CPU_TABLES_H
#define HYPERVISOR_CPU_TABLES_H

#include "hypervisor/cpu/percpu.h"
#include "hypervisor/mm/pte.h"

/* Make CPU @id's window (percpu.h) with its stacks, and its GDT and LDT windows. The boot CPU, once
 * for each number. */
struct percpu *cpu_window_make(u32 id);

/* Load GDT, IDT, TSS and the syscall registers. Afterwards exceptions and syscalls arrive. Each CPU
 * once, by itself. */
void cpu_tables_load(struct percpu *cpu);

/* The windows are pages 0 to 15 for the GDT and 16 to 31 for the LDT. */
#define GDT_WINDOW_PAGES 16

static inline u64 gdt_window(const struct percpu *cpu)
{
    return GDT_VIRT_START + cpu->id * GDT_WINDOW_BYTES;
}

static inline u64 ldt_window(const struct percpu *cpu)
{
    return gdt_window(cpu) + GDT_WINDOW_PAGES * PAGE_SIZE;
}

/* Show the frame at @m, of type FT_SEGDESC, as page @i of this CPU's windows (writable, for the CPU
 * sets accessed bits); or a page of zeros again. The caller flushes. */
static inline void window_page_set(struct percpu *cpu, unsigned i, mfn_t m)
{
    cpu->gdt_ptes[i] = pte_make(m, PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX);
}

static inline void gdt_page_clear(struct percpu *cpu, unsigned i)
{
    cpu->gdt_ptes[i] = cpu->gdt_ptes[GDT_WINDOW_PAGES - 1]; /* that one always shows zeros */
}

/* Pages of the LDT are absent until they are touched: vcpu_map_ldt. */
static inline void ldt_page_clear(struct percpu *cpu, unsigned i)
{
    cpu->gdt_ptes[GDT_WINDOW_PAGES + i] = 0;
}

/* Give this CPU the interrupt table and the reserved descriptors for guests of this width. The
 * caller flushes, global pages too, before it loads a guest's selector. */
void tables_exchange(struct percpu *cpu, bool is_32bit);
static inline void tables_show(struct percpu *cpu, bool is_32bit)
{
    if (unlikely(cpu->is_32bit != is_32bit))
        tables_exchange(cpu, is_32bit);
}

/* Tell the CPU that its LDT has @entries descriptors, in its window; 0: none. */
void ldt_load(struct percpu *cpu, u32 entries);

#endif
