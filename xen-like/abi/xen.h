/*
 * The one door to Xen's public headers (Debian's libxen-dev): it chooses the interface version that
 * hypervisor, guests and tests speak, so that nobody includes <xen/...> with another one in force.
 * Nothing of the ABI is typed again here.
 */
#ifndef XEN_LIKE_ABI_XEN_H
#define XEN_LIKE_ABI_XEN_H

#include "xen-like/lib/types.h"

/* All of the ABI, what only toolstacks use too; and with it the newest interface version that the
 * headers define, 0x00040e00 for those of 4.17. */
#define __XEN_TOOLS__

#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/features.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/sched.h>
#include <xen/version.h>
#include <xen/callback.h>
#include <xen/vcpu.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/vm_event.h>
#include <xen/elfnote.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/foreign/x86_32.h> /* the layouts of each width's guests: NAME_x86_32, NAME_x86_64 */
#include <xen/foreign/x86_64.h>

/* Where a PAE guest's part of 4 GiB ends and its read-only table of frames begins: xen-x86_32.h has
 * it (__HYPERVISOR_VIRT_START_PAE), which does not go with xen-x86_64.h. */
#define HYPERVISOR_VIRT_START_X86_32 0xf5800000ULL

/* Likewise a 32-bit guest's flat segments of ring 3, which are other selectors than a 64-bit one's:
 * FLAT_RING3_CS, FLAT_RING3_DS and FLAT_RING3_SS there. */
#define FLAT_RING3_CS_X86_32 0xe02b
#define FLAT_RING3_DS_X86_32 0xe033
#define FLAT_RING3_SS_X86_32 0xe033

#endif
