/*
 * From the RSDP by RSDT or XSDT to the FADT, and from there to the DSDT. Layouts are those of the
 * ACPI specification 6.4, section 5.2.
 *
 * Every read goes through table_get(), which maps the header, believes its length only up to a
 * limit, maps the whole and sums it. Fields past the end of a shorter (older) FADT read as 0.
 */
#include "hypervisor/boot/acpi.h"
#include "xen-like/lib/string.h"

struct acpi_rsdp {
    char signature[8];
    u8 checksum;
    char oem[6];
    u8 revision;
    u32 rsdt;
    /* Revision 2 on: */
    u32 length;
    u64 xsdt;
    u8 extended_checksum, reserved[3];
} __attribute__((packed));

struct acpi_header {
    char signature[4];
    u32 length;
    u8 revision, checksum;
    char oem[6], oem_table[8];
    u32 oem_revision;
    char creator[4];
    u32 creator_revision;
} __attribute__((packed));

struct acpi_address {
    u8 space, bits, offset, access;
    u64 address;
} __attribute__((packed));

struct acpi_fadt {
    struct acpi_header header;
    u32 facs, dsdt;
    u8 reserved0, profile;
    u16 sci_interrupt;
    u32 smi_command;
    u8 acpi_enable, acpi_disable, s4bios, pstate;
    u32 pm1a_event, pm1b_event, pm1a_control, pm1b_control;
    u32 pm2_control, pm_timer;
    u8 other[28];
    u8 century, other2[3];
    u32 flags;
    struct acpi_address reset;
    u8 reset_value, arm_flags[2], minor;
    u64 x_facs, x_dsdt;
    struct acpi_address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control;
    struct acpi_address x_pm2_control, x_pm_timer;
} __attribute__((packed));

struct acpi_hpet {
    struct acpi_header header;
    u32 id;
    struct acpi_address base;
    u8 number;
    u16 minimum_tick;
    u8 protection;
} __attribute__((packed));

_Static_assert(sizeof(struct acpi_hpet) == 56, "IA-PC HPET 1.0a, 3.2.4");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "ACPI 6.4, table 5.9");
_Static_assert(offsetof(struct acpi_fadt, x_pm_timer) == 208, "ACPI 6.4, table 5.9");

#define RSDP_BYTES_V1   20
#define TABLE_MAX_BYTES MIB(16)
#define FADT_BYTES_V1   116
#define FADT_RESET_REG  (1U << 10)

/* Where a PC keeps its RSDP: the first KiB of the extended BIOS data, and the BIOS's own range. */
#define EBDA_SEGMENT_PHYS 0x40eUL
#define EBDA_BYTES        KIB(1)
#define BIOS_START        0xe0000UL
#define BIOS_END          0x100000UL
#define RSDP_STEP         16

#define AML_NAME_OP      0x08
#define AML_ROOT_CHAR    0x5c
#define AML_PACKAGE_OP   0x12
#define AML_ZERO         0x00
#define AML_ONE          0x01
#define AML_BYTE_PREFIX  0x0a
#define AML_WORD_PREFIX  0x0b
#define AML_DWORD_PREFIX 0x0c
#define SLEEP_TYPE_MAX   7

static bool sums_to_zero(const void *p, u64 length)
{
    const u8 *bytes = p;
    u8 sum = 0;

    for (u64 i = 0; i < length; i++)
        sum += bytes[i];
    return sum == 0;
}

static const struct acpi_header *table_get(u64 phys, const char *signature, acpi_map_fn map)
{
    const struct acpi_header *h = phys ? map(phys, sizeof(*h)) : NULL;

    if (!h || memcmp(h->signature, signature, sizeof(h->signature)) != 0)
        return NULL;
    if (h->length < sizeof(*h) || h->length > TABLE_MAX_BYTES)
        return NULL;
    h = map(phys, h->length);
    return h && sums_to_zero(h, h->length) ? h : NULL;
}

static bool rsdp_check(const struct acpi_rsdp *r)
{
    return r && memcmp(r->signature, "RSD PTR ", sizeof(r->signature)) == 0 &&
           sums_to_zero(r, RSDP_BYTES_V1);
}

static u64 rsdp_scan(u64 start, u64 end, acpi_map_fn map)
{
    for (u64 at = ALIGN_UP(start, RSDP_STEP); at + RSDP_BYTES_V1 <= end; at += RSDP_STEP)
        if (rsdp_check(map(at, RSDP_BYTES_V1)))
            return at;
    return 0;
}

static u64 rsdp_search(acpi_map_fn map)
{
    const u16 *segment = map(EBDA_SEGMENT_PHYS, sizeof(*segment));
    u64 ebda = segment ? (u64)*segment << 4 : 0, found = 0;

    if (ebda)
        found = rsdp_scan(ebda, ebda + EBDA_BYTES, map);
    return found ? found : rsdp_scan(BIOS_START, BIOS_END, map);
}

/* A table among those that the root table lists, `width` bytes an address. */
static const struct acpi_header *table_in(const struct acpi_header *root, size_t width,
                                          const char *signature, acpi_map_fn map)
{
    const u8 *entry = (const u8 *)(root + 1), *end = (const u8 *)root + root->length;

    for (; (size_t)(end - entry) >= width; entry += width) {
        const struct acpi_header *h;
        u64 phys = 0;

        memcpy(&phys, entry, width);
        h = table_get(phys, signature, map);
        if (h)
            return h;
    }
    return NULL;
}

/* The RSDP at *rsdp, or wherever it is found if that is 0. NULL: there is none. */
static const struct acpi_rsdp *rsdp_get(u64 *rsdp, acpi_map_fn map)
{
    const struct acpi_rsdp *r;

    if (!*rsdp)
        *rsdp = rsdp_search(map);
    r = *rsdp ? map(*rsdp, RSDP_BYTES_V1) : NULL;
    return rsdp_check(r) ? r : NULL;
}

/* By the XSDT if there is one; what that lacks, the RSDT may have. */
static const struct acpi_header *table_find(const struct acpi_rsdp *r, u64 rsdp,
                                            const char *signature, acpi_map_fn map)
{
    const struct acpi_header *found = NULL, *root;

    if (r->revision >= 2) {
        const struct acpi_rsdp *full = map(rsdp, sizeof(*full));

        root = full ? table_get(full->xsdt, "XSDT", map) : NULL;
        found = root ? table_in(root, sizeof(u64), signature, map) : NULL;
    }
    if (!found) {
        root = table_get(r->rsdt, "RSDT", map);
        found = root ? table_in(root, sizeof(u32), signature, map) : NULL;
    }
    return found;
}

/* A small constant of AML; *p moves past it. False when it is none or reaches past end. */
static bool aml_constant(const u8 **p, const u8 *end, u8 *value)
{
    size_t skip;

    if (*p >= end)
        return false;
    switch (**p) {
    case AML_ZERO:
    case AML_ONE:
        *value = **p;
        ++*p;
        return true;
    case AML_BYTE_PREFIX:
        skip = 2;
        break;
    case AML_WORD_PREFIX:
        skip = 3;
        break;
    case AML_DWORD_PREFIX:
        skip = 5;
        break;
    default:
        return false;
    }
    if ((size_t)(end - *p) < skip)
        return false;
    *value = (*p)[1];
    *p += skip;
    return true;
}

/*
 * Name (\_S5_, Package (n) { a, b, ... }) is 08 [5c] "_S5_" 12 <length> n a b; `p` is behind the
 * name. The length takes one byte, or one and as many more as its two top bits say.
 */
static bool s5_package(const u8 *p, const u8 *end, struct acpi_power *power)
{
    u8 a, b;

    if (end - p < 2 || *p++ != AML_PACKAGE_OP)
        return false;
    if (end - p < 2 + (*p >> 6))
        return false;
    p += 1 + (*p >> 6);
    if (*p++ < 1)
        return false;
    if (!aml_constant(&p, end, &a) || a > SLEEP_TYPE_MAX)
        return false;
    if (!aml_constant(&p, end, &b) || b > SLEEP_TYPE_MAX)
        b = 0;
    power->type_a = a;
    power->type_b = b;
    return true;
}

static bool s5_find(const struct acpi_header *dsdt, struct acpi_power *power)
{
    static const char name[4] = {'_', 'S', '5', '_'};
    const u8 *start = (const u8 *)(dsdt + 1), *end = (const u8 *)dsdt + dsdt->length;

    for (const u8 *p = start + 1; end - p > (long)sizeof(name); p++) {
        bool named = p[-1] == AML_NAME_OP ||
                     (p - start >= 2 && p[-1] == AML_ROOT_CHAR && p[-2] == AML_NAME_OP);

        if (named && memcmp(p, name, sizeof(name)) == 0 && s5_package(p + sizeof(name), end, power))
            return true;
    }
    return false;
}

static u16 io_port(u32 port, const struct acpi_address *extended)
{
    if (extended->address && extended->space == ACPI_SPACE_IO && extended->address <= 0xffff)
        return extended->address;
    return port <= 0xffff ? port : 0;
}

static void reset_accept(const struct acpi_fadt *f, struct acpi_power *power)
{
    if (!(f->flags & FADT_RESET_REG) || !f->reset.address || f->reset.space > ACPI_SPACE_PCI)
        return;
    if (f->reset.space == ACPI_SPACE_IO && f->reset.address > 0xffff)
        return;
    power->can_reset = true;
    power->reset_space = f->reset.space;
    power->reset_address = f->reset.address;
    power->reset_value = f->reset_value;
}

/* How much of a FADT of this length to believe: the fields of ACPI 1.0, or up to the reset register
 * too, or all; never half a field. */
static size_t fadt_bytes(u32 length)
{
    if (length >= sizeof(struct acpi_fadt))
        return sizeof(struct acpi_fadt);
    if (length >= offsetof(struct acpi_fadt, arm_flags))
        return offsetof(struct acpi_fadt, arm_flags);
    return FADT_BYTES_V1;
}

const char *acpi_find_power(struct acpi_power *power, u64 rsdp, acpi_map_fn map)
{
    const struct acpi_rsdp *r = rsdp_get(&rsdp, map);
    const struct acpi_header *found, *dsdt;
    struct acpi_fadt f;

    memset(power, 0, sizeof(*power));
    memset(&f, 0, sizeof(f));
    if (!r)
        return "no valid RSDP";
    found = table_find(r, rsdp, "FACP", map);
    if (!found || found->length < FADT_BYTES_V1)
        return "no valid FADT";
    memcpy(&f, found, fadt_bytes(found->length));
    reset_accept(&f, power);
    power->century = f.century;
    power->timer = io_port(f.pm_timer, &f.x_pm_timer);

    dsdt = table_get(f.x_dsdt, "DSDT", map);
    if (!dsdt)
        dsdt = table_get(f.dsdt, "DSDT", map);
    if (!dsdt)
        return "no valid DSDT";
    power->pm1a = io_port(f.pm1a_control, &f.x_pm1a_control);
    power->pm1b = io_port(f.pm1b_control, &f.x_pm1b_control);
    if (!power->pm1a)
        return "no PM1 control register";
    if (!s5_find(dsdt, power))
        return "no \\_S5_ in the DSDT";
    power->smi_command = f.smi_command <= 0xffff ? f.smi_command : 0;
    power->acpi_enable = f.acpi_enable;
    power->can_off = true;
    return NULL;
}

const void *acpi_find_table(const char *signature, u64 rsdp, acpi_map_fn map, u32 *length)
{
    const struct acpi_rsdp *r = rsdp_get(&rsdp, map);
    const struct acpi_header *h = r ? table_find(r, rsdp, signature, map) : NULL;

    *length = h ? h->length : 0;
    return h;
}

u64 acpi_find_hpet(u64 rsdp, acpi_map_fn map)
{
    u32 length;
    const struct acpi_hpet *hpet = acpi_find_table("HPET", rsdp, map, &length);

    if (length < sizeof(*hpet) || hpet->base.space != ACPI_SPACE_MEMORY)
        return 0;
    return hpet->base.address;
}
