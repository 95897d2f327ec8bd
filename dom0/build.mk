# The control domain's library, and what every user of it may need beside: the reader of kernel images
# and the bundled kernels. It is an archive: a guest (a test, or dom0 itself) takes from it what it
# uses. Which tests are linked with it is seen by their includes. Each width is built by kernels.mk.

dom0_folders := mm drivers xenstore backend bridge toolstack intercept
dom0_sources := dom0/loop.c $(wildcard $(dom0_folders:%=dom0/%/*.c)) \
    $(wildcard xen-like/lib/image*.c $(addsuffix /*.c,$(addprefix xen-like/lib/third_party/,puff xz zstd lz4 bzip2))) \
    xen-like/lib/parse.c xen-like/lib/pci.c xen-like/lib/pv_layout.c xen-like/lib/pv_start.c \
    $(wildcard ioring/*.c)

dom0_users := $(sort $(patsubst tests/guests/%/,%,$(dir $(shell \
    grep -lE '^\#include "(dom0/|tests/guests/(toolstack|tinies)\.h)' tests/guests/*/*.c))))

# Kernels that are part of dom0: of both widths, whatever its own is.
dom0_bundled := mini-kernel tiny mini-kernel-32 tiny-32

define dom0_bundle
@mkdir -p $(@D)
$(Q)objcopy --strip-all $< $(@:.c=)
$(Q)cd $(@D) && xxd -i $(basename $(@F)) > $(@F)
endef

DOM0_64 := $(B)/dom0
DOM0_32 := $(B)/dom0-32

$(call each_width,dom0/kernels.mk)

# dom0's boot module: the files that `create` takes.
DOM0_FILES := $(B)/dom0.files
PRODUCTS += $(DOM0_FILES)

# A kernel with a planted mistake is among them, without what only a debugger needs.
dom0_lost_wakeup := $(B)/gen/dom0/lost-wakeup.kernel

$(dom0_lost_wakeup): $(B)/guests/lost-wakeup
	@mkdir -p $(@D)
	$(Q)objcopy --strip-all $< $@

$(DOM0_FILES): $(wildcard dom0/configs/*.cfg) tools/archive $(dom0_lost_wakeup)
	$(Q)tools/archive -o $@ $(filter %.cfg,$^) lost-wakeup.kernel=$(dom0_lost_wakeup)

# The same with Debian's Linux: for make run LINUX=1.
DOM0_LINUX_FILES := $(B)/dom0-linux.files

$(DOM0_LINUX_FILES): $(wildcard dom0/configs/*.cfg tools/linux-guest/* tools/harness/*.py) tools/archive $(dom0_lost_wakeup)
	$(Q)tools/archive -o $@ $(filter %.cfg,$^) lost-wakeup.kernel=$(dom0_lost_wakeup) vmlinuz=linux linux.initrd=linux-initrd
