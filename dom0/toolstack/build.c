/* The order of the builder's steps, and the way back; build.h says what it promises. */
#include "dom0/toolstack/builder.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

int build_fail(struct builder *b, int answer, const char *what)
{
    fmt_snprintf(b->reason, BUILD_REASON_SIZE, "%s: %s (error %d)", what, control_reason(answer),
                 answer);
    return answer;
}

int build_refuse(struct builder *b, const char *what, const char *why)
{
    fmt_snprintf(b->reason, BUILD_REASON_SIZE, "%s: %s", what, why);
    return -XEN_EINVAL;
}

static const char *kernel_name(const struct builder *b)
{
    return b->config->kernel ? b->config->kernel : "kernel";
}

/* The kernel's bytes as an ELF file, read. */
static int kernel_read(struct builder *b)
{
    const char *why = NULL;
    struct blob file = b->kernel;
    u64 size = image_unpacked_size(file.bytes, file.size, &why);

    if (why)
        return build_refuse(b, kernel_name(b), why);
    if (size) {
        void *work = heap_alloc(IMAGE_WORK_BYTES);
        bool good;

        b->unpacked = heap_alloc(size);
        if (!b->unpacked || !work) {
            heap_free(work);
            return build_fail(b, -XEN_ENOMEM, "unpacking the kernel in the control domain");
        }
        good = image_unpack(b->unpacked, size, work, file.bytes, file.size, &why);
        heap_free(work);
        if (!good)
            return build_refuse(b, kernel_name(b), why);
        file = (struct blob){b->unpacked, size};
    }
    if (!image_read(&b->image, file.bytes, file.size, &why))
        return build_refuse(b, kernel_name(b), why);
    if (!image_can_run(&b->image))
        return build_refuse(b, kernel_name(b), "it is a 32-bit kernel without PAE");
    if (b->image.features_required & (1u << XENFEAT_supervisor_mode_kernel | 1u << XENFEAT_dom0))
        return build_refuse(b, kernel_name(b), "it cannot be an ordinary guest");
    return 0;
}

static int layout_make(struct builder *b)
{
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
        .initrd_bytes = b->ramdisk.size,
        .initrd_unmapped = i->initrd_unmapped,
        .rings = true,
        .nr_pages = b->pages,
        .padding_may_lack = true,
    };
    const char *why = pv_layout_compute(&b->layout, &facts);

    return why ? build_refuse(b, kernel_name(b), why) : 0;
}

static int steps_do(struct builder *b)
{
    int answer = kernel_read(b);

    if (!answer)
        answer = layout_make(b);
    if (!answer)
        answer = build_create(b);
    if (!answer)
        answer = build_memory(b);
    if (!answer)
        answer = build_start(b);
    foreign_unmap(&b->map); /* a page that we may write cannot become a page table */
    return answer ? answer : build_registers(b);
}

int domain_build(struct built_domain *d, const struct domain_config *config, struct blob kernel,
                 struct blob ramdisk, char reason[BUILD_REASON_SIZE])
{
    struct builder *b = heap_alloc(sizeof(*b));
    int answer;

    *d = (struct built_domain){0};
    if (!b) {
        str_copy(reason, "there is no memory in the control domain", BUILD_REASON_SIZE);
        return -XEN_ENOMEM;
    }
    *b = (struct builder){.config = config, .kernel = kernel, .ramdisk = ramdisk, .domain = d};
    b->reason = reason;
    b->pages = config->memory_kib / (PAGE_SIZE / 1024);
    answer = steps_do(b);
    if (answer && b->created)
        domain_destroy(d->domid);
    heap_free(b->frames);
    heap_free(b->unpacked);
    heap_free(b);
    return answer;
}
