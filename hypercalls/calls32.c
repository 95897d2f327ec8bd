/* The small ones of calls32.h: arguments put together, an answer that fits. */
#include "hypercalls/calls32.h"

#define WHOLE(low, high) ((u64)(u32)(high) << 32 | (u32)(low))

long hc32_update_descriptor(unsigned long ma_low, unsigned long ma_high, unsigned long low,
                            unsigned long high)
{
    return hc_update_descriptor(WHOLE(ma_low, ma_high), WHOLE(low, high));
}

long hc32_update_va_mapping(unsigned long va, unsigned long low, unsigned long high,
                            unsigned long flags)
{
    return hc_update_va_mapping(va, WHOLE(low, high), flags);
}

long hc32_update_va_mapping_otherdomain(unsigned long va, unsigned long low, unsigned long high,
                                        unsigned long flags, unsigned long id)
{
    return hc_update_va_mapping_otherdomain(va, WHOLE(low, high), flags, id);
}

long hc32_set_timer_op(unsigned long low, unsigned long high)
{
    return hc_set_timer_op(WHOLE(low, high));
}

/* A number that looks like an errno becomes the largest that does not: as on Xen. */
long hc32_memory_op(unsigned long cmd, unsigned long arg)
{
    long rc = hc_memory_op(cmd, arg);

    return MIN(rc, INT32_MAX);
}
