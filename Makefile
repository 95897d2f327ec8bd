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
LINUX ?=
WITH_LINUX := $(filter-out 0 no,$(LINUX))
MEM ?= $(if $(WITH_LINUX),768,512)
DEBUG ?=
DISK ?=
NET ?= 8080=80
T ?=
SECONDS ?= 60
MASK ?=
BITS ?= 64
DOM0_BITS ?= 64

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
NASM_COMMON := -g -F dwarf -I./ -Werror $(if $(DEBUG),-DDEBUG)
NASMFLAGS := -f elf64 $(NASM_COMMON) -I$(B)/gen/
# What C knows, for nasm: xen-like/lib/offsets.h.
extract_offsets := sed -n 's/^->\([^ ]*\) \(.*\) \(.*\) \(.*\)/%assign \1 (\2 << 48 | \3 << 24 | \4)/p'

# ---- Widths of guests -------------------------------------------------------------------------
# What runs as a guest is built for both widths: the kernels.mk of a part is read for each, with W (64
# or 32) and SW, the suffix of what is 32-bit: $(B)/guests/NAME, $(B)/guests32/NAME. A recipe, which
# is expanded later, has the W that its kernels.mk gave the target (width_of).
WIDTHS := 64 32
SW = $(filter 32,$(W))
each_width = $(foreach W,$(WIDTHS),$(eval include $(1)))
width_of = $(foreach target,$(1),$(eval $(target): private W := $(W)))

# gcc looks for 32-bit headers of the C library (elf.h includes some) where Debian has none; those of
# 64 bits do, but for one, a list that may be empty.
GUEST_FLAGS64 := -mcmodel=kernel
GUEST_FLAGS32 := -m32 -march=i686 -mpreferred-stack-boundary=2 -I$(B)/gen32/libc \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)
GUEST_CFLAGS = $(COMMON_CFLAGS) $(GUEST_FLAGS$(W)) -fno-pie -I$(lwip)/include
GUEST_NASMFLAGS = -f elf$(W) $(NASM_COMMON) -I$(B)/gen$(SW)/
GUEST_LD = $(LD) -m $(if $(SW),elf_i386,elf_x86_64)

EMPTY_STUBS := $(B)/gen32/libc/gnu/stubs-32.h
$(EMPTY_STUBS):
	@mkdir -p $(@D)
	$(Q): > $@

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
export KERNEL INITRD ARGS HV_ARGS FIRST DISK T MASK
# The first module is dom0, which makes a guest and gives it ARGS; or, if KERNEL= or FIRST= says so, a
# kernel by itself. MODE is what dom0 shall do (dom0/main.c).
# BITS is the width of what runs as a guest, DOM0_BITS that of dom0.
ifneq ($(filter-out 32 64,$(BITS) $(DOM0_BITS)),)
$(error BITS= and DOM0_BITS= are 32 or 64)
endif
DEMO := $(B)/guests$(BITS:64=)/mini-kernel
OWN_ARGS := --kernel "$${KERNEL:-$(DEMO)}" --args="$$ARGS" --initrd "$$INITRD" $(if $(FIRST),--first "$$FIRST") \
    --hv-args="dom0_max_vcpus=$(VCPUS) $$HV_ARGS" $(if $(DEBUG),--debug)
# Its machine has a disk and a network card. The disk is made once and kept (or it is DISK=); the
# demonstration's is made anew. LINUX=1 adds a second system to both.
DOM0_MEM := $(if $(WITH_LINUX),256M,128M)
DOM0_MODULE := $(B)/dom0$(if $(WITH_LINUX),-linux).files
RUN_DISK := build/$(if $(WITH_LINUX),linux,run).disk
DEMO_DISK := $(B)/demo.disk
DISK_WORDS := gpt fat:16M:dom0/configs/hello.txt $(if $(WITH_LINUX),linux:128M linux:128M)
DOM0 := $(DOM0_$(DOM0_BITS))
DOM0_ARGS := --kernel $(DOM0) --args="$${MODE:-console} create=mini$(BITS:64=).cfg -- $$ARGS" \
    --initrd "$${INITRD:-$(DOM0_MODULE)}" --hv-args="dom0_max_vcpus=1 dom0_mem=$(DOM0_MEM) $$HV_ARGS" \
    $(if $(DEBUG),--debug)
OWN := $(KERNEL)$(FIRST)
VM_ARGS := $(if $(OWN),$(OWN_ARGS),$(DOM0_ARGS))
MODULES := $(if $(OWN),$(if $(KERNEL),,$(DEMO)),$(DOM0) $(DOM0_MODULE))
MACHINE := --mem $(MEM) --cpus $(CPUS) $(if $(DISK),--disk "$$DISK")
DEMO_SECONDS := 60
DEMO_SUCCESS := ^mini-kernel: .*all steps passed

# A trace is of what `make run </dev/null` does, or of the KERNEL, for at most SECONDS.
TRACE := build/trace
TRACE_SECONDS := $(if $(filter file,$(origin SECONDS)),$(DEMO_SECONDS),$(SECONDS))
TRACE_END := $(if $(OWN),--seconds $(TRACE_SECONDS),--success '$(DEMO_SUCCESS)' $(if $(filter file,$(origin SECONDS)),--timeout,--seconds) $(TRACE_SECONDS))

.PHONY: all products run test test-long fuzz debug trace why bench bench-linux bench-io check help clean

all:
	@tools/need build
	$(SUBMAKE) products $(B)/xen-like.iso

products: $(PRODUCTS)
	@:

$(B)/xen-like.iso: $(B)/xen-like $(filter-out linux,$(KERNEL)) $(MODULES) FORCE
	$(Q)tools/vm iso $(VM_ARGS) -o $@

.PHONY: FORCE
FORCE:

# On a terminal the machine is yours; otherwise this is the demonstration, judged by its summary
# line (with a KERNEL of your own there is no such line, and a clean end is success).
run:
	@tools/need build run
	$(SUBMAKE) $(B)/xen-like $(MODULES)
	@if [ -t 0 ]; then \
	    $(if $(OWN)$(DISK),,[ -e $(RUN_DISK) ] || tools/disk make -o $(RUN_DISK) $(DISK_WORDS);) \
	    exec tools/vm run --interactive $(VM_ARGS) $(MACHINE) $(if $(OWN),,$(if $(DISK),,--disk $(RUN_DISK)) --net $(NET)); \
	else \
	    $(if $(OWN)$(DISK),,tools/disk make -o $(DEMO_DISK) $(DISK_WORDS);) \
	    export MODE=demo; exec tools/vm run $(VM_ARGS) $(MACHINE) $(if $(OWN),,$(if $(DISK),,--disk $(DEMO_DISK)) --net 0=80) --timeout $(if $(KERNEL),300,$(DEMO_SECONDS)) $(if $(KERNEL),,--success '$(DEMO_SUCCESS)'); \
	fi

# What cannot be built is a failure among the others, so that the summary line is always there.
test test-long:
	@tools/need build run test $(and $(LONG),fuzz)
	+@failed=; \
	for debug in "" 1; do \
	    $(MAKE) $(QUIETLY) -k test-products DEBUG=$$debug LONG=$(LONG) && continue; \
	    failed=--build-failed; $(MAKE) --no-print-directory drop-stale DEBUG=$$debug LONG=$(LONG); \
	done; \
	$(if $(LONG),$(MAKE) $(QUIETLY) -k fuzzers || failed=--build-failed;) \
	tests/lib/run-tests $$failed $(and $(LONG),--long) --match "$$T"

test-long: LONG := yes

# Bytes made up by libFuzzer; what they are given to is in tests/fuzz.
fuzz:
	@tools/need build test fuzz
	$(SUBMAKE) fuzzers
	@tests/lib/fuzzing.py --seconds $(SECONDS) --match "$$T"

# The guests that the debug build boots are the release build's, so that Xen is asked only once. Host
# tests are the debug build's; `make test-long` has both.
TEST_PRODUCTS = $(if $(DEBUG),$(B)/xen-like,$(PRODUCTS) $(PACKED_KERNELS)) $(if $(DEBUG)$(LONG),$(HOST_TESTS),$(HOST_TESTS_OF_BOTH))
.PHONY: test-products drop-stale
test-products: $(TEST_PRODUCTS)
	@rm -f $(no_longer_made)

# A kernel that an older Makefile made must not be tested as if this one did.
no_longer_made = $(filter-out $(PRODUCTS) $(PACKED_KERNELS),$(wildcard $(B)/guests/* $(B)/guests32/*))

# After a failed build: what is out of date must not be tested in place of what was meant.
drop-stale:
	@for product in $(TEST_PRODUCTS); do \
	    $(MAKE) -q --no-print-directory $$product 2>/dev/null || rm -f $$product; \
	done

debug:
	@tools/need build run debug
	$(SUBMAKE) products DEBUG=1
	@KERNEL="$${KERNEL:-build/debug/guests$(BITS:64=)/mini-kernel}" && tools/debug $(OWN_ARGS) $(MACHINE)

trace:
	@tools/need build run
	$(SUBMAKE) $(B)/xen-like build/gen/trace-events.json $(MODULES)
	@$(if $(OWN)$(DISK),,tools/disk make -o $(DEMO_DISK) $(DISK_WORDS);) rm -f $(TRACE).*; \
	MODE=demo; export MODE; \
	tools/vm run $(VM_ARGS) $(MACHINE) $(if $(OWN),,$(if $(DISK),,--disk $(DEMO_DISK)) --net 0=80) \
	    --trace $(TRACE).bin --trace-whole $(if $(MASK),--trace-mask "$$MASK") --quiet --log $(TRACE).log $(TRACE_END) || failed=1; \
	[ ! -e $(TRACE).bin ] || tools/trace all $(TRACE).bin && exit $$failed

why:
	@tools/why --match "$$T"

bench bench-linux bench-io:
	@tools/need build run test
	$(SUBMAKE) products DEBUG=
	@tools/bench $(SUITE) --match "$$T"
	$(if $(filter bench,$@),@[ -n "$$T" ] || tools/bench --io)

bench-linux: SUITE := --linux
bench-io: SUITE := --io

check:
	@tools/need build check
	$(SUBMAKE) products layouts DEBUG=
	$(SUBMAKE) products layouts DEBUG=1
	@tools/check

help:
	@echo "make            build $(B)/xen-like, $(B)/xen-like.iso and $(B)/guests/NAME"
	@echo "make run        boot it: on a terminal dom0's console, with a guest; else the demonstration"
	@echo "make test       host tests, guest tests on ours and on Debian's Xen; T= picks by name"
	@echo "make test-long  the same, with what takes minutes"
	@echo "make fuzz       the fuzzers of tests/fuzz, each for SECONDS=$(SECONDS)"
	@echo "make debug      QEMU halted at reset, gdb attached (see tools/gdb/xen-like.py)"
	@echo "make trace      the demonstration (or KERNEL=) with a trace of all that happens: build/trace.bin, .json, .html"
	@echo "make why        the last run that failed: its report, and the last hundred records of its trace"
	@echo "make bench      ours and Debian's Xen side by side, in instructions and in ticks; then bench-io"
	@echo "make bench-linux  the same of Linux's own operations, and the bare machine"
	@echo "make bench-io   what a block request and a frame cost through dom0's backends"
	@echo "make check      format, include direction, layouts, size budget, generated docs"
	@echo "make clean      remove what was built (downloads and images stay in build/cache)"
	@echo
	@echo "KERNEL=FILE     the first boot module, in place of dom0 (linux: Debian's kernel)"
	@echo "INITRD=FILE     the second boot module (dom0's: an archive of files, see tools/archive)"
	@echo "ARGS='...'      the guest's command line (the mini-kernel knows: shell, tick, spin, time, fifo)"
	@echo "FIRST=guest     the kernel (or the mini-kernel) is a guest, alone, without dom0 (docs/lone-guest.md)"
	@echo "BITS=32         the guest is a 32-bit (PAE) kernel; DOM0_BITS=32: dom0 is"
	@echo "HV_ARGS='...'   added to the hypervisor's command line"
	@echo "CPUS=N MEM=MIB  the machine (default: $(CPUS) CPU, $(MEM) MiB)"
	@echo "VCPUS=N         vcpus of a KERNEL= (default: $(VCPUS)); a guest of dom0 says vcpus= in its file"
	@echo "DEBUG=1         the build with audits and lock checks, in build/debug"
	@echo "LINUX=1         run: Debian's Linux is there as a guest, too (create linux.cfg; downloads it once)"
	@echo "DISK=FILE       run: a raw disk, in place of $(RUN_DISK), which is made once and kept"
	@echo "NET=HERE=THERE  run: ports of this host that lead to the first guest (default: $(NET))"
	@echo "SECONDS=N       trace: at most so long; fuzz: each so long. MASK=0x...: trace: classes (docs/trace.md)"
	@echo "T=PATTERN       tests whose name contains PATTERN (or matches it, with * ? [])"
	@echo "V=1             show the commands"

clean:
	rm -rf build/debug $(filter-out build/cache,$(wildcard build/*))
