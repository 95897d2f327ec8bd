# The front door. `make help` lists the targets and variables; everything made goes to build/.
#
# Each part says what it is made of in its own build.mk; here are only what they share (flags and
# pattern rules) and the targets that a user types. Those first run tools/need, which installs what
# is missing, and then make their products in a second make: so nothing below may need a compiler to
# be parsed.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# The variables of `make help`.
KERNEL ?=
INITRD ?=
ARGS ?=
HV_ARGS ?=
FIRST ?=
CPUS ?= 1
VCPUS ?= 2
MEM ?= 512
DEBUG ?=
T ?=
SECONDS ?= 60

override DEBUG := $(filter-out 0 no,$(DEBUG))
B := $(if $(DEBUG),build/debug,build)

CC := gcc
LD := ld
NASM := nasm

# ---- Flags ------------------------------------------------------------------------------------
# COMMON_CFLAGS: for every C file that runs without an operating system, ours or a guest's.
WARNINGS := -Wall -Wextra -Werror
DEBUG_FLAGS := $(if $(DEBUG),-DDEBUG -fno-omit-frame-pointer)
DEPFLAGS = -MMD -MP -MF $(@:.o=.d)
COMMON_CFLAGS := -std=gnu11 -ffreestanding -nostdlib -O2 -g -I. -fno-strict-aliasing \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -mno-red-zone \
	-mgeneral-regs-only $(WARNINGS) $(DEBUG_FLAGS)
HV_CFLAGS := $(COMMON_CFLAGS) -fPIE -mcmodel=small -include hypervisor/hidden.h -mpreferred-stack-boundary=3
NASMFLAGS := -f elf64 -g -F dwarf -I./ -I$(B)/gen/ -Werror $(if $(DEBUG),-DDEBUG)

# ---- Parts ------------------------------------------------------------------------------------
# A build.mk adds what `make` shall produce to PRODUCTS, and may add prerequisites that must exist
# before anything is compiled (generated headers) to GENERATED.
PRODUCTS :=
GENERATED :=
include $(sort $(wildcard */build.mk))

# ---- Pattern rules ----------------------------------------------------------------------------
# Objects lie at $(B)/obj/VARIANT/PATH.o: one source may be compiled for several sides.
$(B)/obj/hv/%.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) $(DEPFLAGS) -c $< -o $@

$(B)/obj/hv/%.o: %.asm Makefile $(B)/gen/offsets.inc
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MP $< -o $@

# V=1 shows the commands.
Q := $(if $(V),,@)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# ---- What a user types ------------------------------------------------------------------------
QUIETLY = $(if $(V),,-s) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc))
SUBMAKE = +@$(MAKE) $(QUIETLY)
# What a user gave goes through the environment: the shell sees it once, quoted, whatever is in it.
export KERNEL INITRD ARGS HV_ARGS FIRST T
DEMO := $(B)/guests/mini-kernel
FIRST_MODULE := --kernel "$${KERNEL:-$(DEMO)}" --args="$$ARGS" --initrd "$$INITRD"
VM_ARGS := $(FIRST_MODULE) $(if $(FIRST),--first "$$FIRST") --hv-args="dom0_max_vcpus=$(VCPUS) $$HV_ARGS" \
    $(if $(DEBUG),--debug)
MACHINE := --mem $(MEM) --cpus $(CPUS)
DEMO_SECONDS := 60
DEMO_SUCCESS := ^mini-kernel: .*all steps passed

.PHONY: all products run test test-long fuzz debug bench bench-linux check help clean

all:
	@tools/need build
	$(SUBMAKE) products $(B)/xen-like.iso

products: $(PRODUCTS)
	@:

$(B)/xen-like.iso: $(B)/xen-like $(or $(filter-out linux,$(KERNEL)),$(DEMO)) FORCE
	$(Q)tools/vm iso $(VM_ARGS) -o $@

.PHONY: FORCE
FORCE:

# On a terminal the machine is yours; otherwise this is the demonstration, judged by its summary
# line (with a KERNEL of your own there is no such line, and a clean end is success).
run:
	@tools/need build run
	$(SUBMAKE) $(B)/xen-like $(if $(KERNEL),,$(DEMO))
	@if [ -t 0 ]; then \
	    exec tools/vm run --interactive $(VM_ARGS) $(MACHINE); \
	else \
	    exec tools/vm run $(VM_ARGS) $(MACHINE) --timeout $(if $(KERNEL),300,$(DEMO_SECONDS)) $(if $(KERNEL),,--success '$(DEMO_SUCCESS)'); \
	fi

# What cannot be built is a failure among the others, so that the summary line is always there.
test test-long:
	@tools/need build run test $(and $(LONG),fuzz)
	+@failed=; \
	for debug in "" 1; do \
	    $(MAKE) $(QUIETLY) -k test-products DEBUG=$$debug && continue; \
	    failed=--build-failed; $(MAKE) --no-print-directory drop-stale DEBUG=$$debug; \
	done; \
	$(if $(LONG),$(MAKE) $(QUIETLY) -k fuzzers || failed=--build-failed;) \
	tests/lib/run-tests $$failed $(and $(LONG),--long) --match "$$T"

test-long: LONG := yes

# Bytes made up by libFuzzer; what they are given to is in tests/fuzz.
fuzz:
	@tools/need build test fuzz
	$(SUBMAKE) fuzzers
	@tests/lib/fuzzing.py --seconds $(SECONDS) --match "$$T"

# The guests that the debug build boots are the release build's, so that Xen is asked only once.
TEST_PRODUCTS = $(if $(DEBUG),$(B)/xen-like,$(PRODUCTS)) $(HOST_TESTS)
.PHONY: test-products drop-stale
test-products: $(TEST_PRODUCTS)
	@:

# After a failed build: what is out of date must not be tested in place of what was meant.
drop-stale:
	@for product in $(TEST_PRODUCTS); do \
	    $(MAKE) -q --no-print-directory $$product 2>/dev/null || rm -f $$product; \
	done

debug:
	@tools/need build run debug
	$(SUBMAKE) products DEBUG=1
	@KERNEL="$${KERNEL:-build/debug/guests/mini-kernel}" && tools/debug $(VM_ARGS) $(MACHINE)

bench bench-linux:
	@tools/need build run test
	$(SUBMAKE) products DEBUG=
	@tools/bench $(and $(LINUX),--linux) --match "$$T"

bench-linux: LINUX := yes

check:
	@tools/need build check
	$(SUBMAKE) products layouts DEBUG=
	$(SUBMAKE) products layouts DEBUG=1
	@tools/check

help:
	@echo "make            build $(B)/xen-like, $(B)/xen-like.iso and $(B)/guests/NAME"
	@echo "make run        boot it: on a terminal until the machine ends, else the demonstration"
	@echo "make test       host tests, guest tests on ours and on Debian's Xen; T= picks by name"
	@echo "make test-long  the same, with what takes minutes"
	@echo "make fuzz       the fuzzers of tests/fuzz, each for SECONDS=$(SECONDS)"
	@echo "make debug      QEMU halted at reset, gdb attached (see tools/gdb/xen-like.py)"
	@echo "make bench      ours and Debian's Xen side by side, in instructions and in ticks"
	@echo "make bench-linux  the same of Linux's own operations, and the bare machine"
	@echo "make check      format, include direction, layouts, size budget, generated docs"
	@echo "make clean      remove what was built (downloads and images stay in build/cache)"
	@echo
	@echo "KERNEL=FILE     the first boot module (default: the bundled mini-kernel; linux: Debian's)"
	@echo "INITRD=FILE     the second boot module"
	@echo "ARGS='...'      the kernel's command line (the mini-kernel knows: time, fifo)"
	@echo "FIRST=guest     the kernel is an ordinary guest, alone (docs/lone-guest.md), not domain 0"
	@echo "HV_ARGS='...'   added to the hypervisor's command line"
	@echo "CPUS=N MEM=MIB  the machine (default: $(CPUS) CPU, $(MEM) MiB)"
	@echo "VCPUS=N         vcpus of the control domain (default: $(VCPUS)); the demonstration uses two"
	@echo "DEBUG=1         the build with audits and lock checks, in build/debug"
	@echo "T=PATTERN       tests whose name contains PATTERN (or matches it, with * ? [])"
	@echo "V=1             show the commands"

clean:
	rm -rf build/debug $(filter-out build/cache,$(wildcard build/*))
