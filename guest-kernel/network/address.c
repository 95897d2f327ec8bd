/* See address.h. */
#include "guest-kernel/network/address.h"
#include "guest-kernel/network/network.h"
#include "guest-kernel/third_party/lwip/include/lwip/dhcp.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

static bool part_parse(const char *text, size_t length, ip4_addr_t *to)
{
    char part[16];

    if (length >= sizeof(part))
        return false;
    str_copy(part, text, length + 1);
    return ip4addr_aton(part, to);
}

bool address_parse(const char *text, struct address *address)
{
    const char *slash = strchr(text, '/'), *end;
    u64 bits;

    memset(address, 0, sizeof(*address));
    if (!slash || !part_parse(text, (size_t)(slash - text), &address->ip) ||
        !parse_unsigned(slash + 1, &end, &bits) || !bits || bits > 32)
        return false;
    address->mask.addr = lwip_htonl(~0u << (32 - bits));
    return *end == ',' ? part_parse(end + 1, strlen(end + 1), &address->gateway) : !*end;
}

struct setting {
    struct netif *netif;
    const struct address *address; /* NULL: DHCP */
    bool begun;
};

static void address_apply(void *arg)
{
    const struct setting *s = arg;

    netif_set_up(s->netif);
    netif_set_addr(s->netif, &s->address->ip, &s->address->mask, &s->address->gateway);
}

void address_set(struct netif *netif, const struct address *address)
{
    struct setting setting = {.netif = netif, .address = address};

    network_do(address_apply, &setting);
}

static bool dhcp_try(void *arg)
{
    struct setting *s = arg;

    if (!s->begun) {
        s->begun = true;
        netif_set_up(s->netif);
        if (!netif_dhcp_data(s->netif))
            dhcp_start(s->netif);
    }
    return dhcp_supplied_address(s->netif);
}

bool address_obtain(struct netif *netif, u64 span_ns)
{
    struct setting setting = {.netif = netif};

    return network_wait(dhcp_try, &setting, span_ns);
}

const char *address_boot_file(const struct netif *netif)
{
    const struct dhcp *dhcp = netif_dhcp_data(netif);

    return dhcp && dhcp_supplied_address(netif) ? dhcp->boot_file_name : "";
}
