/*
 * Building the control domain: the order of the steps, and what is said about them.
 *
 *   kernel   read (and unpacked) where the boot loader left it
 *   size     dom0_mem= applied to what is free now or will be: the modules' memory counts
 *   layout   computed (pv_layout.c)
 *   first    frames for all that the layout names; kernel and initrd copied, tables built
 *   release  the modules' memory goes to the allocator
 *   rest     dom0's other frames, from all that is free
 *   validate the tables, as any guest's
 *
 * So only the first part must fit beside the modules.
 */
#include "hypervisor/boot/dom0.h"

#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/boot/dom0_machine.h"
#include "hypervisor/boot/dom0_size.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/domain/width.h"
#include "hypervisor/lone/lone.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/lib/string.h"

/* Never given to dom0, whatever dom0_mem= says: the hypervisor lives on after this. */
#define KEPT_PAGES (MIB(2) >> PAGE_SHIFT)

static struct dom0_mem memory_wanted = DOM0_MEM_DEFAULT;
static struct dom0_vcpus vcpus_wanted = {.min = 1, .max = UINT32_MAX};

const char *dom0_set_mem(const char *value)
{
    return dom0_mem_parse(&memory_wanted, value);
}

const char *dom0_set_max_vcpus(const char *value)
{
    return dom0_vcpus_parse(&vcpus_wanted, value);
}

static u64 module_bytes(const struct boot_module *m)
{
    return m->end - m->start;
}

static u64 module_pages(const struct boot_module *m)
{
    return (ALIGN_UP(m->end, PAGE_SIZE) - ALIGN_DOWN(m->start, PAGE_SIZE)) >> PAGE_SHIFT;
}

/* NULL, or why not. The memory to work in is needed no longer than this. */
static const char *kernel_unpack(struct dom0_builder *b, u64 unpacked, const void *file, u64 size)
{
    unsigned int order = order_for(IMAGE_WORK_BYTES);
    const char *why = "there is no memory to unpack it";
    void *work;

    b->unpacked_order = order_for(unpacked);
    if (b->unpacked_order > ALLOC_ORDER_MAX || !(b->unpacked = pages_alloc(b->unpacked_order)))
        return why;
    work = pages_alloc(order);
    if (!work)
        return why;
    if (image_unpack(b->unpacked, unpacked, work, file, size, &why))
        why = NULL;
    pages_free(work, order);
    return why;
}

/* The kernel's bytes as an ELF file: where the loader left them, or unpacked. */
static const char *kernel_read(struct dom0_builder *b)
{
    const void *file = phys_to_virt(b->kernel.start);
    u64 size = module_bytes(&b->kernel), unpacked;
    const char *why = NULL;

    unpacked = image_unpacked_size(file, size, &why);
    if (why)
        return why;
    if (unpacked) {
        why = kernel_unpack(b, unpacked, file, size);
        if (why)
            return why;
        file = b->unpacked;
        size = unpacked;
    }
    if (!image_read(&b->image, file, size, &why))
        return why;
    if (!image_can_run(&b->image))
        return "it is a 32-bit kernel without PAE";
    if (b->image.features_required & 1U << XENFEAT_supervisor_mode_kernel)
        return "it requires to run in supervisor mode";
    return NULL;
}

static const char *domain_make(struct dom0_builder *b)
{
    u32 vcpus = dom0_vcpus_count(&vcpus_wanted, 1);
    bool lone = options.lone, made;
    struct domain_config config = {
        .max_vcpus = vcpus,
        .max_pages = UINT32_MAX,
        .ports = lone ? PORTS_DOMU : EVTCHN_FIFO_NR_CHANNELS,
        .privileged = !lone,
        .runs = true,
    };

    made = !domain_create(lone ? LONE_DOMID : 0, &config, &b->d);
    if (made && b->image.class == 32)
        made = !domain_set_width(b->d, b->image.class);
    for (u32 id = 0; made && id < vcpus; id++)
        made = vcpu_create(b->d, id);
    if (made && image_takes_extended_cr3(&b->image))
        b->d->vm_assist |= 1U << VMASST_TYPE_pae_extended_cr3;
    if (!made || (!lone && !dom0_ports_grant(b->d)))
        return "there is no memory for the domain";
    domain_tsc_first(b->d);
    b->v = b->d->vcpus[0];
    return NULL;
}

/* Pages for dom0, and the layout that follows. The array of pointers to the p2m list goes when dom0
 * is complete, but is needed until then. */
static const char *size_and_layout(struct dom0_builder *b)
{
    u64 available = frames_free_count() + module_pages(&b->kernel);
    const struct image *i = &b->image;
    struct pv_facts facts = {
        .pae = i->class == 32,
        .virt_base = i->virt_base,
        .kernel_start = i->virt_kstart,
        .kernel_end = i->virt_kend,
        .entry = i->entry,
        .hypercall_page = i->hypercall_page,
        .hv_start_low = i->hv_start_low,
        .p2m_base = i->p2m_base,
        .initrd_unmapped = i->initrd_unmapped,
        .rings = options.lone,
    };

    if (b->has_initrd) {
        facts.initrd_bytes = module_bytes(&b->initrd);
        available += module_pages(&b->initrd);
    }
    if (b->unpacked)
        available += 1UL << b->unpacked_order;
    available -= MIN(available, KEPT_PAGES + 2 * available / (P2M_PER_PAGE * P2M_PER_PAGE));
    b->d->max_pages = dom0_mem_limit(&memory_wanted, available);
    facts.nr_pages = dom0_mem_pages(&memory_wanted, available);
    return pv_layout_compute(&b->layout, &facts);
}

/* image_load's receiver: counts in the file's physical addresses. */
static const char *segment_copy(void *ctx, u64 paddr, const void *from, u64 length)
{
    struct dom0_builder *b = ctx;
    u64 va = paddr - b->image.paddr_offset + b->image.virt_base;

    if (va < b->layout.kernel_start || va > b->layout.kernel_end ||
        length > b->layout.kernel_end - va)
        return "a segment lies outside of the kernel";
    dom0_memory_write(b, 0, va - b->layout.start, from, length);
    return NULL;
}

static const char *contents_load(struct dom0_builder *b)
{
    const char *why;

    if (!image_load(&b->image, segment_copy, b, &why))
        return why;
    if (b->has_initrd)
        dom0_memory_write(b, b->layout.initrd_pfn, 0, phys_to_virt(b->initrd.start),
                          module_bytes(&b->initrd));
    if (b->unpacked)
        pages_free(b->unpacked, b->unpacked_order);
    b->unpacked = NULL;
    return NULL;
}

static void arrangement_log(const struct dom0_builder *b)
{
    const struct pv_layout *l = &b->layout;

    log_info("Dom%u has %lu pages (%lu MiB), maximum %lu", b->d->id, l->nr_pages,
             l->nr_pages >> (20 - PAGE_SHIFT), b->d->max_pages);
    log_info("VIRTUAL MEMORY ARRANGEMENT:");
    log_info(" Loaded kernel: %016lx->%016lx", l->kernel_start, l->kernel_end);
    if (l->initrd_start)
        log_info(" Init. ramdisk: %016lx->%016lx", l->initrd_start, l->initrd_end);
    else if (b->has_initrd)
        log_info(" Init. ramdisk: frames %lx->%lx", l->initrd_pfn, l->initrd_pfn + l->initrd_pages);
    log_info(" Phys-Mach map: %016lx->%016lx", l->p2m_start, l->p2m_end);
    log_info(" Start info:    %016lx->%016lx", l->start_info, l->start_info_end);
    log_info(" Page tables:   %016lx->%016lx", l->tables_start, l->tables_end);
    log_info(" Boot stack:    %016lx->%016lx", l->stack_start, l->stack_end);
    log_info(" TOTAL:         %016lx->%016lx", l->start, l->end);
    log_info(" ENTRY ADDRESS: %016lx", b->image.entry);
}

static const char *rings_serve(struct dom0_builder *b)
{
    const struct pv_layout *l = &b->layout;

    if (l->console_ring && !lone_serve(b->d, dom0_mfn(b, pv_layout_pfn(l, l->console_ring)),
                                       dom0_mfn(b, pv_layout_pfn(l, l->store_ring)), l->nr_pages))
        return "there is no memory for its console and xenstore";
    return NULL;
}

static const char *build(struct dom0_builder *b)
{
    const char *why;

    if ((why = kernel_read(b)) || (why = domain_make(b)) || (why = size_and_layout(b)) ||
        (why = dom0_memory_first(b)) || (why = contents_load(b)) || (why = rings_serve(b)))
        return why;
    dom0_tables_make(b);
    dom0_start_set(b);
    if ((why = dom0_tables_validate(b)))
        return why;
    arrangement_log(b);
    boot_release_modules(frames_add);
    return dom0_memory_rest(b);
}

struct domain *dom0_build(const struct boot_info *bi)
{
    static struct dom0_builder b; /* too large for the stack, and needed once */
    const char *why = "there is none: the boot loader gave no module";

    b.bi = bi;
    dom0_machine_set(bi);
    b.has_initrd = boot_module_get(bi, 1, &b.initrd);
    if (boot_module_get(bi, 0, &b.kernel))
        why = build(&b);
    if (why) {
        log_always("Cannot start the dom0 kernel: %s", why);
        machine_halt();
    }
    dom0 = options.lone ? NULL : b.d;
    return b.d;
}
