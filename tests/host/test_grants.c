// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
// LINK: hypervisor/grant/map.c hypervisor/grant/copy.c hypervisor/grant/transfer.c
// LINK: hypervisor/grant/version.c
/*
 * Grants among three domains, at random: entries are written and changed under a use, mapped,
 * unmapped, overwritten, copied, passed on, swapped, transferred, versions changed, and domains
 * die. After every few steps all references to frames are counted again, and all pins are from the
 * handles; at the end every frame is back.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/grant/table.h"

#define DOMAINS 3
#define FRAMES  12 /* of a domain's memory */
#define REFS    24 /* entries that are in play */
#define SLOTS   16 /* entries of its table */
#define MAPS    64 /* handles that somebody remembers */

struct player {
    struct domain *d; /* NULL: it has ended */
    u16 id;
    mfn_t frames[FRAMES];
    mfn_t table; /* an L1, pinned */
    grant_handle_t handles[MAPS];
    u64 at[MAPS], address[MAPS];
};

static struct player players[DOMAINS];

static u64 slot_of(const struct player *p, u32 slot)
{
    return p->table.n << PAGE_SHIFT | slot * sizeof(u64);
}

static void player_make(struct player *p, u16 id)
{
    *p = (struct player){.d = machine_domain(id, 256, false), .id = id};
    for (u32 i = 0; i < FRAMES; i++)
        p->frames[i] = machine_frame(p->d);
    p->table = machine_frame(p->d);
    assert_int_equal(table_pin(p->table, p->d, 1), 0);
    for (u32 i = 0; i < MAPS; i++)
        p->handles[i] = HANDLE_NONE;
}

static struct player *alive(void)
{
    struct player *p;

    do
        p = &players[machine_random(DOMAINS)];
    while (!p->d);
    return p;
}

static u64 frame_any(const struct player *p)
{
    u32 n = machine_random(FRAMES + 2);

    return n < FRAMES ? p->frames[n].n : n == FRAMES ? p->table.n : 1;
}

/* A pin must be one of a handle's; and each handle's is there. */
static void pins_audit(const struct player *p)
{
    const struct grants *g = p->d->grants;
    u32 pinned = 0;

    for (grant_ref_t ref = 0; ref < g->entries; ref++) {
        const struct active *a = active_at(g, ref);
        u32 pin = 0;

        for (u32 i = 0; i < DOMAINS; i++) {
            const struct grants *u = players[i].d ? players[i].d->grants : NULL;

            for (u32 h = 0; u && h < u->tracks; h++) {
                const struct maptrack *m = track_at(u, h);

                if (m->flags && m->granter == p->id && m->ref == ref)
                    pin += grant_pins_of(m->flags);
            }
        }
        assert_int_equal(a ? a->pin : 0, pin);
        pinned += pin != 0;
        if (ref < REFS && !pin && g->version == 2)
            assert_int_equal(*status_at(g, ref), 0);
    }
    assert_int_equal(g->pinned, pinned);
    assert_int_equal(g->v2_uses, 0);
}

/* What the guest writes; it may be in use. */
static void step_entry(struct player *p)
{
    static const u16 flags[] = {GTF_permit_access, GTF_permit_access,
                                GTF_permit_access | GTF_readonly, GTF_accept_transfer, 0};
    struct grants *g = p->d->grants;
    grant_ref_t ref = machine_random(REFS);
    u16 *header = (u16 *)entry_at(g, ref);
    bool in_use = *status_at(g, ref) & (GTF_reading | GTF_writing);
    u16 keep = g->version == 1 ? header[0] & (GTF_reading | GTF_writing) : 0;
    u16 kind = flags[machine_random(ARRAY_SIZE(flags))];
    u64 frame = frame_any(p);

    if (in_use && machine_random(4))
        return;
    header[1] = players[machine_random(DOMAINS)].id;
    if (g->version == 1) {
        ((u32 *)header)[1] = (u32)frame;
        header[0] = kind | keep;
        return;
    }
    ((union grant_entry_v2 *)header)->full_page.frame = frame;
    header[0] = kind;
    if (kind == GTF_permit_access && machine_random(3) == 0) {
        ((union grant_entry_v2 *)header)->sub_page.page_off = (u16)machine_random(4096);
        ((union grant_entry_v2 *)header)->sub_page.length = (u16)machine_random(4096);
        header[0] |= GTF_sub_page;
    } else if (machine_random(5) == 0) {
        ((union grant_entry_v2 *)header)->transitive.trans_domid =
            players[machine_random(DOMAINS)].id;
        ((union grant_entry_v2 *)header)->transitive.gref = machine_random(REFS);
        header[0] = GTF_transitive;
    }
}

static void step_map(struct player *p)
{
    static const u32 kinds[] = {GNTMAP_host_map, GNTMAP_host_map, GNTMAP_device_map, GNTMAP_BOTH};
    u32 m = machine_random(MAPS), flags = kinds[machine_random(ARRAY_SIZE(kinds))];
    struct gnttab_map_grant_ref op = {.host_addr = slot_of(p, machine_random(SLOTS))};

    if (machine_random(16) == 0)
        op.host_addr = p->frames[0].n << PAGE_SHIFT; /* no table: refused when all is held */
    op.flags = flags | GNTMAP_contains_pte | (machine_random(2) ? GNTMAP_readonly : 0);
    op.ref = machine_random(REFS);
    op.dom = players[machine_random(DOMAINS)].id;
    if (p->handles[m] != HANDLE_NONE || grant_map(&op))
        return;
    p->handles[m] = op.handle;
    p->at[m] = op.host_addr;
    p->address[m] = op.dev_bus_addr;
}

static void step_unmap(struct player *p)
{
    u32 m = machine_random(MAPS);
    struct grant_unmap u = {.handle = p->handles[m], .host_addr = p->at[m]};
    u32 what = machine_random(8);

    u.dev_bus_addr = p->address[m];
    if (what == 0)
        u.host_addr = slot_of(p, machine_random(SLOTS));
    else if (what == 1)
        u.dev_bus_addr = 0;
    else if (what == 2)
        u.host_addr = 0;
    grant_unmap_begin(&u);
    if (p->d->crash_rule) { /* nothing else is beyond return */
        assert_null(domain_find(track_at(p->d->grants, u.handle)->granter));
        p->d->crash_rule = NULL;
    }
    tlb_flush_local();
    grant_unmap_end(&u);
    if (u.handle != HANDLE_NONE && !track_at(p->d->grants, u.handle)->flags)
        p->handles[m] = HANDLE_NONE;
}

/* By mmu_update: nothing, or memory of its own. */
static void step_overwrite(struct player *p)
{
    u64 *slot = &machine_page(p->table)[machine_random(SLOTS)];
    u64 e = machine_random(2) ? 0 : pte_make(MFN(frame_any(p)), GUEST_RW);

    l1e_write(slot, e, false, p->d, p->d);
}

static void step_copy(struct player *p)
{
    struct grant_side from = {0}, to = {0};
    u32 n = 1 + machine_random(4);

    while (n--) {
        struct gnttab_copy op = {.len = (u16)machine_random(4200)};

        op.flags = (u16)machine_random(4);
        op.source.domid = op.flags & 1 ? players[machine_random(DOMAINS)].id : DOMID_SELF;
        op.dest.domid = op.flags & 2 ? players[machine_random(DOMAINS)].id : DOMID_SELF;
        op.source.u.gmfn = op.flags & 1 ? machine_random(REFS) : frame_any(p);
        op.dest.u.gmfn = op.flags & 2 ? machine_random(REFS) : frame_any(p);
        op.source.offset = (u16)machine_random(64);
        op.dest.offset = (u16)machine_random(64);
        /* Nobody changes anything meanwhile: who is told to try again would do so for ever. */
        assert_int_not_equal(grant_copy(&op, &from, &to), RESTART);
    }
    grant_copy_end(&from, &to);
}

/* Whatever becomes of it, it is given away; then another takes its place. */
static void step_transfer(struct player *p)
{
    u32 n = machine_random(FRAMES);
    struct player *to = &players[machine_random(DOMAINS)];
    u64 pages = p->d->tot_pages;

    if (grant_transfer(p->frames[n].n, to->id, machine_random(REFS)) == GNTST_bad_page) {
        assert_int_equal(p->d->tot_pages, pages);
        return;
    }
    p->frames[n] = machine_frame(p->d); /* the old one may be any page of the hypervisor's soon */
}

static void step(void)
{
    struct player *p = alive();

    machine_run(p->d);
    switch (machine_random(16)) {
    case 0:
    case 1:
    case 2:
        return step_entry(p);
    case 3:
    case 4:
    case 5:
        return step_map(p);
    case 6:
    case 7:
    case 8:
        return step_unmap(p);
    case 9:
        return step_overwrite(p);
    case 10:
    case 11:
        return step_copy(p);
    case 12:
        grants_swap(p->d, machine_random(REFS), machine_random(REFS));
        return;
    case 13:
        machine_preempt_in = machine_random(6); /* and perhaps never goes on */
        host_percpu.work_left = 0;
        if (machine_random(8) == 0)
            grants_set_version(p->d, 1 + machine_random(2));
        machine_preempt_in = 0;
        return;
    case 14:
        if (machine_random(8) == 0)
            step_transfer(p);
        return;
    default:
        grants_grow(p->d, 1 + machine_random(3));
    }
}

static void all_audit(void)
{
    for (u32 i = 0; i < DOMAINS; i++)
        if (players[i].d) {
            assert_audit(players[i].d);
            pins_audit(&players[i]);
        }
}

static void storm(void **state)
{
    (void)state;
    for (u64 seed = 1; seed <= 12; seed++) {
        machine_seed = seed;
        for (u16 i = 0; i < DOMAINS; i++)
            player_make(&players[i], i + 1);
        for (u32 i = 0; i < 6000; i++) {
            step();
            if (i % 100 == 0)
                all_audit();
        }
        all_audit();
        for (u32 i = 0; i < DOMAINS; i++) {
            struct player *p = alive();

            machine_domain_kill(p->d);
            p->d = NULL;
            for (u32 k = 0; k < 300 && i < DOMAINS - 1; k++)
                step();
        }
        machine_quiesced();
        for (u32 i = 0; i < DOMAINS; i++)
            assert_null(domain_find(players[i].id));
    }
}

/* So often the change is interrupted; other calls see a table that has few entries, or all. */
static u32 version_change(struct player *p, u32 version)
{
    struct grants *g = p->d->grants;
    u32 restarts = 0;
    int rc;

    do {
        machine_preempt_in = 1;
        host_percpu.work_left = 0;
        rc = grants_set_version(p->d, version);
        restarts += rc == RESTART;
        assert_true(g->entries == GNTTAB_NR_RESERVED_ENTRIES || !g->uncleared);
        if (g->version != 2)
            assert_false(grants_list(p->d, true, 0, 1, &(u64){0}));
        assert_audit(p->d);
    } while (rc == RESTART);
    assert_int_equal(rc, 0);
    machine_preempt_in = 0;
    return restarts;
}

static void versions_change_in_steps(void **state)
{
    struct player *p = &players[0];
    struct grants *g;

    (void)state;
    player_make(p, 1);
    machine_run(p->d);
    g = p->d->grants;
    assert_int_equal(grants_grow(p->d, 40), 0);
    entry_at(g, 3)[1] = 0x1234;
    *entry_at(g, 3) = GTF_permit_access | 5u << 16;
    *entry_at(g, g->entries - 1) = GTF_permit_access;
    assert_true(version_change(p, 2) >= 40);
    assert_int_equal(g->entries, 40 * PAGE_SIZE / 16);
    assert_int_equal(*entry_at(g, 3), GTF_permit_access | 5u << 16);
    assert_int_equal(entry_frame(g, 3), 0x1234);
    for (grant_ref_t ref = 8; ref < g->entries; ref++)
        assert_int_equal(*entry_at(g, ref), 0);

    /* One that is never finished, but by the next. */
    *entry_at(g, g->entries - 1) = GTF_permit_access;
    machine_preempt_in = 1;
    host_percpu.work_left = 0;
    assert_int_equal(grants_set_version(p->d, 1), RESTART);
    assert_int_equal(grants_version(p->d), 1);
    assert_int_equal(grants_grow(p->d, 41), 0);
    assert_int_equal(g->entries, GNTTAB_NR_RESERVED_ENTRIES);
    version_change(p, 2);
    assert_int_equal(g->entries, 41 * PAGE_SIZE / 16);
    assert_int_equal(entry_frame(g, 3), 0x1234);
    assert_int_equal(*entry_at(g, g->entries - 1), 0);
    version_change(p, 1);
    assert_int_equal(g->status_frames, 0);
    machine_domain_kill(p->d);
}

/* Another CPU may be in grants_each_use() while a user of grants dies: what it looks at is there
 * until every CPU has left what it was doing. */
static void handles_are_there_until_nobody_reads_them(void **state)
{
    struct player *giver = &players[0], *user = &players[1];
    struct gnttab_map_grant_ref op = {.flags = GNTMAP_device_map, .ref = 9, .dom = 1};
    struct maptrack *page;
    u64 free;

    (void)state;
    player_make(giver, 1);
    player_make(user, 2);
    machine_run(user->d);
    entry_at(giver->d->grants, 9)[1] = (u32)giver->frames[0].n;
    *entry_at(giver->d->grants, 9) = GTF_permit_access | 2u << 16;
    assert_int_equal(grant_map(&op), GNTST_okay);
    page = track_at(user->d->grants, 0);
    free = frames_free_count();
    assert_int_equal(grants_release(user->d), 0);
    assert_int_equal(frames_free_count(), free);
    assert_true(user->d->grants->tracks && track_at(user->d->grants, 0) == page);
    assert_int_equal(track_at(user->d->grants, op.handle)->flags, 0);
    assert_int_equal(*entry_at(giver->d->grants, 9), GTF_permit_access | 2u << 16);
    machine_domain_kill(user->d);
    machine_domain_kill(giver->d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(storm, NULL, machine_all_free),
        cmocka_unit_test_setup_teardown(versions_change_in_steps, NULL, machine_all_free),
        cmocka_unit_test_setup_teardown(handles_are_there_until_nobody_reads_them, NULL,
                                        machine_all_free),
    };

    machine_quiet = true;
    machine_frames = 2048;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
