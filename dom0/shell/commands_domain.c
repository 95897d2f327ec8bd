/* Commands that ask about domains, and set what they are called and how much memory they get. */
#include "dom0/mm/heap.h"
#include "dom0/shell/columns.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/service.h"
#include "dom0/toolstack/domain_store.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define LINE 128

static void domain_print(const struct xen_domctl_getdomaininfo *info)
{
    char line[LINE];

    column_domain(line, sizeof(line), domain_name(info->domain), info);
    terminal_print("%s\n", line);
}

bool command_list(struct words *words)
{
    terminal_print("%s\n", COLUMNS_LIST_HEAD);
    domains_each(words, domain_print);
    return true;
}

/* ---- Names ------------------------------------------------------------------------------------
 */

bool command_domid(struct words *words)
{
    const char *name = words_next(words);
    domid_t domain;

    if (!name || words_left(words))
        return false;
    if (domain_find(name, &domain))
        terminal_print("%u\n", domain);
    return true;
}

bool command_domname(struct words *words)
{
    const char *number = words_next(words);
    domid_t domain;

    if (!number || words_left(words))
        return false;
    if (domain_find(number, &domain))
        terminal_print("%s\n", domain_name(domain));
    return true;
}

bool command_rename(struct words *words)
{
    const char *name = words_next(words), *new_name = words_next(words);
    struct guest *guest;
    domid_t domain;
    char *copy;

    if (!new_name || words_left(words))
        return false;
    if (!domain_find(name, &domain))
        return true;
    guest = guest_find_id(domain);
    if (!guest) {
        terminal_print("%s: only guests that were made here can be renamed\n", name);
    } else if (domain_number(new_name, &domain)) {
        terminal_print("%s: a domain is called so already, or it is a number; see: list\n",
                       new_name);
    } else if ((copy = heap_text(new_name))) {
        heap_free(guest->name);
        guest->name = copy;
        domain_told(copy, "its new name is not in the xenstore", domain_store_rename(guest));
    }
    return true;
}

/* ---- uptime -----------------------------------------------------------------------------------
 */

static bool in_short;

static void uptime_print(const struct xen_domctl_getdomaininfo *info)
{
    const struct guest *guest = guest_find_id(info->domain);
    u64 wall = time_wall_ns() / NS_PER_SECOND % 86400, began = 0;
    char text[32];

    if (info->domain && (!guest || !guest->console))
        return; /* nobody knows when it began */
    if (info->domain)
        began = console_of(guest)->opened;
    column_uptime(text, sizeof(text), (time_now_ns() - began) / NS_PER_SECOND, in_short);
    if (in_short)
        terminal_print(" %02" F64 "u:%02" F64 "u:%02" F64 "u up %s, %s (%u)\n", wall / 3600,
                       wall / 60 % 60, wall % 60, text, domain_name(info->domain), info->domain);
    else
        terminal_print("%-33s %4u %s\n", domain_name(info->domain), info->domain, text);
}

bool command_uptime(struct words *words)
{
    char c;

    in_short = false;
    while ((c = words_option(words, "s"))) {
        if (c == '?')
            return false;
        in_short = true;
    }
    if (!in_short)
        terminal_print("%s\n", COLUMNS_UPTIME_HEAD);
    domains_each(words, uptime_print);
    return true;
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

struct memory_words {
    struct xen_domctl_getdomaininfo info;
    const char *name, *size;
    u64 kib;
    bool sound; /* else it was said what is wrong */
};

/* Takes `<Domain> <Size>`. False: the words are others. */
static bool memory_words_take(struct words *words, struct memory_words *m)
{
    m->name = words_next(words);
    m->size = words_next(words);
    m->sound = false;
    if (!m->size || words_left(words))
        return false;
    if (!domain_find_info(m->name, &m->info))
        return true;
    m->sound = memory_parse(m->size, &m->kib);
    if (!m->sound)
        terminal_print("invalid memory size: %s (MiB, or a number with b, k, m, g or t)\n",
                       m->size);
    return true;
}

static bool memory_limit(const struct memory_words *m)
{
    return domain_told(m->name, "the memory limit cannot be set",
                       domain_set_max_memory(m->info.domain, m->kib + SLACK_KIB));
}

bool command_mem_max(struct words *words)
{
    struct memory_words m;

    if (!memory_words_take(words, &m))
        return false;
    if (!m.sound)
        return true;
    if (m.kib < domain_store_number(m.info.domain, "memory/target", 0))
        terminal_print("cannot set domid %u static max memory to : %s: it must be greater than or "
                       "equal to memory_dynamic_max; see: mem-set\n",
                       m.info.domain, m.size);
    else if (memory_limit(&m))
        domain_told(m.name, "memory/static-max cannot be written",
                    domain_store_write(m.info.domain, "memory/static-max", "%" F64 "u", m.kib));
    return true;
}

/* xl sets the target and, so that the guest cannot go beyond it, the limit. */
bool command_mem_set(struct words *words)
{
    struct memory_words m;

    if (!memory_words_take(words, &m))
        return false;
    if (!m.sound)
        return true;
    if (m.kib > domain_store_number(m.info.domain, "memory/static-max", ~0ull))
        terminal_print("cannot set domid %u dynamic max memory to : %s: "
                       "it must be less than or equal to memory_static_max\n",
                       m.info.domain, m.size);
    else if (memory_limit(&m))
        domain_told(m.name, "cannot be asked",
                    domain_store_write(m.info.domain, "memory/target", "%" F64 "u", m.kib));
    return true;
}
