/* See domains.h. */
#include "dom0/shell/domains.h"

#include "dom0/console/terminal.h"
#include "dom0/shell/service.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

static const char dom0_name[] = "Domain-0";

const char *domain_name(domid_t domain)
{
    const struct guest *guest = guest_find_id(domain);

    if (!domain)
        return dom0_name;
    return guest ? guest->name : "(null)";
}

bool domain_next(domid_t *at, struct xen_domctl_getdomaininfo *info)
{
    if (domain_list(*at, info, 1) != 1)
        return false;
    *at = (domid_t)(info->domain + 1);
    return true;
}

bool domain_number(const char *word, domid_t *domain)
{
    const struct guest *guest = guest_find(word);
    const char *end;
    u64 number;

    if (guest)
        number = guest->domain.domid;
    else if (!strcmp(word, dom0_name))
        number = 0;
    else if (!parse_unsigned(word, &end, &number) || *end || number >= DOMID_FIRST_RESERVED)
        return false;
    *domain = (domid_t)number;
    return true;
}

/* Also of a guest that has ended; NULL: it has none. */
static const char *domain_own_name(domid_t domain)
{
    const struct record *record;
    char number[8];

    if (!domain || guest_find_id(domain))
        return domain_name(domain);
    fmt_snprintf(number, sizeof(number), "%u", domain);
    record = record_find(number);
    return record ? record->name : NULL;
}

const struct domain_names domain_names_here = {domain_number, domain_own_name};

bool domain_find_info(const char *word, struct xen_domctl_getdomaininfo *info)
{
    domid_t domain;

    if (domain_number(word, &domain) && !domain_info(domain, info))
        return true;
    if (record_find(word))
        terminal_print("%s has ended; try: why %s\n", word, word);
    else
        terminal_print("%s is an invalid domain identifier; see: list\n", word);
    return false;
}

bool domain_find(const char *word, domid_t *domain)
{
    struct xen_domctl_getdomaininfo info;
    bool found = domain_find_info(word, &info);

    *domain = info.domain;
    return found;
}

void domains_each(struct words *words, void (*act)(const struct xen_domctl_getdomaininfo *info))
{
    struct xen_domctl_getdomaininfo info;
    const char *word = words_next(words);

    for (domid_t at = 0; !word && domain_next(&at, &info);)
        act(&info);
    for (; word; word = words_next(words)) {
        if (domain_find_info(word, &info))
            act(&info);
    }
}

const char *domain_name_at(unsigned int index)
{
    if (!index)
        return dom0_name;
    LIST_FOR_EACH(link, &guests)
    {
        if (!--index)
            return LIST_ENTRY(link, struct guest, link)->name;
    }
    return NULL;
}

bool domain_told(const char *name, const char *what, int answer)
{
    if (answer)
        terminal_print("%s: %s: %s\n", name, what, control_reason(answer));
    return !answer;
}
