/*
 * The array that the entry path jumps through, made from the one table of calls. Every number below
 * XL_CALL_LIMIT has an entry, so the path needs no test beyond the limit.
 */
#include "hypercalls/calls32.h"

long hc_absent(void)
{
    return refuse(XEN_ENOSYS, "no such call, or not there yet");
}

const xl_call_fn hypercall_table[XL_CALL_LIMIT] = {XL_CALLS(XL_DISPATCH)
                                                       XL_CALL_HOLES(XL_DISPATCH_HOLE)};

/* What a 32-bit guest's calls jump through: mostly the same functions, whose arguments are its
 * registers zero-extended. Those with another form for it are in calls32.h. */
#define FORM32(number, name, who, arity, state, family, sentence)                                  \
    [number] = (xl_call_fn)(void (*)(void))FORM32_##state(name),
#define FORM32_IMPLEMENTED(name)    FORM32_PICK(HC32_##name, hc_##name, )
#define FORM32_ABSENT(name)         hc_absent
#define FORM32_PICK(...)            FORM32_SECOND(__VA_ARGS__)
#define FORM32_SECOND(_, form, ...) form

const xl_call_fn hypercall_table32[XL_CALL_LIMIT] = {XL_CALLS(FORM32)
                                                         XL_CALL_HOLES(XL_DISPATCH_HOLE)};
