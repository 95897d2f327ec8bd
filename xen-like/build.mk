# The contract: its layouts are compiled (never linked) for every side that relies on them, and
# docs/abi.md is made from the table of calls.

abi_headers := $(wildcard xen-like/abi/*.h) xen-like/lib/types.h
abi_doc := $(B)/host/abi-doc

# What `make check` builds beside the products.
.PHONY: layouts docs check-abi-doc
layouts: $(B)/obj/hv/xen-like/abi/asserts.o check-abi-doc

$(abi_doc): tools/abi-doc.c $(abi_headers) $(B)/gen/layouts32.inc
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARNINGS) -I. -I$(B)/gen -o $@ $<

$(B)/gen/abi.md: $(abi_doc)
	@mkdir -p $(@D)
	$(Q)$(abi_doc) > $@

# The layouts of 32-bit guests, from their compiler (xen-like/abi/layouts32.c).
layouts32 := $(B)/gen/layouts32.inc
$(layouts32): xen-like/abi/layouts32.c $(abi_headers)
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -std=gnu11 -ffreestanding -O1 $(WARNINGS) -I. -S -o $(@:.inc=.s) $<
	$(Q)sed -n 's/^->//p' $(@:.inc=.s) | awk '/^LAYOUT32\(/ { split($$0, name, /[(,]/) } \
	    /^FIELD32/ { sub(/\(/, "(" name[2] ", ") } !/^SIZE32/ || !seen[$$0]++' > $@

layout32_objects := $(B)/obj/hv/hypercalls/layout32.o $(B)/obj/host/hypercalls/layout32.o \
	$(B)/obj/host/tests/host/test_layout32.o build/obj/fuzz/hypercalls/layout32.o
$(layout32_objects): $(layouts32)
$(layout32_objects): HV_CFLAGS += -I$(B)/gen
$(layout32_objects): HOST_CFLAGS += -I$(B)/gen
$(layout32_objects): FUZZ_CFLAGS += -I$(B)/gen

# What the tools that read traces know of the ABI.
PRODUCTS += $(B)/gen/trace-events.json
$(B)/host/trace-events: tools/trace-events.c $(abi_headers)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARNINGS) -I. -o $@ $<

$(B)/gen/trace-events.json: $(B)/host/trace-events
	@mkdir -p $(@D)
	$(Q)$< > $@

docs: $(B)/gen/abi.md
	cp $< docs/abi.md

check-abi-doc: $(B)/gen/abi.md
	@cmp -s $< docs/abi.md || { echo "docs/abi.md is out of date: run 'make docs'" >&2; exit 1; }

# The tables of Fadec (xen-like/lib/disassemble.h), whichever side they are compiled for.
fadec := xen-like/lib/third_party/fadec
fadec_tables := $(B)/gen/fadec-decode-public.inc
$(fadec_tables): $(fadec)/parseinstrs.py $(fadec)/instrs.txt
	@mkdir -p $(@D)
	$(Q)python3 -B $(fadec)/parseinstrs.py decode $(fadec)/instrs.txt $@ $(B)/gen/fadec-decode-private.inc --32 --64

fadec_objects = $(patsubst %,$(B)/obj/$(1)/%.o,$(fadec)/decode $(fadec)/format xen-like/lib/disassemble)
$(call fadec_objects,hv) $(call fadec_objects,host): $(fadec_tables)
$(call fadec_objects,hv): HV_CFLAGS += -I$(B)/gen
$(call fadec_objects,host): HOST_CFLAGS += -I$(B)/gen
