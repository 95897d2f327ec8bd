/*
 * What cannot be built is said in one line, the same whoever the hypervisor is, and nothing of it
 * stays: neither a domain nor a page of the machine's or of the control domain's memory.
 */
#include "dom0/toolstack/bundled.h"
#include "tests/guests/toolstack.h"

static const struct domain_config good = {
    .name = "refused", .kernel = "kernel", .memory_kib = 32 * 1024, .vcpus = 1};

/* How much memory there is differs: each number becomes one #. */
static void numbers_hide(char *text)
{
    char *to = text;

    for (; *text; text++) {
        bool digit = *text >= '0' && *text <= '9';

        if (!digit)
            *to++ = *text;
        else if (text[1] < '0' || text[1] > '9')
            *to++ = '#';
    }
    *to = '\0';
}

static void refused(const char *name, const struct domain_config *config, struct blob kernel,
                    struct blob ramdisk)
{
    char text[64], reason[BUILD_REASON_SIZE] = "";
    u64 machine = machine_free_pages(), own = frame_free_count();
    struct xen_domctl_getdomaininfo info;
    struct built_domain d;
    int answer = domain_build(&d, config, kernel, ramdisk, reason);

    console_printf("%s: %s\n", name, reason);
    if (answer == -XEN_ENOMEM)
        numbers_hide(reason);
    console_printf("ROW %s = %d %s\n", name, answer, reason);
    fmt_snprintf(text, sizeof(text), "%s.domains-left", name);
    row_want(text, domain_list(1, &info, 1), 0);
    fmt_snprintf(text, sizeof(text), "%s.memory-is-back", name);
    row_pages_are_back(text, machine);
    fmt_snprintf(text, sizeof(text), "%s.own-memory-is-back", name);
    row_want(text, (s64)(frame_free_count() - own), 0);
}

static void images(void)
{
    static const char words[] = "this is no kernel";
    struct blob none = {0}, mini = {mini_kernel, mini_kernel_len};

    refused("image.none", &good, none, none);
    refused("image.words", &good, (struct blob){words, sizeof(words)}, none);
    refused("image.cut-header", &good, (struct blob){mini.bytes, 40}, none);
    refused("image.cut", &good, (struct blob){mini.bytes, mini.size / 2}, none);
    refused("image.packed-cut", &good, (struct blob){guests_file("mini-kernel.gz").bytes, 5000},
            none);
}

static void sizes(void)
{
    struct blob none = {0}, mini = {mini_kernel, mini_kernel_len};
    struct domain_config c = good;

    c.memory_kib = 1024;
    refused("memory.too-little", &c, mini, none);
    c.memory_kib = 32ul << 20;
    refused("memory.more-than-there-is", &c, mini, none);
    refused("ramdisk.larger-than-memory", &good, mini, (struct blob){mini_kernel, MIB(31)});
    c = good;
    c.cpus = (struct text_list){"77", 1};
    refused("cpus.not-there", &c, mini, none);
    c = good;
    c.vcpus = 0;
    refused("vcpus.none", &c, mini, none);
    c.vcpus = 100000;
    refused("vcpus.too-many", &c, mini, none);
}

static void files(void)
{
    row_want("file.kernel", guest_of("name='a'; kernel='nowhere'") == NULL, 1);
    row_want("file.ramdisk", guest_of("name='a'; kernel='tiny'; ramdisk='nowhere'") == NULL, 1);
    row_want("file.config", guest_of("name='a'; kernel=") == NULL, 1);
}

/* What the builder keeps for the next time. */
static void warm_up(void)
{
    struct guest *g = guest_of("name='first'; kernel='mini-kernel.gz'; memory=32; cpus='0'");

    row_want("packed.built", g != NULL, 1);
    row_want("packed.destroyed", g ? guest_destroy(g) : -1, 0);
}

void guest_main(void)
{
    toolstack_begin();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    warm_up();
    images();
    sizes();
    files();
    guest_end();
}
