/* See authority.h. */
#include "hypercalls/authority.h"

int authorise_named(enum deed deed, u16 id, struct domain **target)
{
    *target = domain_named(id);
    if (!*target)
        return refuse(XEN_ESRCH, "there is no such domain");
    return authorise(deed, *target);
}
