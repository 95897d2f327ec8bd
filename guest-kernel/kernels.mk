# Guest kernels of the width W. The runtime (core/, mm/, event/, time/, sched/, x86_64/ or x86_32/, and
# the shared library) is linked into each of them: the mini-kernel, and the kernels of tests/guests.

guest_obj := $(B)/obj/guest$(SW)
guest_out := $(B)/guests$(SW)
guest_gen := $(B)/gen$(SW)
guest_lds := guest-kernel/x86_$(W)/guest.lds
guest_offsets := $(guest_gen)/guest-offsets.inc

# Objects of the .c and .asm files in a folder, and in its folder for this width.
guest_objects_of = $(patsubst %,$(guest_obj)/%.o,$(wildcard $(1)/*.c $(1)/*.asm $(1)/x86_$(W)/*.c $(1)/x86_$(W)/*.asm))

guest_library := $(addprefix $(guest_obj)/xen-like/lib/,string.c.o fmt.c.o) \
    $(if $(SW),$(guest_obj)/guest-kernel/x86_32/compiler.c.o)
guest_rings := $(guest_obj)/ioring/byte_ring.c.o

guest_runtime := $(filter-out %/offsets.c.o,$(foreach part,core mm event time sched,$(call guest_objects_of,guest-kernel/$(part)))) \
    $(filter-out %/compiler.c.o,$(call guest_objects_of,guest-kernel/x86_$(W))) \
    $(guest_library) $(guest_rings)

$(call width_of,$(guest_obj)/%.o $(guest_out)/% $(guest_offsets) $(guest_gen)/guest-kernel/%)

# The network, of which a kernel takes what it uses.
guest_network := $(B)/guest-network$(SW).a
guest_network_objects := $(foreach part,guest-kernel/network $(lwip)/core $(lwip)/core/ipv4 $(lwip)/netif,\
    $(call guest_objects_of,$(part))) $(addprefix $(guest_obj)/,ioring/network.c.o xen-like/lib/parse.c.o)

$(guest_network): $(guest_network_objects)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

# What only guests with devices use: from an archive, too, which all are linked with.
guest_io := $(B)/guest-io$(SW).a
guest_io_objects := $(foreach part,grant xenbus block files third_party/fatfs,$(call guest_objects_of,guest-kernel/$(part))) \
    $(filter-out $(guest_rings),$(call guest_objects_of,ioring))
PRODUCTS += $(guest_io)

$(guest_obj)/$(fatfs)/%.o: WARNINGS :=
$(guest_obj)/$(fatfs)/%.o: FOREIGN_FLAGS := -I$(fatfs)/include

$(guest_io): $(guest_io_objects)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

PRODUCTS += $(addprefix $(guest_out)/,$(demo_kernels$(W)) $(test_guests$(W)))

# GUEST_NAME is the folder's name: what a test says in its END line.
$(guest_obj)/%.c.o: %.c Makefile guest-kernel/kernels.mk | $(GENERATED) $(if $(SW),$(EMPTY_STUBS))
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) $(FOREIGN_FLAGS) -DGUEST_NAME='"$(notdir $(patsubst %/,%,$(dir $*)))"' $(DEPFLAGS) \
	    -c $< -o $@

$(guest_obj)/%.asm.o: %.asm Makefile guest-kernel/kernels.mk $(guest_offsets)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(GUEST_NASMFLAGS) -MD $(@:.o=.d) -MP $< -o $@

$(guest_offsets): guest-kernel/core/offsets.c Makefile
	@mkdir -p $(@D) $(B)/obj/guest$(SW)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -MT $@ -MF $(B)/obj/guest$(SW)/offsets.d -S $< -o $(@:.inc=.s)
	$(Q)$(extract_offsets) $(@:.inc=.s) > $@

define test_guest_rule
$(guest_out)/$(1): $(call guest_objects_of,tests/guests/$(1)) $(guest_runtime) \
    $(call test_guest_lds,$(1)) $(if $(filter $(1),$(dom0_users)),$(dom0_library$(W))) \
    $(if $(filter $(1),$(guest_network_users)),$(guest_network)) $(guest_io)
	@mkdir -p $$(@D)
	$$(guest_link)
endef
$(foreach name,$(test_guests$(W)),$(eval $(call test_guest_rule,$(name))))

# The mini-kernel, with its user programs inside: each is linked by itself, made a flat image, and
# turned into an array by xxd.
mini_user := guest-kernel/mini/user
mini_programs := $(patsubst $(mini_user)/%.c,%,$(wildcard $(mini_user)/*.c))
mini_user_gen := $(guest_gen)/$(mini_user)
mini_user_start := $(guest_obj)/$(mini_user)/x86_$(W)/start.asm.o

# A program takes of the library what it uses: it is to have as few pages in either width.
$(guest_library): FOREIGN_FLAGS := -ffunction-sections

$(mini_user_gen)/%.elf: $(mini_user_start) $(guest_obj)/$(mini_user)/%.c.o \
    $(guest_library) $(mini_user)/user.lds
	@mkdir -p $(@D)
	$(Q)$(GUEST_LD) -nostdlib -static -z noexecstack --no-warn-rwx-segments --gc-sections -T $(filter %.lds,$^) \
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

$(guest_out)/mini-kernel: $(call guest_objects_of,guest-kernel/mini) $(guest_runtime) \
    $(mini_programs:%=$(mini_user_gen)/%.bin.o) $(guest_network) $(guest_io) $(guest_lds)
	@mkdir -p $(@D)
	$(guest_link)

# The smallest one: nothing of the runtime.
$(guest_out)/tiny: $(call guest_objects_of,guest-kernel/tiny) guest-kernel/tiny/x86_$(W)/tiny.lds
	@mkdir -p $(@D)
	$(guest_link)

# The control domain.
$(DOM0_$(W)): $(foreach part,dom0 dom0/console dom0/shell,$(call guest_objects_of,$(part))) \
    $(guest_runtime) $(dom0_library$(W)) $(guest_lds)
	@mkdir -p $(@D)
	$(guest_link)
