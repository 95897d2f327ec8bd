# Guest kernels: what there is to build. How, in each width, is in kernels.mk.
#
# A folder of tests/guests that has a .c file is a kernel. It is built for 64 bits unless all its `run`
# files say BITS=32, and for 32 if one of them says BITS=32 or BITS=both (tests/lib/guestruns.py).

lwip := guest-kernel/third_party/lwip
fatfs := guest-kernel/third_party/fatfs

test_guests := $(sort $(patsubst tests/guests/%/,%,$(dir $(wildcard tests/guests/*/*.c))))
guests_by_run = $(sort $(patsubst tests/guests/%/,%,$(dir $(shell grep $(1) tests/guests/*/run*))))
only_32 := $(filter-out $(call guests_by_run,-L '^BITS=32'),$(call guests_by_run,-l '^BITS=32'))
test_guests64 := $(filter-out $(only_32),$(test_guests))
test_guests32 := $(sort $(filter $(call guests_by_run,-lE '^BITS=(32|both)'),$(test_guests)))
demo_kernels64 := mini-kernel tiny
demo_kernels32 := mini-kernel tiny

# The network's users are seen by their includes.
guest_network_users := $(sort $(patsubst tests/guests/%/,%,$(dir $(shell \
    grep -l '^\#include "guest-kernel/network/' tests/guests/*/*.c))))

# A folder with a guest.lds of its own is linked by it: other notes, another place in memory.
test_guest_lds = $(firstword $(wildcard tests/guests/$(1)/x86_$(W)/guest.lds tests/guests/$(1)/guest.lds) $(guest_lds))

guest_link = $(Q)$(GUEST_LD) -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
    -T $(filter %.lds,$^) -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(call each_width,guest-kernel/kernels.mk)
