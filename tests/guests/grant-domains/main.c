/*
 * Grants between two domains. What the other may do with what it was granted, and with what it was
 * not, it tells in a page that it grants to us (tests/guests/grant-peer). Then it is destroyed, in
 * the middle of everything: with our frames mapped, which we get back; and with its own frames
 * mapped by us, which stay what they are until we let them go, and are all given back then. A peer
 * of 32 bits, if there is one (FILES=), is told and tells the same.
 */
#include "tests/guests/grant-peer/peer.h"
#include "tests/guests/grant_table.h"
#include "tests/guests/toolstack.h"

static domid_t peer;
static volatile u8 *rw, *ro, *second;
static grant_handle_t results_handle;
static volatile s64 *const results = (void *)(uintptr_t)SCRATCH_VA;

#define RESULT_NAME(name) #name,
static const char *const names[] = {RESULTS(RESULT_NAME)};

/* Rows of a life, in their order: those of the narrow peer must be the same. */
static s64 told[256];
static u32 tells;
static bool narrow;

static s64 tell_wanted(s64 got)
{
    if (!narrow)
        told[tells] = got;
    return told[tells++];
}

static void tell(const char *name, s64 got)
{
    row_want(name, got, tell_wanted(got));
}

static volatile u8 *page_new(u8 fill)
{
    pfn_t pfn = frame_alloc();

    memset(pfn_to_virt(pfn), fill, PAGE_SIZE);
    return pfn_to_virt(pfn);
}

static u64 mfn_of(volatile u8 *page)
{
    return virt_to_mfn((const void *)page).n;
}

/* Before it runs. */
static void peer_built(struct guest *g)
{
    peer = g->domain.domid;
    entry_set(OURS_RW, GTF_permit_access, peer, mfn_of(rw));
    entry_set(OURS_RO, GTF_permit_access | GTF_readonly, peer, mfn_of(ro));
    entry_set(OURS_NOT, GTF_permit_access, peer + 1, mfn_of(ro));
    entry_set(OURS_SECOND, GTF_permit_access, peer, mfn_of(second));
}

static bool peer_is_done(void)
{
    return !grant_map((void *)results, THEIRS_RESULTS, GNTMAP_host_map, peer, &results_handle,
                      NULL);
}

static void peer_going(struct guest *g)
{
    (void)g;
}

static void flags_tell(const char *life, const char *when)
{
    static const grant_ref_t refs[] = {OURS_RW, OURS_RO, OURS_NOT, OURS_SECOND};
    char name[64];

    for (u32 i = 0; i < ARRAY_SIZE(refs); i++) {
        fmt_snprintf(name, sizeof(name), "%s.%s-flags-%u", life, when, refs[i]);
        row_want_hex(name, entries[refs[i]].flags, (u64)tell_wanted(entries[refs[i]].flags));
    }
}

static long copy_from(grant_ref_t ref, u16 offset, u16 length)
{
    gnttab_copy_t op = {.source = {.u.ref = ref, .domid = peer, .offset = offset},
                        .dest = {.u.gmfn = mfn_of(rw), .domid = DOMID_SELF, .offset = offset},
                        .len = length,
                        .flags = GNTCOPY_source_gref};

    return grant_copy(&op);
}

/* What of it we have mapped when it ends. */
static void maps_of_theirs(const char *life)
{
    grant_handle_t a, b, c, d;
    u8 *at = scratch_page(4);

    tell(name_of(life, "map"), grant_map(at, THEIRS_RW, GNTMAP_host_map, peer, &a, NULL));
    tell(name_of(life, "map-ro"),
         grant_map(at + PAGE_SIZE, THEIRS_RO, GNTMAP_host_map | GNTMAP_readonly, peer, &b, NULL));
    tell(name_of(life, "map-ro-to-write"),
         grant_map(at + 2 * PAGE_SIZE, THEIRS_RO, GNTMAP_host_map, peer, NULL, NULL));
    tell(name_of(life, "reads"), at[5] << 8 | at[PAGE_SIZE + 5]);
    tell(name_of(life, "copy"), copy_from(THEIRS_RW, 10, 20));
    tell(name_of(life, "copied"), rw[9] << 16 | rw[10] << 8 | rw[29]);
    tell(name_of(life, "passed-on"), copy_from(THEIRS_PASSED, 100, 10));
    tell(name_of(life, "passed-on-copied"), rw[100] << 8 | rw[110]);
    flags_tell(life, "mapped");
    tell(name_of(life, "destroy"), guest_destroy(guest_find("peer")));
    at[6] = 0x66;
    tell(name_of(life, "still-there"), at[5] << 16 | at[6] << 8 | at[PAGE_SIZE + 5]);
    flags_tell(life, "after");
    tell(name_of(life, "after-map"),
         grant_map(at + 2 * PAGE_SIZE, THEIRS_RW, GNTMAP_host_map, peer, &c, NULL));
    tell(name_of(life, "after-copy"), copy_from(THEIRS_RW, 10, 20));
    tell(name_of(life, "after-device"),
         grant_map(NULL, THEIRS_RO, GNTMAP_device_map | GNTMAP_readonly, peer, &d, NULL));
    tell(name_of(life, "after-unmap-c"), grant_unmap(at + 2 * PAGE_SIZE, 0, c));
    tell(name_of(life, "after-unmap-d"),
         grant_unmap(NULL,
                     table_lookup(table_boot_root(), (uintptr_t)at + PAGE_SIZE) & PTE_ADDRESS_MASK,
                     d));
    tell(name_of(life, "unmap"), grant_unmap(at, 0, a));
    tell(name_of(life, "unmap-ro"), grant_unmap(at + PAGE_SIZE, 0, b));
    tell(name_of(life, "unmap-results"), grant_unmap((void *)results, 0, results_handle));
    tell(name_of(life, "gone"), grant_map(at, THEIRS_RW, GNTMAP_host_map, peer, NULL, NULL) != 0);
}

static void life_of_peer(const char *life, const char *kernel, const char *extra)
{
    char text[96];
    u64 before = machine_free_pages();

    fmt_snprintf(text, sizeof(text), "name='peer'; kernel='%s'; memory=16; extra='%s'", kernel,
                 extra);
    memset((void *)rw, 0x10, PAGE_SIZE);
    memset((void *)ro, 0x20, PAGE_SIZE);
    memset((void *)second, 0x30, PAGE_SIZE);
    if (!guest_of(text) || !serve_until(peer_is_done, 20000)) {
        row_want(name_of(life, "failed"), 1, 0);
        return;
    }
    for (u32 i = 0; i < RESULT_COUNT; i++) {
        char name[64];

        fmt_snprintf(name, sizeof(name), "%s.peer-%s", life, names[i]);
        tell(name, results[i]);
    }
    tell(name_of(life, "wrote"), rw[8]);
    tell(name_of(life, "copied-to-second"), second[0] << 8 | second[16]);
    maps_of_theirs(life);
    /* The first has left pages for handles, and what a toolstack keeps. */
    if (!str_starts_with(life, "warm"))
        row_pages_are_back(name_of(life, "pages"), before);
}

static void lives(const char *warm, const char *one, const char *two, const char *kernel)
{
    tells = 0;
    life_of_peer(warm, kernel, "");
    life_of_peer(one, kernel, "");
    life_of_peer(two, kernel, "version-2");
}

void guest_main(void)
{
    toolstack_begin();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    guest_built = peer_built;
    guest_going = peer_going;
    scratch_entry(1);
    row_want("setup", table_setup(1), 0);
    rw = page_new(0);
    ro = page_new(0);
    second = page_new(0);
    lives("warm", "one", "two", "grant-peer");
    narrow = guests_file("grant-peer-32").bytes != NULL;
    if (narrow)
        lives("warm-32", "one-32", "two-32", "grant-peer-32");
    guest_end();
}
