# The hypervisor: every .c of hypervisor/, hypercalls/, ioring/ and xen-like/lib/ (but what a kept
# library has in src/, which one file beside that includes) and every .asm of
# hypervisor/, compiled by the top Makefile's rules for the variant hv and linked by xen-like.ld.
# A C file and an assembly file beside each other need different names (their objects share one).

HV_SOURCES := $(sort $(filter-out hypervisor/offsets.c, \
	$(shell find hypervisor hypercalls ioring xen-like/lib -path '*/third_party/*/src' -prune -o -name '*.c' -print)) \
	$(shell find hypervisor -name '*.asm'))
HV_OBJECTS := $(HV_SOURCES:%=$(B)/obj/hv/%)
HV_OBJECTS := $(HV_OBJECTS:.c=.o)
HV_OBJECTS := $(HV_OBJECTS:.asm=.o)

PRODUCTS += $(B)/xen-like

# Other people's code, kept as it came: their style is not ours to warn about.
$(B)/obj/hv/xen-like/lib/third_party/%.o: WARNINGS :=

$(B)/gen/offsets.inc: hypervisor/offsets.c Makefile
	@mkdir -p $(@D) $(B)/obj/hv
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(B)/obj/hv/offsets.d -S $< -o $(B)/gen/offsets.s
	$(Q)$(extract_offsets) $(B)/gen/offsets.s > $@

$(B)/gen/xen-like.ld: hypervisor/xen-like.ld hypervisor/mm/layout.h
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -undef -x assembler-with-cpp -I. $< -o $@

$(B)/xen-like: $(HV_OBJECTS) $(B)/gen/xen-like.ld
	$(Q)$(LD) -m elf_x86_64 -nostdlib -static -z noexecstack -z max-page-size=4096 \
	    --build-id=sha1 -T $(B)/gen/xen-like.ld -o $@ $(HV_OBJECTS)
