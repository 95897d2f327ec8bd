/* See account.h. Found by number, in a table of two levels. */
#include "dom0/xenstore/account.h"

#include "dom0/mm/heap.h"

#define LEAF 256u

struct list accounts = LIST_INIT(accounts);
u64 store_generation;

static struct account **leaves[(DOMID_FIRST_RESERVED + LEAF - 1) / LEAF];

struct account *account_find(domid_t domain)
{
    struct account **leaf = domain < DOMID_FIRST_RESERVED ? leaves[domain / LEAF] : NULL;

    return leaf ? leaf[domain % LEAF] : NULL;
}

static struct account *account_new(domid_t domain)
{
    struct account *account = heap_alloc(sizeof(*account));

    if (!account)
        return NULL;
    *account = (struct account){.domain = domain, .since = ++store_generation};
    list_init(&account->nodes);
    list_add_tail(&accounts, &account->link);
    return account;
}

struct account *account_open(domid_t domain)
{
    struct account *account = account_find(domain), ***leaf;

    if (account || domain >= DOMID_FIRST_RESERVED)
        return account;
    leaf = &leaves[domain / LEAF];
    if (!*leaf)
        *leaf = heap_alloc(LEAF * sizeof(struct account *));
    if (*leaf)
        account = (*leaf)[domain % LEAF] = account_new(domain);
    return account;
}

void account_close(struct account *account)
{
    leaves[account->domain / LEAF][account->domain % LEAF] = NULL;
    list_remove(&account->link);
    heap_free(account);
}

bool account_charge(struct account *account, u64 bytes)
{
    if (account->domain && account->bytes + bytes > QUOTA_BYTES)
        return false;
    account_add(account, bytes);
    return true;
}
