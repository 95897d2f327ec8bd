/*
 * What the kernel finds when it starts: start_info, the hypercall page, its registers (xen.h
 * "Start-of-day memory layout"; arch-x86/xen-x86_64.h for the selectors), and the ports of its
 * console and its xenstore, whose other ends are for us. The tables are plain memory until they are
 * validated and pinned, in the domain's name.
 */
#include "dom0/mm/heap.h"
#include "dom0/toolstack/builder.h"
#include "guest-kernel/core/trap_frame.h"
#include "xen-like/lib/string.h"

static int port_alloc(struct builder *b, u32 *port)
{
    struct evtchn_alloc_unbound op = {.dom = b->domain->domid, .remote_dom = 0};
    int answer = control_event(EVTCHNOP_alloc_unbound, &op);

    *port = op.port;
    return answer ? build_fail(b, answer, "making its ports") : 0;
}

static xen_pfn_t frame_at(const struct builder *b, u64 va)
{
    return b->frames[pv_layout_pfn(&b->layout, va)];
}

static u64 builder_frame(void *ctx, u64 pfn)
{
    struct builder *b = ctx;

    return b->frames[pfn];
}

/* Frames are mapped here in the order of their pfns, which the list that everyone may read tells.
 */
static void *builder_frame_page(void *ctx, u64 frame)
{
    return builder_page(ctx, machine_to_phys_mapping[frame]);
}

static void tables_make(struct builder *b)
{
    struct pv_memory memory = {b, builder_frame, builder_frame_page};

    pv_tables_make(&memory, &b->layout);
}

static void start_info_fill(struct builder *b)
{
    struct start_info_x86_64 *si = builder_va(b, b->layout.start_info);

    pv_start_info_fill(si, &b->layout, &b->image, b->ramdisk.size, b->config->cmdline);
    si->shared_info = b->shared_address;
    si->store_mfn = b->domain->store_frame;
    si->store_evtchn = b->domain->store_port;
    si->console.domU.mfn = b->domain->console_frame;
    si->console.domU.evtchn = b->domain->console_port;
    if (b->layout.pae)
        pv_start_info_narrow(si);
}

/* Upcalls are masked at the start: the kernel has no handler yet. */
static int upcalls_mask_all(struct builder *b)
{
    xen_pfn_t frame = b->shared_address >> PAGE_SHIFT;
    struct foreign page;
    int answer = foreign_map(&page, b->domain->domid, &frame, 1, true);
    struct vcpu_info_x86_64 *vcpus =
        page.at; /* in either width they come first and are of a size */

    _Static_assert(sizeof(struct vcpu_info_x86_64) == sizeof(struct vcpu_info_x86_32) &&
                       offsetof(struct vcpu_info_x86_64, evtchn_upcall_mask) ==
                           offsetof(struct vcpu_info_x86_32, evtchn_upcall_mask),
                   "one loop for both");
    if (answer)
        return build_fail(b, answer, "mapping its shared page");
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        vcpus[i].evtchn_upcall_mask = 1;
    foreign_unmap(&page);
    return 0;
}

int build_start(struct builder *b)
{
    struct xen_domctl op = {0};
    int answer = port_alloc(b, &b->domain->store_port);

    if (!answer)
        answer = port_alloc(b, &b->domain->console_port);
    if (!answer)
        answer = upcalls_mask_all(b);
    if (answer)
        return answer;
    b->domain->store_frame = frame_at(b, b->layout.store_ring);
    b->domain->console_frame = frame_at(b, b->layout.console_ring);
    tables_make(b);
    start_info_fill(b);
    if (b->image.hypercall_page == IMAGE_UNSET)
        return 0;
    op.u.hypercall_init.gmfn = frame_at(b, b->image.hypercall_page);
    answer = control_domctl(&op, XEN_DOMCTL_hypercall_init, b->domain->domid);
    return answer ? build_fail(b, answer, "filling its hypercall page") : 0;
}

static void context_fill(const struct builder *b, struct vcpu_guest_context_x86_64 *c)
{
    struct cpu_user_regs_x86_64 *r = &c->user_regs;

    c->flags = VGCF_in_kernel | VGCF_online;
    r->ds = r->es = r->fs = r->gs = FLAT_KERNEL_DS_X86_64;
    r->cs = FLAT_KERNEL_CS_X86_64;
    r->ss = FLAT_KERNEL_SS_X86_64;
    r->rip = b->image.entry;
    r->rsp = b->layout.stack_end;
    r->rsi = b->layout.start_info;
    r->rflags = UPCALLS_OPEN;
    c->kernel_ss = r->ss;
    c->kernel_sp = r->rsp;
    c->ctrlreg[3] = xen_pfn_to_cr3_x86_64(frame_at(b, b->layout.tables_start));
}

static void context_fill_32(const struct builder *b, struct vcpu_guest_context_x86_32 *c)
{
    struct cpu_user_regs_x86_32 *r = &c->user_regs;

    c->flags = VGCF_in_kernel | VGCF_online;
    r->ds = r->es = r->fs = r->gs = FLAT_KERNEL_DS_X86_32;
    r->cs = FLAT_KERNEL_CS_X86_32;
    r->ss = FLAT_KERNEL_SS_X86_32;
    r->eip = (u32)b->image.entry;
    r->esp = (u32)b->layout.stack_end;
    r->esi = (u32)b->layout.start_info;
    r->eflags = UPCALLS_OPEN;
    c->kernel_ss = r->ss;
    c->kernel_sp = r->esp;
    c->event_callback_cs = c->failsafe_callback_cs = r->cs;
    c->ctrlreg[3] = xen_pfn_to_cr3_x86_32(frame_at(b, b->layout.tables_start));
    if (image_takes_extended_cr3(&b->image))
        c->vm_assist = 1u << VMASST_TYPE_pae_extended_cr3;
}

int build_registers(struct builder *b)
{
    domid_t domid = b->domain->domid;
    u32 pin = b->layout.pae ? MMUEXT_PIN_L3_TABLE : MMUEXT_PIN_L4_TABLE;
    xen_pfn_t root = frame_at(b, b->layout.tables_start);
    const char *why = pv_root_refuse(&b->layout, &b->image, root);
    void *context;
    int answer;

    if (why)
        return build_refuse(b, "its page tables", why);
    answer = control_mmuext(pin, root, domid);
    if (answer)
        return build_fail(b, answer, "validating its first page tables");
    context = heap_alloc(sizeof(struct vcpu_guest_context_x86_64)); /* the larger one */
    if (!context)
        return build_fail(b, -XEN_ENOMEM, "in the control domain");
    if (b->layout.pae)
        context_fill_32(b, context);
    else
        context_fill(b, context);
    answer = domain_vcpu_context(domid, 0, true, context);
    heap_free(context);
    return answer ? build_fail(b, answer, "setting the registers of its vcpu 0") : 0;
}
