/*
 * What dom0 finds when it starts: start_info, the hypercall page, and its registers (xen.h
 * "Start-of-day memory layout"; arch-x86/xen-x86_64.h for the selectors).
 */
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/hypercall_page.h"
#include "xen-like/lib/pv_start.h"
#include "xen-like/lib/string.h"

/* The VGA CRT controller's index and data port, and its registers of the cursor's place. */
#define CRTC_INDEX       0x3d4
#define CRTC_DATA        0x3d5
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW  0x0f

#define TEXT_COLUMNS     80
#define TEXT_ROWS        25
#define TEXT_FONT_HEIGHT 16

static u8 crtc_read(u8 reg)
{
    outb(CRTC_INDEX, reg);
    return inb(CRTC_DATA);
}

/* The text screen that the loader left, behind start_info on the same page. */
static void screen_describe(struct start_info_x86_64 *si)
{
    struct dom0_vga_console_info *screen = (void *)(si + 1);
    u16 cursor = (u16)(crtc_read(CRTC_CURSOR_HIGH) << 8 | crtc_read(CRTC_CURSOR_LOW));

    screen->video_type = XEN_VGATYPE_TEXT_MODE_3;
    screen->u.text_mode_3.font_height = TEXT_FONT_HEIGHT;
    screen->u.text_mode_3.cursor_x = cursor % TEXT_COLUMNS;
    screen->u.text_mode_3.cursor_y = cursor / TEXT_COLUMNS;
    screen->u.text_mode_3.rows = TEXT_ROWS;
    screen->u.text_mode_3.columns = TEXT_COLUMNS;
    si->console.dom0.info_off = sizeof(*si);
    si->console.dom0.info_size = sizeof(*screen);
}

/* The control domain is told of the machine's screen, a guest of its rings. */
static void console_fill(struct dom0_builder *b, struct start_info_x86_64 *si)
{
    const struct domain *d = b->d;

    if (d->console.page.n) {
        si->console.domU.mfn = d->console.page.n;
        si->console.domU.evtchn = d->console.port;
        si->store_mfn = d->store.page.n;
        si->store_evtchn = d->store.port;
        return;
    }
    si->flags |= SIF_PRIVILEGED | SIF_INITDOMAIN;
    if (b->bi->text_screen)
        screen_describe(si);
}

static void start_info_fill(struct dom0_builder *b, struct start_info_x86_64 *si)
{
    const char *words = b->kernel.cmdline;

    memset(si, 0, PAGE_SIZE);
    while (*words == ' ')
        words++;
    pv_start_info_fill(si, &b->layout, &b->image,
                       b->has_initrd ? b->initrd.end - b->initrd.start : 0, words);
    si->shared_info = b->d->shared_mfn.n << PAGE_SHIFT;
    console_fill(b, si);
    if (b->layout.pae)
        pv_start_info_narrow(si);
}

/* A 32-bit kernel's callbacks are in its code segment until it says otherwise. */
static void selectors_set(struct vcpu *v, bool pae)
{
    struct cpu_user_regs *r = &v->saved;

    r->ds = r->es = r->fs = r->gs = pae ? FLAT_KERNEL_DS_X86_32 : FLAT_KERNEL_DS;
    r->cs = pae ? FLAT_KERNEL_CS_X86_32 : FLAT_KERNEL_CS;
    r->ss = pae ? FLAT_KERNEL_SS_X86_32 : FLAT_KERNEL_SS;
    if (pae)
        v->event_cs = v->failsafe_cs = FLAT_KERNEL_CS_X86_32;
}

static void registers_set(struct dom0_builder *b)
{
    struct cpu_user_regs *r = &b->v->saved;

    memset(r, 0, sizeof(*r));
    selectors_set(b->v, b->layout.pae);
    r->rip = b->image.entry;
    r->rsp = b->layout.stack_end;
    r->rsi = b->layout.start_info;
    r->rflags = RFLAGS_IF;
    b->v->initialised = true;
}

void dom0_start_set(struct dom0_builder *b)
{
    const struct pv_layout *l = &b->layout;

    if (b->image.hypercall_page != IMAGE_UNSET)
        hypercall_page_fill(dom0_page(b, pv_layout_pfn(l, b->image.hypercall_page)),
                            b->d->is_32bit);
    start_info_fill(b, dom0_page(b, pv_layout_pfn(l, l->start_info)));
    registers_set(b);
}
