/*
 * The array that the entry path jumps through, made from the one table of calls. Every number below
 * XL_CALL_LIMIT has an entry, so the path needs no test beyond the limit.
 */
#include "hypercalls/hypercalls.h"

long hc_absent(void)
{
    return refuse(XEN_ENOSYS, "no such call, or not there yet");
}

const xl_call_fn hypercall_table[XL_CALL_LIMIT] = {XL_CALLS(XL_DISPATCH)
                                                       XL_CALL_HOLES(XL_DISPATCH_HOLE)};
