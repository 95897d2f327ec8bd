/*
 * What a 32-bit guest's structures look like.
 *
 * The same header gives a structure two layouts: with 32 bits a pointer, an `unsigned long`, a
 * xen_pfn_t and a guest handle have four bytes, and a 64-bit field is aligned to four. Here stands
 * which structures of calls differ, and their fields by name, nothing else: layouts32.c is compiled
 * with `gcc -m32` to say where each field lies then, and the hypervisor's own compiler knows where
 * it lies otherwise (hypercalls/layout32.c pairs them). So no offset is typed, and none can be
 * wrong.
 *
 * A structure that is not here has one layout in both widths; layouts32.c proves that for all that
 * the tables of sub-operations name. A field of a union is named once, by its widest member.
 */
#ifndef XEN_LIKE_ABI_LAYOUTS32_H
#define XEN_LIKE_ABI_LAYOUTS32_H

/* clang-format off */
#define XL_STRUCTS32(X)                                                                            \
    X(mmuext_op) X(trap_info) X(xennmi_callback) X(sched_poll)                                     \
    X(vcpu_runstate_info) X(vcpu_set_singleshot_timer) X(xen_platform_parameters)                  \
    X(xen_memory_reservation) X(xen_memory_exchange) X(xen_memory_map) X(xen_foreign_memory_map)   \
    X(xen_add_to_physmap) X(xen_add_to_physmap_batch) X(xen_remove_from_physmap)                   \
    X(xen_pod_target) X(xen_mem_access_op) X(xen_reserved_device_memory_map)                       \
    X(xen_mem_acquire_resource) X(xen_machphys_mapping) X(xen_machphys_mfn_list)                   \
    X(gnttab_setup_table) X(gnttab_transfer) X(gnttab_copy) X(gnttab_get_status_frames)            \
    X(physdev_pirq_eoi_gmfn) X(physdev_set_iobitmap) X(physdev_apic) X(physdev_map_pirq)           \
    X(physdev_op)

/*
 * These differ, too, and each is a matter of its own: a whole context (hypervisor/domain); an entry
 * point, which has a selector with 32 bits only (hypercalls/traps32.c); of what the firmware knows
 * the fields that we fill lie in one place; and page_offline is not translated by Xen either, whose
 * 32-bit control domains must make up the 64-bit form.
 */
#define XL_OWN32(X)                                                                                \
    X(vcpu_guest_context) X(callback_register) X(xenpf_firmware_info) X(xen_sysctl_page_offline_op)

/* All fields of each, in order: only padding may lie between them. */
#define XL_FIELDS_mmuext_op(F) F(cmd) F(arg1.linear_addr) F(arg2.src_mfn)
#define XL_FIELDS_trap_info(F) F(vector) F(flags) F(cs) F(address)
#define XL_FIELDS_xennmi_callback(F) F(handler_address) F(pad)
#define XL_FIELDS_sched_poll(F) F(ports.p) F(nr_ports) F(timeout)
#define XL_FIELDS_vcpu_runstate_info(F) F(state) F(state_entry_time) F(time)
#define XL_FIELDS_vcpu_set_singleshot_timer(F) F(timeout_abs_ns) F(flags)
#define XL_FIELDS_xen_platform_parameters(F) F(virt_start)

#define XL_FIELDS_xen_memory_reservation(F)                                                        \
    F(extent_start.p) F(nr_extents) F(extent_order) F(mem_flags) F(domid)
#define XL_RESERVATION(F, of)                                                                      \
    F(of.extent_start.p) F(of.nr_extents) F(of.extent_order) F(of.mem_flags) F(of.domid)
#define XL_FIELDS_xen_memory_exchange(F)                                                           \
    XL_RESERVATION(F, in) XL_RESERVATION(F, out) F(nr_exchanged)
#define XL_FIELDS_xen_memory_map(F) F(nr_entries) F(buffer.p)
#define XL_FIELDS_xen_foreign_memory_map(F) F(domid) F(map.nr_entries) F(map.buffer.p)
#define XL_FIELDS_xen_add_to_physmap(F) F(domid) F(size) F(space) F(idx) F(gpfn)
#define XL_FIELDS_xen_add_to_physmap_batch(F)                                                      \
    F(domid) F(space) F(size) F(u.foreign_domid) F(idxs.p) F(gpfns.p) F(errs.p)
#define XL_FIELDS_xen_remove_from_physmap(F) F(domid) F(gpfn)
#define XL_FIELDS_xen_pod_target(F)                                                                \
    F(target_pages) F(tot_pages) F(pod_cache_pages) F(pod_entries) F(domid)
#define XL_FIELDS_xen_mem_access_op(F)                                                             \
    F(op) F(access) F(domid) F(nr) F(pfn) F(pfn_list.p) F(access_list.p)
#define XL_FIELDS_xen_reserved_device_memory_map(F)                                                \
    F(flags) F(nr_entries) F(buffer.p) F(dev.pci)
#define XL_FIELDS_xen_mem_acquire_resource(F)                                                      \
    F(domid) F(type) F(id) F(nr_frames) F(pad) F(frame) F(frame_list.p)
#define XL_FIELDS_xen_machphys_mapping(F) F(v_start) F(v_end) F(max_mfn)
#define XL_FIELDS_xen_machphys_mfn_list(F) F(max_extents) F(extent_start.p) F(nr_extents)

#define XL_FIELDS_gnttab_setup_table(F) F(dom) F(nr_frames) F(status) F(frame_list.p)
#define XL_FIELDS_gnttab_transfer(F) F(mfn) F(domid) F(ref) F(status)
#define XL_COPY_SIDE(F, of) F(of.u.gmfn) F(of.domid) F(of.offset)
#define XL_FIELDS_gnttab_copy(F)                                                                   \
    XL_COPY_SIDE(F, source) XL_COPY_SIDE(F, dest) F(len) F(flags) F(status)
#define XL_FIELDS_gnttab_get_status_frames(F) F(nr_frames) F(dom) F(status) F(frame_list.p)

#define XL_FIELDS_physdev_pirq_eoi_gmfn(F) F(gmfn)
#define XL_FIELDS_physdev_set_iobitmap(F) F(bitmap.p) F(nr_ports)
#define XL_FIELDS_physdev_apic(F) F(apic_physbase) F(reg) F(value)
#define XL_FIELDS_physdev_map_pirq(F)                                                              \
    F(domid) F(type) F(index) F(pirq) F(bus) F(devfn) F(entry_nr) F(table_base)
#define XL_FIELDS_physdev_op(F)                                                                    \
    F(cmd) F(u.apic_op.apic_physbase) F(u.apic_op.reg) F(u.apic_op.value)
/* clang-format on */

#endif
