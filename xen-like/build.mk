# The contract: its layouts are compiled (never linked) for every side that relies on them, and
# docs/abi.md is made from the table of calls.

abi_headers := $(wildcard xen-like/abi/*.h) xen-like/lib/types.h
abi_doc := $(B)/host/abi-doc

# What `make check` builds beside the products.
.PHONY: layouts docs check-abi-doc
layouts: $(B)/obj/hv/xen-like/abi/asserts.o check-abi-doc

$(abi_doc): tools/abi-doc.c $(abi_headers)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 $(WARNINGS) -I. -o $@ $<

$(B)/gen/abi.md: $(abi_doc)
	@mkdir -p $(@D)
	$(Q)$(abi_doc) > $@

docs: $(B)/gen/abi.md
	cp $< docs/abi.md

check-abi-doc: $(B)/gen/abi.md
	@cmp -s $< docs/abi.md || { echo "docs/abi.md is out of date: run 'make docs'" >&2; exit 1; }
