/*
 * xen_version: who the hypervisor says it is, and what it can do.
 *
 * The numbers are those of the Xen whose ABI this is, since guests decide by them what they may
 * use; the texts are our own. Any guest may ask nearly everything: only the command line and the
 * build id are the control domain's.
 */
#include "hypercalls/authority.h"
#include "hypercalls/hypercalls.h"

#include "hypervisor/boot/dom0_machine.h"
#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/string.h"

#define EXTRA_VERSION "-xen-like"
#define CAPABILITIES  "xen-3.0-x86_64 xen-3.0-x86_32p"
#define DENIED        "<denied>"     /* Xen's word, for who may not know */
#define UNTOLD        "not recorded" /* it would make two builds of one source differ */

#define FEATURE(name) (1U << XENFEAT_##name)

static long text_answer(u64 to, const char *text, size_t bytes)
{
    char buffer[sizeof(xen_capabilities_info_t)] = {0}; /* the longest of them */

    str_copy(buffer, text, bytes);
    return answer(to, buffer, bytes);
}

static long compile_info(u64 to)
{
    struct xen_compile_info info = {
        .compiler = "gcc " __VERSION__,
        .compile_by = "xen-like",
        .compile_domain = UNTOLD,
        .compile_date = UNTOLD,
    };

    return answer(to, &info, sizeof(info));
}

static long platform_parameters(u64 to)
{
    struct xen_platform_parameters p = {
        .virt_start = caller_is_32bit() ? HYPERVISOR_VIRT_START_X86_32 : HYPERVISOR_VIRT_START};

    return STRUCT_WRITE(to, &p);
}

/* What any PV guest of Xen is told, and what this domain has on top. */
static u32 features_of(const struct domain *d)
{
    u32 bits = FEATURE(memory_op_vnode_supported) | FEATURE(mmu_pt_update_preserve_ad) |
               FEATURE(highmem_assist) | FEATURE(gnttab_map_avail_bits) | FEATURE(direct_mapped);

    if (d->vm_assist & 1U << VMASST_TYPE_pae_extended_cr3)
        bits |= FEATURE(pae_pgdir_above_4gb);
    if (d->privileged)
        bits |= FEATURE(dom0);
    return bits;
}

static long features(u64 arg)
{
    struct xen_feature_info f;

    if (guest_read(&f, arg, sizeof(f)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (f.submap_idx >= XENFEAT_NR_SUBMAPS)
        return refuse(XEN_EINVAL, "there is no such submap of features");
    f.submap = features_of(current->domain);
    return answer(arg, &f, sizeof(f));
}

static long command_line(u64 to)
{
    if (is_authorised(DEED_VERSION, NULL))
        return text_answer(to, dom0_machine_cmdline(), sizeof(xen_commandline_t));
    return answer(to, DENIED, sizeof(DENIED));
}

/* The linker's hash of the image, in an ELF note with the name "GNU". */
extern const u8 build_id_note[], build_id_note_end[];
#define NOTE_BYTES_BEFORE 16U /* three words, and the name */

/* Without an argument, or with one that has room: its length. */
static long build_id(u64 arg)
{
    u32 length = (u32)(build_id_note_end - build_id_note) - NOTE_BYTES_BEFORE;
    struct xen_build_id id;

    if (!is_authorised(DEED_VERSION, NULL))
        return refuse(XEN_EPERM, "only the control domain may read the build id");
    if (arg && guest_read(&id, arg, sizeof(id)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (arg && !id.len)
        return refuse(XEN_EINVAL, "there is no room for a build id");
    if (arg && id.len < length)
        return refuse(XEN_ENOBUFS, "there is too little room for the build id");
    if (arg && guest_write(arg + offsetof(struct xen_build_id, buf),
                           build_id_note + NOTE_BYTES_BEFORE, length))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return length;
}

long hc_xen_version(unsigned long cmd, unsigned long arg)
{
    switch ((u32)cmd) {
    case XENVER_version:
        return XEN_SHOWN_MAJOR << 16 | XEN_SHOWN_MINOR;
    case XENVER_extraversion:
        return text_answer(arg, EXTRA_VERSION, sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info(arg);
    case XENVER_capabilities:
        return text_answer(arg, CAPABILITIES, sizeof(xen_capabilities_info_t));
    case XENVER_changeset:
        return text_answer(arg, UNTOLD, sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return platform_parameters(arg);
    case XENVER_get_features:
        return features(arg);
    case XENVER_pagesize:
        return arg ? refuse(XEN_EINVAL, "the page size takes no argument") : (long)PAGE_SIZE;
    case XENVER_guest_handle:
        return answer(arg, current->domain->handle, sizeof(xen_domain_handle_t));
    case XENVER_commandline:
        return command_line(arg);
    case XENVER_build_id:
        return build_id(arg);
    default:
        return refuse(XEN_ENOSYS, "no such question about the version");
    }
}
