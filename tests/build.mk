# Host tests: each tests/host/test_*.c is a cmocka program for Linux user space, made of the test
# and of the real .c files of the core that it names on lines at its top:
#
#   // LINK: xen-like/lib/string.c hypervisor/mm/frame.c
#
# (or patterns of such names). They are compiled with -DHOST_TEST and both sanitizers, any finding of
# which ends the program; those named test_tsan_* with ThreadSanitizer, which goes with no other.
# Guest tests (tests/guests/NAME) are built by guest-kernel/build.mk.

SANITIZED_CFLAGS = -std=gnu11 -O1 -g -I. -I$(lwip)/include -fno-strict-aliasing -fno-omit-frame-pointer \
	-DHOST_TEST -fno-sanitize-recover=all $(WARNINGS) $(if $(DEBUG),-DDEBUG)
HOST_CFLAGS = $(SANITIZED_CFLAGS) -fsanitize=address,undefined
TSAN_CFLAGS = $(SANITIZED_CFLAGS) -fsanitize=thread

host_tests := $(patsubst tests/host/%.c,%,$(wildcard tests/host/test_*.c))

HOST_TESTS := $(host_tests:%=$(B)/host/%)
# Those that say DEBUG are not the same in both builds.
HOST_TESTS_OF_BOTH := $(patsubst tests/host/%.c,$(B)/host/%,$(shell grep -l '\bDEBUG\b' tests/host/test_*.c))

.PHONY: host-tests
host-tests: $(HOST_TESTS)

# The LINK lines of all tests, as words TEST:SOURCE.
host_links := $(foreach test,$(host_tests),$(addprefix $(test):,$(shell \
	sed -n 's,^// LINK: *,,p' tests/host/$(test).c)))
host_objects = tests/host/$(1).c $(wildcard $(patsubst $(1):%,%,$(filter $(1):%,$(host_links))))

host_kind = $(if $(filter test_tsan_%,$(1)),$(2),$(3))

define host_test_rule
$(B)/host/$(1): $(patsubst %.c,$(B)/obj/$(call host_kind,$(1),tsan,host)/%.o,$(call host_objects,$(1)))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(call host_kind,$(1),TSAN,HOST)_CFLAGS) $$^ -lcmocka -o $$@
endef
$(foreach test,$(host_tests),$(eval $(call host_test_rule,$(test))))

$(B)/obj/host/%.o: %.c Makefile tests/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(DEPFLAGS) -c $< -o $@

$(B)/obj/tsan/%.o: %.c Makefile tests/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TSAN_CFLAGS) $(DEPFLAGS) -c $< -o $@

$(B)/obj/host/xen-like/lib/third_party/%.o: WARNINGS :=

# Fuzzers (tests/fuzz): what the test host/test_fuzz_NAME links, but for itself and the replaying,
# built by clang with libFuzzer in their place. Only the code under test is told to be instrumented:
# what the harness does is no news to the fuzzer.
CLANG := clang
FUZZ_CFLAGS = -std=gnu11 -O1 -g -I. -fno-strict-aliasing -DHOST_TEST -DDEBUG \
	-fsanitize=address,undefined -fno-sanitize-recover=all
fuzz_names := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZERS := $(fuzz_names:%=build/fuzz/%)
fuzz_objects = $(patsubst %.c,build/obj/fuzz/%.o,$(filter-out %/replay.c %/test_fuzz_$(1).c,$(call host_objects,test_fuzz_$(1))))

define fuzz_rule
build/fuzz/$(1): $(call fuzz_objects,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(CLANG) $$(FUZZ_CFLAGS) -fsanitize=fuzzer $$^ -lcmocka -o $$@
endef
$(foreach name,$(fuzz_names),$(eval $(call fuzz_rule,$(name))))

build/obj/fuzz/%.o: %.c Makefile tests/build.mk
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(if $(filter tests/%,$<),,-fsanitize=fuzzer-no-link) $(DEPFLAGS) -c $< -o $@

.PHONY: fuzzers
fuzzers: $(FUZZERS)

# Kernels as boot tests want them: compressed.
PRODUCTS += $(B)/guests/mini-kernel.gz $(B)/guests/first32.gz
$(B)/guests/mini-kernel.gz $(B)/guests/first32.gz: %.gz: %
	$(Q)gzip -9nc $< > $@

# As Linux's build packs; the packers are only here for tests (tools/need).
PACKED_KERNELS := $(addprefix $(B)/guests/mini-kernel.,xz lzma zstd lz4 lzo bzip2)
$(PACKED_KERNELS): $(B)/guests/mini-kernel tests/lib/pack-kernel
	$(Q)tests/lib/pack-kernel $< $@

# The probes of sensitive instructions on the bare machine, in both widths: a kernel without a hypervisor.
sensitive := tests/guests/sensitive
native_parts := $(sensitive)/native/boot.asm $(sensitive)/native/main.c $(sensitive)/probes.asm $(sensitive)/table.c

define native_rule
PRODUCTS += $(B)/native/sensitive$(1)
$(B)/obj/native$(1)/%.c.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(COMMON_CFLAGS) -fno-pie $(2) $$(DEPFLAGS) -c $$< -o $$@
$(B)/obj/native$(1)/%.asm.o: %.asm Makefile
	@mkdir -p $$(@D)
	$$(Q)$$(NASM) -f elf$(1) $$(NASM_COMMON) $$< -o $$@
$(B)/native/sensitive$(1): $(native_parts:%=$(B)/obj/native$(1)/%.o) $(sensitive)/native/native.lds
	@mkdir -p $$(@D)
	$$(Q)$$(LD) -m $(3) -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
	    -T $$(filter %.lds,$$^) -o $$@ $$(filter %.o,$$^)
endef
$(eval $(call native_rule,64,,elf_x86_64))
$(eval $(call native_rule,32,-m32 -march=i686,elf_i386))

# The first 32-bit kernel, by hand, in both forms of notes.
first32 := tests/guests/first32
PRODUCTS += $(B)/guests/first32 $(B)/guests/first32-section

$(B)/obj/first32-section.o: NASMFLAGS += -DOLD_NOTES
$(B)/obj/first32.o $(B)/obj/first32-section.o: $(first32)/entry.asm
	@mkdir -p $(@D)
	$(Q)$(NASM) $(subst elf64,elf32,$(NASMFLAGS)) $< -o $@

$(B)/guests/first32 $(B)/guests/first32-section: $(B)/guests/%: $(B)/obj/%.o $(first32)/guest.lds
	@mkdir -p $(@D)
	$(Q)$(LD) -m elf_i386 -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
	    -T $(filter %.lds,$^) -o $@ $<
