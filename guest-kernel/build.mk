# Guest kernels. The runtime (core/, mm/, event/, time/, sched/, x86_64/ and the shared library) is
# linked into each of them: the mini-kernel, and one kernel for every folder of tests/guests that has
# a .c file.

GUEST_CFLAGS := $(COMMON_CFLAGS) -mcmodel=kernel -fno-pie
guest_obj := $(B)/obj/guest
guest_lds := guest-kernel/x86_64/guest.lds
guest_offsets := $(B)/gen/guest-offsets.inc

# Objects of the .c and .asm files in a folder.
guest_objects_of = $(patsubst %,$(guest_obj)/%.o,$(wildcard $(1)/*.c $(1)/*.asm))

guest_library := $(addprefix $(guest_obj)/xen-like/lib/,string.c.o fmt.c.o)
guest_rings := $(guest_obj)/ioring/byte_ring.c.o

guest_runtime := $(foreach part,core mm event time sched,$(call guest_objects_of,guest-kernel/$(part))) \
    $(filter-out %/offsets.c.o,$(call guest_objects_of,guest-kernel/x86_64)) \
    $(guest_library) $(guest_rings)

test_guests := $(sort $(patsubst tests/guests/%/,%,$(dir $(wildcard tests/guests/*/*.c))))
GUESTS := $(B)/guests/mini-kernel $(addprefix $(B)/guests/,$(test_guests))

PRODUCTS += $(GUESTS)

# GUEST_NAME is the folder's name: what a test says in its END line.
$(guest_obj)/%.c.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -DGUEST_NAME='"$(notdir $(patsubst %/,%,$(dir $*)))"' $(DEPFLAGS) \
	    -c $< -o $@

$(guest_obj)/%.asm.o: %.asm Makefile $(guest_offsets)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MP $< -o $@

$(guest_offsets): guest-kernel/x86_64/offsets.c guest-kernel/x86_64/trap_frame.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -I. $(WARNINGS) -o $(B)/gen/guest-offsets $<
	$(Q)$(B)/gen/guest-offsets > $@

guest_link = $(Q)$(LD) -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
    -T $(filter %.lds,$^) -o $@ $(filter %.o,$^)

# A folder with a guest.lds of its own is linked by it: other notes, another place in memory.
test_guest_lds = $(firstword $(wildcard tests/guests/$(1)/guest.lds) $(guest_lds))

define test_guest_rule
$(B)/guests/$(1): $(call guest_objects_of,tests/guests/$(1)) $(guest_runtime) \
    $(call test_guest_lds,$(1))
	@mkdir -p $$(@D)
	$$(guest_link)
endef
$(foreach name,$(test_guests),$(eval $(call test_guest_rule,$(name))))

# The mini-kernel, with its user programs inside: each is linked by itself, made a flat image, and
# turned into an array by xxd.
mini_user := guest-kernel/mini/user
mini_programs := $(patsubst $(mini_user)/%.c,%,$(wildcard $(mini_user)/*.c))
mini_user_gen := $(B)/gen/$(mini_user)

$(mini_user_gen)/%.elf: $(guest_obj)/$(mini_user)/start.asm.o $(guest_obj)/$(mini_user)/%.c.o \
    $(guest_library) $(mini_user)/user.lds
	@mkdir -p $(@D)
	$(Q)$(LD) -nostdlib -static -z noexecstack --no-warn-rwx-segments -T $(mini_user)/user.lds \
	    -o $@ $(filter %.o,$^)

$(mini_user_gen)/%.bin: $(mini_user_gen)/%.elf
	$(Q)objcopy -O binary $< $@

$(mini_user_gen)/%.bin.c: $(mini_user_gen)/%.bin
	$(Q)cd $(@D) && xxd -i $(<F) > $(@F)

$(mini_user_gen)/%.bin.o: $(mini_user_gen)/%.bin.c
	$(Q)$(CC) $(GUEST_CFLAGS) -c $< -o $@

# What make would otherwise delete as a mere step on the way.
.SECONDARY: $(call guest_objects_of,$(mini_user)) \
    $(foreach part,elf bin bin.c bin.o,$(mini_programs:%=$(mini_user_gen)/%.$(part)))

$(B)/guests/mini-kernel: $(call guest_objects_of,guest-kernel/mini) $(guest_runtime) \
    $(mini_programs:%=$(mini_user_gen)/%.bin.o) $(guest_lds)
	@mkdir -p $(@D)
	$(guest_link)
