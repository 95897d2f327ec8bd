# The hypervisor: every .c of hypervisor/, hypercalls/ and xen-like/lib/, every .asm of hypervisor/,
# linked by xen-like.ld. Object names keep the source's suffix, so entry.c and entry.asm may coexist.
# $(B) is build or build/debug; DEBUG=1 adds audits and lock checks (-DDEBUG).

HV_WARN   := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wvla
HV_CFLAGS := -std=gnu11 -ffreestanding -nostdlib -O2 -g -fno-strict-aliasing -mno-red-zone \
             -mgeneral-regs-only -fPIE -fvisibility=hidden -mcmodel=small -fno-stack-protector \
             -fno-asynchronous-unwind-tables -fcf-protection=none -fno-common \
             -fno-delete-null-pointer-checks $(HV_WARN) -I. -I$(B) \
             $(if $(DEBUG),-DDEBUG -fno-omit-frame-pointer)

HV_C   := $(sort $(filter-out hypervisor/offsets.c, \
            $(shell find hypervisor hypercalls xen-like/lib -name '*.c')))
HV_ASM := $(sort $(shell find hypervisor -name '*.asm'))
HV_OBJ := $(HV_C:%=$(B)/obj/hv/%.o) $(HV_ASM:%=$(B)/obj/hv/%.o)

$(B)/obj/hv/%.c.o: %.c
	@mkdir -p $(@D)
	gcc $(HV_CFLAGS) -MMD -MP -c -o $@ $<

# Other people's code, kept as it came: their style is not ours to warn about.
$(B)/obj/hv/xen-like/lib/third_party/%.c.o: HV_WARN := -w

$(B)/obj/hv/%.asm.o: %.asm $(B)/gen/offsets.inc
	@mkdir -p $(@D)
	nasm -f elf64 -g -F dwarf -w+all -w+error -I./ -I$(B)/ -MD $(@:.o=.d) -MP -o $@ $<

# Constants from C to nasm: gcc leaves "->NAME high middle low" lines in its assembly output.
$(B)/gen/offsets.inc: hypervisor/offsets.c
	@mkdir -p $(@D)
	gcc $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(@:.inc=.d) -S -o $(@:.inc=.s) $<
	sed -n 's/^->\([^ ]*\) \(.*\) \(.*\) \(.*\)/%define \1 (\2 << 48 | \3 << 24 | \4)/p' \
	    $(@:.inc=.s) > $@.tmp
	mv $@.tmp $@

$(B)/gen/xen-like.ld: hypervisor/xen-like.ld hypervisor/mm/layout.h
	@mkdir -p $(@D)
	gcc -E -P -undef -x assembler-with-cpp -I. -o $@ $<

$(B)/xen-like: $(HV_OBJ) $(B)/gen/xen-like.ld
	ld -m elf_x86_64 -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none \
	    -T $(B)/gen/xen-like.ld -o $@ $(HV_OBJ)

-include $(HV_OBJ:.o=.d) $(B)/gen/offsets.d
