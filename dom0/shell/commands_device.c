/*
 * Commands about guests' disks and network cards. What is detached in good order is gone when the
 * guest has let go of it, which is told later.
 */
#include "dom0/backend/device.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/columns.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/service.h"
#include "dom0/toolstack/devices.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define LINE_SIZE 160

/* ---- attach -----------------------------------------------------------------------------------
 */

/* The components that are left, as one specification. NULL: no memory. */
static char *components_join(struct words *words)
{
    size_t size = 1, used = 0;
    char *text;

    for (unsigned int i = words->next; i < words->count; i++)
        size += strlen(words->word[i]) + 1;
    text = heap_alloc(size);
    while (text && words_left(words)) {
        const char *component = words_next(words);

        used += fmt_snprintf(text + used, size - used, "%s%s", used ? "," : "", component);
    }
    return text;
}

static int disk_add(domid_t domain, const char *text, char *message)
{
    struct disk_spec disk;
    const char *why = disk_spec_read(text, &disk);

    if (!why)
        return disk_attach(domain, &disk, message);
    fmt_snprintf(message, BUILD_REASON_SIZE, "\"%s\": %s", text, why);
    return -XEN_EINVAL;
}

static int card_add(domid_t domain, const char *text, char *message)
{
    struct vif_spec vif;
    const char *why = vif_spec_read(text, &vif);

    if (!why)
        return network_attach(domain, domain_name(domain), &vif, message);
    fmt_snprintf(message, BUILD_REASON_SIZE, "\"%s\": %s", text, why);
    return -XEN_EINVAL;
}

static bool device_add(struct words *words, const char *command, bool may_lack,
                       int (*add)(domid_t domain, const char *text, char *message))
{
    char message[BUILD_REASON_SIZE], *text;
    const char *name = words_next(words);
    domid_t domain;

    if (!name || !(may_lack || words_left(words)))
        return false;
    if (!domain_find(name, &domain))
        return true;
    if (!domain) {
        terminal_print("%s: domain 0 has the devices; it is given none\n", command);
        return true;
    }
    text = components_join(words);
    if (!text)
        terminal_print("%s: not enough memory\n", command);
    else if (add(domain, text, message))
        terminal_print("%s: %s\n", command, message);
    heap_free(text);
    return true;
}

bool command_block_attach(struct words *words)
{
    return device_add(words, "block-attach", false, disk_add);
}

bool command_network_attach(struct words *words)
{
    return device_add(words, "network-attach", true, card_add);
}

/* ---- list -------------------------------------------------------------------------------------
 */

static bool devices_list(struct words *words, const char *type, const char *head,
                         void (*column)(char *to, size_t size, const struct device_state *device))
{
    char line[LINE_SIZE];
    const char *name;
    domid_t domain;

    if (!words_left(words))
        return false;
    terminal_print("%s\n", head);
    while ((name = words_next(words))) {
        struct device_state device;

        if (!domain_find(name, &domain))
            continue;
        for (u32 i = 0; device_at(domain, type, i, &device); i++) {
            column(line, sizeof(line), &device);
            terminal_print("%s\n", line);
        }
    }
    return true;
}

bool command_block_list(struct words *words)
{
    return devices_list(words, DEVICE_DISK, COLUMNS_BLOCK_HEAD, column_block);
}

bool command_network_list(struct words *words)
{
    return devices_list(words, DEVICE_NETWORK, COLUMNS_NETWORK_HEAD, column_network);
}

/* ---- detach -----------------------------------------------------------------------------------
 */

static void on_detached(domid_t domain, const char *type, u32 id, bool gone)
{
    bool is_disk = !strcmp(type, DEVICE_DISK);

    if (gone)
        terminal_notice("%s %u of %s is detached\n", is_disk ? "disk" : "network card", id,
                        domain_name(domain));
    else
        terminal_notice("%s does not let go of %s %u; %s-detach --force takes it away\n",
                        domain_name(domain), is_disk ? "disk" : "network card", id,
                        is_disk ? "block" : "network");
}

static bool disk_find_number(domid_t domain, const char *word, u32 *id)
{
    (void)domain;
    return vdev_number((struct slice){word, (int)strlen(word)}, id);
}

/* The words but for --force; which may stand anywhere. */
static unsigned int plain_words(struct words *words, const char *plain[2], bool *force)
{
    unsigned int count = 0;
    const char *word;

    while ((word = words_next(words))) {
        if (!strcmp(word, "--force"))
            *force = true;
        else if (count++ < 2)
            plain[count - 1] = word;
    }
    return count;
}

static bool device_take(struct words *words, const char *type,
                        bool (*find)(domid_t domain, const char *word, u32 *id))
{
    const char *plain[2];
    bool force = false;
    domid_t domain;
    int answer;
    u32 id;

    if (plain_words(words, plain, &force) != 2)
        return false;
    if (!domain_find(plain[0], &domain))
        return true;
    detach_told = on_detached;
    answer = find(domain, plain[1], &id) ? device_detach(domain, type, id, force) : -XEN_ENODEV;
    if (answer == -XEN_ENODEV)
        terminal_print("Error: Device %s not connected.\n", plain[1]);
    else
        domain_told(plain[1], "cannot be detached", answer);
    return true;
}

bool command_block_detach(struct words *words)
{
    return device_take(words, DEVICE_DISK, disk_find_number);
}

bool command_network_detach(struct words *words)
{
    return device_take(words, DEVICE_NETWORK, network_find);
}

/* ---- backends ---------------------------------------------------------------------------------
 */

bool command_backend_restart(struct words *words)
{
    const char *type = words_left(words) ? words_next(words) : "";

    if (!strcmp(type, "console")) {
        consoles_restart();
        return true;
    }
    if (device_type_restart(type))
        return true;
    terminal_print("\"%s\": there are backends of console, vbd and vif\n", type);
    return false;
}
