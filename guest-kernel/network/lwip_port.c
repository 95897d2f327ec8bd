/*
 * What lwIP asks of its surroundings (third_party/lwip/include/arch/cc.h): memory, time, numbers
 * that a stranger cannot guess, and where to complain.
 *
 * Its heap is a run of frames, not a part of the image: a guest without a network pays nothing, and
 * each byte has a frame number by arithmetic, so that what lwIP allocates can be granted where it
 * lies (netfront_send.c).
 */
#include "guest-kernel/network/lwip_port.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/third_party/lwip/include/lwip/mem.h"
#include "guest-kernel/third_party/lwip/include/lwip/sys.h"
#include "guest-kernel/time/clock.h"

/* lwIP's own headers and the first and last block are within the heap, beside MEM_SIZE. */
#define HEAP_FRAMES ((MEM_SIZE + PAGE_SIZE + PAGE_SIZE - 1) / PAGE_SIZE)

unsigned char *lwip_heap;
static u64 seed;

bool lwip_port_init(void)
{
    if (frame_free_count() < 2 * HEAP_FRAMES)
        return false;
    lwip_heap = pfn_to_virt(frame_alloc_run(HEAP_FRAMES));
    seed = tsc_read() ^ time_wall_ns();
    return true;
}

u32_t sys_now(void)
{
    return (u32_t)(time_now_ns() / NS_PER_MILLISECOND);
}

/* splitmix64's step, stirred by the clock: port numbers and DHCP's transactions, no secrets. */
unsigned int lwip_random(void)
{
    u64 x = seed += 0x9e3779b97f4a7c15ull ^ tsc_read();

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return (unsigned int)(x >> 32);
}

int lwip_atoi(const char *digits)
{
    int value = 0;

    while (*digits >= '0' && *digits <= '9')
        value = value * 10 + *digits++ - '0';
    return value;
}

void lwip_failed(const char *what, const char *file, int line)
{
    guest_panic("lwIP: %s (%s:%d)", what, file, line);
}
