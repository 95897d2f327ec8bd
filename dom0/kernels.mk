# dom0's library in the width W.

dom0_obj := $(B)/obj/guest$(SW)
dom0_bundled_gen := $(B)/gen$(SW)/dom0/bundled
dom0_library$(W) := $(B)/dom0$(SW).a
PRODUCTS += $(dom0_library$(W)) $(DOM0_$(W))

$(call width_of,$(DOM0_$(W)) $(dom0_bundled_gen)/%)

$(dom0_obj)/xen-like/lib/third_party/%.o: WARNINGS :=

# A bundled kernel, without what only a debugger needs, is an array made by xxd. What is 32-bit has a name
# that says so, in either width of dom0.
$(dom0_bundled_gen)/%.c: $(B)/guests/%
	$(dom0_bundle)

$(dom0_bundled_gen)/%-32.c: $(B)/guests32/%
	$(dom0_bundle)

$(dom0_bundled_gen)/%.o: $(dom0_bundled_gen)/%.c
	$(Q)$(CC) $(GUEST_CFLAGS) -c $< -o $@

.SECONDARY: $(dom0_bundled:%=$(dom0_bundled_gen)/%.c)

$(dom0_library$(W)): $(dom0_sources:%=$(dom0_obj)/%.o) $(dom0_bundled:%=$(dom0_bundled_gen)/%.o)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^
