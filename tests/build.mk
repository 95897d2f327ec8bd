# Host tests: each tests/host/test_*.c is a cmocka program for Linux user space, made of the test
# and of the real .c files of the core that it names on lines at its top:
#
#   // LINK: xen-like/lib/string.c hypervisor/mm/frame.c
#
# They are compiled with -DHOST_TEST and both sanitizers, any finding of which ends the program.
# Guest tests (tests/guests/NAME) are built by guest-kernel/build.mk.

HOST_CFLAGS = -std=gnu11 -O1 -g -I. -fno-strict-aliasing -fno-omit-frame-pointer -DHOST_TEST \
	-fsanitize=address,undefined -fno-sanitize-recover=all $(WARNINGS) $(if $(DEBUG),-DDEBUG)

host_tests := $(patsubst tests/host/%.c,%,$(wildcard tests/host/test_*.c))

HOST_TESTS := $(host_tests:%=$(B)/host/%)

.PHONY: host-tests
host-tests: $(HOST_TESTS)

# The LINK lines of all tests, as words TEST:SOURCE.
host_links := $(foreach test,$(host_tests),$(addprefix $(test):,$(shell \
	sed -n 's,^// LINK: *,,p' tests/host/$(test).c)))
host_objects = tests/host/$(1).c $(patsubst $(1):%,%,$(filter $(1):%,$(host_links)))

define host_test_rule
$(B)/host/$(1): $(patsubst %.c,$(B)/obj/host/%.o,$(call host_objects,$(1)))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(HOST_CFLAGS) $$^ -lcmocka -o $$@
endef
$(foreach test,$(host_tests),$(eval $(call host_test_rule,$(test))))

$(B)/obj/host/%.o: %.c Makefile tests/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(DEPFLAGS) -c $< -o $@

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

# The mini-kernel as a boot test wants it: compressed.
PRODUCTS += $(B)/guests/mini-kernel.gz
$(B)/guests/mini-kernel.gz: $(B)/guests/mini-kernel
	$(Q)gzip -9nc $< > $@
