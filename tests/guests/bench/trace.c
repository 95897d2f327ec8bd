/* Rows of the trace: what a record costs, and one that finds no room. Otherwise nothing is recorded
 * here. */
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"
#include "tests/guests/trace.h"

/* It is read at once, by who wrote it: or the buffer would be full soon. */
static long hypercall_recorded(void)
{
    trace_drain();
    return call_xen_version(XENVER_version, NULL);
}

static long hypercall_lost(void)
{
    return call_xen_version(XENVER_version, NULL);
}

void rows_trace(void)
{
    static const struct bench recorded[] = {
        {"trace-hypercall", .run = hypercall_recorded},
    };
    static const struct bench lost[] = {{"trace-lost", .run = hypercall_lost, .runs = 1000}};

    bench_require("tbuf_op", tbuf_op(XEN_SYSCTL_TBUFOP_set_size, TBUF_PAGES));
    bench_require("mapping a trace buffer", !trace_map_all());
    tbuf_op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_PV_ENTRY);
    bench_rows(recorded, ARRAY_SIZE(recorded));
    bench_rows(lost, ARRAY_SIZE(lost)); /* the first pass fills the buffer */
    tbuf_op(XEN_SYSCTL_TBUFOP_disable, 0);
}
