/* The boot vcpu, and how others are found; vcpu.h has the idea. */
#include "guest-kernel/core/vcpu.h"

struct list vcpu_list = {&vcpu_boot.link, &vcpu_boot.link};

struct vcpu vcpu_boot = {
    .self = &vcpu_boot,
    .link = {&vcpu_list, &vcpu_list},
};

bool vcpu_others;

struct vcpu *vcpu_find(unsigned int id)
{
    LIST_FOR_EACH(link, &vcpu_list)
    {
        struct vcpu *vcpu = LIST_ENTRY(link, struct vcpu, link);

        if (vcpu->id == id)
            return vcpu;
    }
    return NULL;
}
