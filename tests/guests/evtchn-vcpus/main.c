/*
 * Which vcpu hears an event: the one that an IPI or a vcpu's own VIRQ was bound for, vcpu 0 for all
 * else until it is moved. The second vcpu is never brought up: its vcpu_info tells what it would
 * hear.
 */
#include "tests/guests/evtchn.h"

#define OFFSET 1024u /* of control blocks on their page */

static struct evtchn_fifo_control_block *controls[2];
static bool fifo;

/* Which vcpus have got an upcall, and by which word, bit or queue. */
static void say(const char *name)
{
    char text[96];
    size_t at = 0;

    text[0] = 0;
    for (unsigned int i = 0; i < 2; i++) {
        volatile struct vcpu_info *v = &shared_info->vcpu_info[i];

        at += (size_t)fmt_snprintf(text + at, sizeof(text) - at,
                                   "vcpu %u: upcall %u, selector 0x%lx, "
                                   "ready 0x%x; ",
                                   i, v->evtchn_upcall_pending, v->evtchn_pending_sel,
                                   fifo ? controls[i]->ready : 0);
        v->evtchn_upcall_pending = 0;
        v->evtchn_pending_sel = 0;
        if (fifo)
            controls[i]->ready = 0;
    }
    row_text(name, text);
    memset((void *)shared_info->evtchn_pending, 0, sizeof(shared_info->evtchn_pending));
}

static void say_status(const char *name, evtchn_port_t port)
{
    row_text(name, evtchn_status_text(DOMID_SELF, port));
}

static void send(const char *name, evtchn_port_t port)
{
    evtchn_send(port);
    say(name);
}

static void say_ports(const char *group)
{
    evtchn_port_t ipi = (u32)evtchn_ipi(1), own = (u32)evtchn_virq(VIRQ_DEBUG, 1);
    evtchn_port_t left = (u32)evtchn_alloc(DOMID_SELF, DOMID_SELF), right, global;

    row(name_of(group, "own-again"), evtchn_virq(VIRQ_DEBUG, 1));
    row(name_of(group, "own-of-the-other"), evtchn_virq(VIRQ_DEBUG, 0));
    row(name_of(group, "global-on-1"), evtchn_virq(VIRQ_DOM_EXC, 1));
    global = (u32)evtchn_virq(VIRQ_DOM_EXC, 0);
    say_status(name_of(group, "ipi"), ipi);
    say_status(name_of(group, "own"), own);
    send(name_of(group, "ipi-sent"), ipi);
    row(name_of(group, "ipi-move"), evtchn_move(ipi, 0));
    row(name_of(group, "own-move"), evtchn_move(own, 0));
    row(name_of(group, "own-stay"), evtchn_move(own, 1));
    row(name_of(group, "global-move"), evtchn_move(global, 1));
    say_status(name_of(group, "global"), global);
    row(name_of(group, "global-again"), evtchn_virq(VIRQ_DOM_EXC, 0));
    row(name_of(group, "left-move"), evtchn_move(left, 1));
    right = (u32)evtchn_connect(DOMID_SELF, left);
    say(name_of(group, "connected"));
    say_status(name_of(group, "left"), left);
    send(name_of(group, "right-sent"), right);
    send(name_of(group, "left-sent"), left);
    evtchn_move(left, 0);
    evtchn_move(right, 1);
    send(name_of(group, "right-sent-moved"), right);
    send(name_of(group, "left-sent-moved"), left);
    evtchn_close(right);
    say_status(name_of(group, "right-closed"), right);
    evtchn_close(global);
    evtchn_close(left);
    row(name_of(group, "global-free"), (global = (u32)evtchn_virq(VIRQ_DOM_EXC, 0)) < 64);
    say_status(name_of(group, "global-on-0-again"), global);
    for (evtchn_port_t port = 1; port < 12; port++)
        evtchn_close(port);
}

static void fifo_begin(void)
{
    pfn_t words = frame_alloc_zeroed();
    struct evtchn_expand_array expand = {.array_gfn = pfn_to_mfn(words).n};

    for (unsigned int i = 0; i < 2; i++) {
        pfn_t page = frame_alloc_zeroed();
        struct evtchn_init_control a = {pfn_to_mfn(page).n, OFFSET, i, 0, {0}};
        evtchn_port_t ipi = (u32)evtchn_ipi(1);

        controls[i] = pfn_to_virt(page) + OFFSET;
        if (i) {
            evtchn_op(EVTCHNOP_expand_array, &expand);
            evtchn_send(ipi);
            row_hex("begin.no-control-block", ((event_word_t *)pfn_to_virt(words))[ipi]);
        }
        row(name_nth("begin", "control", i), evtchn_op(EVTCHNOP_init_control, &a));
        row(name_nth("begin", "control-again", i), evtchn_op(EVTCHNOP_init_control, &a));
        evtchn_close(ipi);
    }
    fifo = true;
    say("begin.state");
}

void guest_main(void)
{
    upcalls_close();
    row("vcpus.third", evtchn_ipi(2));
    say_ports("two-level");
    fifo_begin();
    say_ports("fifo");
    guest_end();
}
