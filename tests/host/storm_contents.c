#include "tests/host/storm_contents.h"

#include "hypervisor/mm/pae.h"

/* Present, writable, user, accessed, dirty, for the guest (9-11, 52-62), no-execute; in an L1 entry
 * also global. Intel SDM vol. 3, 4.5.5; the rest is cache attributes, page size and reserved. */
#define TABLE_ENTRY_MAY 0xfff0000000000e67UL
#define L1_ENTRY_MAY    0xfff0000000000f67UL
#define ENTRY_ADDRESS   0x000ffffffffff000UL

static const struct domain **last_owner; /* by frame: who could last write it */

static const char *entry_wrong(const struct domain *d, int level, u64 e)
{
    u64 may = level == 1 ? L1_ENTRY_MAY : TABLE_ENTRY_MAY, n = (e & ENTRY_ADDRESS) >> 12;

    if (!(e & PTE_P))
        return NULL;
    if (e & ~(may | ENTRY_ADDRESS))
        return "an entry has a flag that no guest may set";
    if (!(e & PTE_US) && !d->is_32bit)
        return "an entry is the hypervisor's alone";
    if (n >= frames_max || frame_table[n].owner != d)
        return "an entry names what is not the domain's memory";
    if (level > 1 && type_level(frame_type(&frame_table[n])) == level && e & PTE_RW)
        return "a linear entry may write";
    return NULL;
}

/* Intel SDM vol. 3, 3.4.5 and 3.5: a segment for ring 3, or for any but 0 of a 32-bit guest, which
 * is no 64-bit code; nothing; a gate that faults. */
static const char *descriptor_wrong(u64 d, bool narrow)
{
    bool present = d >> 47 & 1, segment = d >> 44 & 1;
    u64 dpl = d >> 45 & 3, kind = d >> 40 & 15, rpl = d >> 16 & 3;

    if (!present || (segment && dpl == 3 && !narrow) || (!segment && kind == 0))
        return NULL;
    if (narrow && segment && dpl && !(d >> 53 & 1))
        return NULL;
    if (!segment && kind == 12 && dpl == 0 && (rpl == 3 || (narrow && rpl)))
        return NULL;
    return "a descriptor that no guest may have";
}

/* Is the entry @i of a table of @type the hypervisor's? */
static bool is_ours(u64 type, unsigned i)
{
    return (type == FT_L4 && i >= 256 && i <= 271) || (type == FT_L2_HV && i >= 428);
}

/* What Xen's 32-bit guests cannot have, and what is in the places that are not theirs. */
static const char *pae_wrong(u64 type, unsigned i, u64 e)
{
    if (type == FT_L4)
        return "an L4 of a 32-bit domain";
    if (type == FT_L3 && i >= 4 && e)
        return "an L3 has more than four entries";
    if (type == FT_L3 && i == 3 && frame_type(mfn_to_frame(pte_mfn(e))) != FT_L2_HV)
        return "the last entry of an L3";
    if (type == FT_L3 && i < 3 && e & PTE_P && frame_type(mfn_to_frame(pte_mfn(e))) != FT_L2)
        return "an entry of an L3";
    if (type == FT_L3 && e & PTE_P && e & (PTE_NX | PTE_AVL_HIGH))
        return "an entry of an L3 has bits that are reserved";
    return type == FT_L2_HV && i >= 428 && !pae_slot_is_right(i, e) ? "a slot of the window" : NULL;
}

static const char *frame_wrong(u64 n)
{
    const struct frame *f = &frame_table[n];
    const u64 *t = machine_page(MFN(n)), type = frame_type(f);
    const char *wrong = NULL;

    if (!(f->word & FRAME_VALIDATED) || !(type_is_table(type) || type == FT_SEGDESC))
        return NULL;
    for (unsigned i = 0; i < PT_ENTRIES && !wrong; i++) {
        if (type == FT_SEGDESC)
            wrong = descriptor_wrong(t[i], f->owner->is_32bit);
        else if (!is_ours(type, i))
            wrong = entry_wrong(f->owner, type_level(type), t[i]);
        if (!wrong && f->owner->is_32bit)
            wrong = pae_wrong(type, i, t[i]);
    }
    return wrong;
}

/* Linear entries, which a table has or which name it (hypervisor/mm/linear.h): counted here from
 * the tables. */
static int *linear_expected;

static void linear_count(u64 n)
{
    const struct frame *f = &frame_table[n];
    u64 type = frame_type(f);
    unsigned held = f->word & FRAME_VALIDATED ? PT_ENTRIES : f->progress;

    if (!frame_type_count(f->word) || !type_is_table(type) || type == FT_L1)
        return;
    for (unsigned i = 0; i < held; i++) {
        u64 e = machine_page(MFN(n))[i], m = (e & ENTRY_ADDRESS) >> 12;

        if (!(e & PTE_P) || is_ours(type, i) || m == n)
            continue;
        if (type_level(frame_type(&frame_table[m])) != type_level(type))
            continue;
        linear_expected[n]++;
        linear_expected[m]--;
    }
}

static const char *linear_wrong(void)
{
    for (u64 n = 0; n < frames_max; n++)
        linear_expected[n] = 0;
    for (u64 n = machine_ram_start; n < machine_ram_end; n++)
        linear_count(n);
    for (u64 n = machine_ram_start; n < machine_ram_end; n++)
        if (frame_type_count(frame_table[n].word) && frame_table[n].linear != linear_expected[n])
            return "a count of linear entries";
    return NULL;
}

static bool page_empty(u64 n)
{
    const u64 *page = machine_page(MFN(n));

    return !page[0] && !memcmp(page, page + 1, PAGE_SIZE - sizeof(*page));
}

/* A frame that is somebody's now and was not a step ago. */
static const char *leak_look(u64 n)
{
    const struct domain *now = frame_table[n].owner, *before = last_owner[n];

    if (!now || now == before)
        return NULL;
    last_owner[n] = now;
    return page_empty(n) ? NULL : "a domain was handed a frame with somebody's data";
}

void contents_begin(void)
{
    if (!last_owner) {
        last_owner = calloc(frames_max, sizeof(*last_owner));
        linear_expected = calloc(frames_max, sizeof(*linear_expected));
    }
    for (u64 n = machine_ram_start; n < machine_ram_end; n++)
        last_owner[n] = frame_table[n].owner;
}

const char *contents_wrong(void)
{
    const char *wrong = NULL;

    for (u64 n = machine_ram_start; n < machine_ram_end && !wrong; n++) {
        wrong = leak_look(n);
        if (!wrong && frame_type_count(frame_table[n].word))
            wrong = frame_wrong(n);
    }
    return wrong ? wrong : linear_wrong();
}
