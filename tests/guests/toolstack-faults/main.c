/*
 * A build that fails at any of its calls leaves nothing behind. The hook of the toolstack's calls
 * lets the first one fail, then the second one, and so on until the build succeeds; after each try
 * there is no domain, and the machine's and the control domain's free memory are what they were.
 * With `guest-32` it is the build of a 32-bit kernel.
 */
#include "dom0/toolstack/bundled.h"
#include "tests/guests/toolstack.h"

static u32 calls, fails_at;
static bool destroyed;

static int fail_one(unsigned int call, unsigned int command)
{
    if (call == __HYPERVISOR_domctl && command == XEN_DOMCTL_destroydomain)
        return 0; /* the way back must not fail */
    return ++calls == fails_at ? -XEN_ENOMEM : 0;
}

static struct blob ramdisk = {tiny, 5000};

static int build(char *reason)
{
    static const struct domain_config config = {.name = "faulty",
                                                .kernel = "mini-kernel",
                                                .memory_kib = 16 * 1024,
                                                .vcpus = 2,
                                                .weight = 300,
                                                .cpus = {"0", 1},
                                                .cpus_soft = {"all", 1}};
    struct blob kernel = guests_file(cmdline_has("guest-32") ? "mini-kernel-32" : "mini-kernel");
    struct built_domain d;
    int answer;

    calls = 0;
    control_hook = fail_one;
    answer = domain_build(&d, &config, kernel, ramdisk, reason);
    control_hook = NULL;
    destroyed = answer || !domain_destroy(d.domid);
    return answer;
}

void guest_main(void)
{
    char reason[BUILD_REASON_SIZE];
    struct xen_domctl_getdomaininfo info;
    u32 domains = 0, memory = 0, own = 0, silent = 0, saved = 0;
    u64 machine, frames;

    toolstack_begin();
    row_want("faults.none", build(reason),
             0); /* it keeps tables and small blocks for the next time */
    row_want("faults.none-destroyed", destroyed, 1);
    row("faults.calls", calls);
    machine = machine_free_pages();
    frames = frame_free_count();
    for (fails_at = 1; fails_at <= 1000; fails_at++) {
        bool refused;

        reason[0] = '\0';
        refused = build(reason);
        if (calls < fails_at)
            break;
        domains += domain_list(1, &info, 1) != 0;
        silent += refused && !reason[0];
        saved += !refused;
        pages_before = machine;
        memory += !serve_until(pages_are_back, 5000);
        own += frame_free_count() != frames;
        if (cmdline_has("show"))
            console_printf("%u %s\n", fails_at, reason);
    }
    row("faults.tries", fails_at);
    row("faults.made-good", saved); /* no large blocks: it takes pages */
    row_want("faults.domains-left", domains, 0);
    row_want("faults.without-a-reason", silent, 0);
    row_want("faults.memory-lost", memory, 0);
    row_want("faults.own-memory-lost", own, 0);
    row_want("faults.last-destroyed", destroyed, 1);
    guest_end();
}
