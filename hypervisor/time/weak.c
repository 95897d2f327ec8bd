/* Until event channels land, which have it. */
#include "hypervisor/event/event.h"
void __attribute__((weak)) virq_raise(struct vcpu *v, u32 virq)
{
    (void)v;
    (void)virq;
}
