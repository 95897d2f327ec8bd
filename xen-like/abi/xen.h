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
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/elfnote.h>
#include <xen/arch-x86/cpuid.h>

#endif
