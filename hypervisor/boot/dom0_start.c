/*
 * What dom0 finds when it starts: start_info, the hypercall page, and its registers (xen.h
 * "Start-of-day memory layout"; arch-x86/xen-x86_64.h for the selectors).
 */
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/hypercall_page.h"
#include "xen-like/lib/string.h"

#define MAGIC "xen-3.0-x86_64"

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
static void screen_describe(struct start_info *si)
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
static void console_fill(struct dom0_builder *b, struct start_info *si)
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

static void start_info_fill(struct dom0_builder *b, struct start_info *si)
{
    const struct dom0_layout *l = &b->layout;
    const char *words = b->kernel.cmdline;

    memset(si, 0, PAGE_SIZE);
    /* The letter tells of page-table entries that reach above 4 GiB: for who says so, at any width.
     */
    str_copy(si->magic, b->image.pae == IMAGE_PAE_NO ? MAGIC : MAGIC "p", sizeof(si->magic));
    si->nr_pages = l->nr_pages;
    si->shared_info = b->d->shared_mfn.n << PAGE_SHIFT;
    si->pt_base = l->tables_start;
    si->nr_pt_frames = dom0_layout_tables(l);
    si->mfn_list = l->p2m_start;
    if (b->has_initrd) {
        si->mod_start = l->initrd_start ? l->initrd_start : l->initrd_pfn;
        si->mod_len = b->initrd.end - b->initrd.start;
        si->flags |= l->initrd_start ? 0 : SIF_MOD_START_PFN;
    }
    if (dom0_layout_p2m_apart(l)) {
        si->first_p2m_pfn = l->p2m_pfn;
        si->nr_p2m_frames = l->p2m_pages + l->p2m_tables;
    }
    while (*words == ' ')
        words++;
    str_copy((char *)si->cmd_line, words, sizeof(si->cmd_line));
    console_fill(b, si);
}

static void registers_set(struct dom0_builder *b)
{
    struct cpu_user_regs *r = &b->v->saved;

    memset(r, 0, sizeof(*r));
    r->ds = r->es = r->fs = r->gs = FLAT_KERNEL_DS;
    r->cs = FLAT_KERNEL_CS;
    r->ss = FLAT_KERNEL_SS;
    r->rip = b->image.entry;
    r->rsp = b->layout.stack_end;
    r->rsi = b->layout.start_info;
    r->rflags = RFLAGS_IF;
    b->v->initialised = true;
}

void dom0_start_set(struct dom0_builder *b)
{
    const struct dom0_layout *l = &b->layout;

    if (b->image.hypercall_page != IMAGE_UNSET)
        hypercall_page_fill(dom0_page(b, dom0_layout_pfn(l, b->image.hypercall_page)));
    start_info_fill(b, dom0_page(b, dom0_layout_pfn(l, l->start_info)));
    registers_set(b);
}
