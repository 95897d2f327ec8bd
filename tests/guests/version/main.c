/*
 * Who the hypervisor says it is. A kernel's first question, and what it decides by: the version
 * gates whole families of calls, the features choose between ways of doing things.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define NOWHERE ((void *)0x70000000)

static char text[1024];

static void features(const char *name, u32 submap)
{
    struct xen_feature_info f = {.submap_idx = submap, .submap = 0x55};
    long answer = call_xen_version(XENVER_get_features, &f);

    row_hex(name, answer ? (u64)answer : f.submap);
}

/* The extended CR3 assist shows in the features, and only there. */
static void feature_rows(void)
{
    features("version.features", 0);
    call_vm_assist(VMASST_CMD_disable, VMASST_TYPE_pae_extended_cr3);
    features("version.features_without_extended_cr3", 0);
    call_vm_assist(VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3);
    features("version.features_with_extended_cr3", 0);
    features("version.features_of_submap_1", 1);
    features("version.features_of_the_last_submap", ~0u);
    row("version.features_unreadable", call_xen_version(XENVER_get_features, NOWHERE));
}

/* The texts are each hypervisor's own; that they come, and end, is everybody's. */
static void text_row(const char *name, unsigned int command, size_t size)
{
    char full[64];

    memset(text, 'x', sizeof(text));
    row(name, call_xen_version(command, text));
    fmt_snprintf(full, sizeof(full), "%s_ends", name);
    row(full, strnlen(text, size) < size);
    fmt_snprintf(full, sizeof(full), "%s_is_no_longer", name);
    row(full, size == sizeof(text) || text[size] == 'x');
    fmt_snprintf(full, sizeof(full), "%s_unwritable", name);
    row(full, call_xen_version(command, NOWHERE));
}

static void build_id_rows(void)
{
    u32 no_room = 0;

    static struct {
        struct xen_build_id id;
        u8 room[64];
    } full = {.id.len = 64};
    long length = call_xen_version(XENVER_build_id, NULL);
    u32 short_room = (u32)length - 1;
    u8 any = 0;

    row("version.build_id_length", length);
    row("version.build_id", call_xen_version(XENVER_build_id, &full));
    for (long i = 0; i < length; i++)
        any |= full.id.buf[i];
    row("version.build_id_is_something", any != 0);
    row("version.build_id_is_no_longer", full.id.buf[length] == 0 && full.id.len == 64);
    full.id.len = (u32)length;
    row("version.build_id_just_fits", call_xen_version(XENVER_build_id, &full));
    row("version.build_id_too_short", call_xen_version(XENVER_build_id, &short_room));
    row("version.build_id_without_room", call_xen_version(XENVER_build_id, &no_room));
    row("version.build_id_unreadable", call_xen_version(XENVER_build_id, NOWHERE));
}

void guest_main(void)
{
    struct xen_platform_parameters platform = {0};
    u64 handle[2] = {1, 1};

    row_hex("version.version", (u64)call_xen_version(XENVER_version, NULL));
    row_hex("version.version_ignores_its_argument", (u64)call_xen_version(XENVER_version, NOWHERE));
    text_row("version.extraversion", XENVER_extraversion, sizeof(xen_extraversion_t));
    text_row("version.compile_info", XENVER_compile_info, sizeof(struct xen_compile_info));
    text_row("version.changeset", XENVER_changeset, sizeof(xen_changeset_info_t));
    text_row("version.commandline", XENVER_commandline, sizeof(xen_commandline_t));
    text_row("version.capabilities", XENVER_capabilities, sizeof(xen_capabilities_info_t));
    text[strlen("xen-3.0-x86_64")] = '\0';
    row_text("version.first_capability", text);

    row("version.platform", call_xen_version(XENVER_platform_parameters, &platform));
    row_hex("version.platform_start", platform.virt_start);
    row("version.platform_unwritable", call_xen_version(XENVER_platform_parameters, NOWHERE));
    feature_rows();
    row("version.pagesize", call_xen_version(XENVER_pagesize, NULL));
    row("version.pagesize_with_argument", call_xen_version(XENVER_pagesize, text));
    row("version.guest_handle", call_xen_version(XENVER_guest_handle, handle));
    row_hex("version.guest_handle_value", handle[0] | handle[1]);
    row("version.guest_handle_unwritable", call_xen_version(XENVER_guest_handle, NOWHERE));
    build_id_rows();
    row("version.unknown", call_xen_version(11, text));
    row("version.unknown_negative", call_xen_version(~0u, text));
    guest_end();
}
