// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c hypervisor/cpu/pt_store.c
// LINK: xen-like/lib/insn.c xen-like/lib/insn_compute.c
// LINK: hypercalls/layout32.c
// LINK: hypercalls/continuation.c hypercalls/mmu.c hypercalls/mmu_flush.c hypercalls/mmuext.c
// LINK: hypercalls/descriptors.c
// LINK: hypervisor/mm/extent.c hypercalls/memory_reservation.c hypercalls/memory_exchange.c
// LINK: tests/host/storm.c tests/host/storm_calls.c
// LINK: tests/host/storm_state.c tests/host/storm_contents.c
// LINK: tests/fuzz/fuzz_mm.c tests/fuzz/replay.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/* What fuzzing the memory core has found worth keeping: replayed, each file a storm. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("mm")
