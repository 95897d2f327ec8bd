/*
 * The sub-operations of the calls that have them, in the form that calls.h (which includes this
 * file and explains the columns) describes. Those of domctl are in domctls.h.
 */
#ifndef XEN_LIKE_ABI_SUBOPS_H
#define XEN_LIKE_ABI_SUBOPS_H

#include "xen-like/abi/domctls.h"
#include "xen-like/abi/sysctls.h"

/* clang-format off */
#define XL_SUBOPS_mmuext(X)                                                                        \
    X(MMUEXT_PIN_L1_TABLE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "Validates a frame as a last-level table and keeps it one.")                                 \
    X(MMUEXT_PIN_L2_TABLE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "The same for a table of level 2.")                                                          \
    X(MMUEXT_PIN_L3_TABLE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "The same for a table of level 3.")                                                          \
    X(MMUEXT_PIN_L4_TABLE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "The same for a top-level table.")                                                           \
    X(MMUEXT_UNPIN_TABLE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                  \
      "Gives back the pin of a table.")                                                            \
    X(MMUEXT_NEW_BASEPTR, ANY, struct mmuext_op, IN, IMPLEMENTED,                                  \
      "Switches the kernel's top-level table.")                                                    \
    X(MMUEXT_TLB_FLUSH_LOCAL, ANY, struct mmuext_op, IN, IMPLEMENTED,                              \
      "Flushes this vcpu's TLB.")                                                                  \
    X(MMUEXT_INVLPG_LOCAL, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "Flushes one address from this vcpu's TLB.")                                                 \
    X(MMUEXT_TLB_FLUSH_MULTI, ANY, struct mmuext_op, IN, IMPLEMENTED,                              \
      "Flushes the TLBs of a set of vcpus.")                                                       \
    X(MMUEXT_INVLPG_MULTI, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "Flushes one address from the TLBs of a set of vcpus.")                                      \
    X(MMUEXT_TLB_FLUSH_ALL, ANY, struct mmuext_op, IN, IMPLEMENTED,                                \
      "Flushes the TLBs of all vcpus of the domain.")                                              \
    X(MMUEXT_INVLPG_ALL, ANY, struct mmuext_op, IN, IMPLEMENTED,                                   \
      "Flushes one address from the TLBs of all vcpus of the domain.")                             \
    X(MMUEXT_FLUSH_CACHE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                  \
      "Writes back and empties this CPU's caches.")                                                \
    X(MMUEXT_SET_LDT, ANY, struct mmuext_op, IN, IMPLEMENTED,                                      \
      "Sets the local descriptor table; no entries removes it.")                                   \
    X(MMUEXT_NEW_USER_BASEPTR, ANY, struct mmuext_op, IN, IMPLEMENTED,                             \
      "Switches the top-level table for user mode; 0 for none.")                                   \
    X(MMUEXT_CLEAR_PAGE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                   \
      "Fills a frame with zeros.")                                                                 \
    X(MMUEXT_COPY_PAGE, ANY, struct mmuext_op, IN, IMPLEMENTED,                                    \
      "Copies one frame to another.")                                                              \
    X(MMUEXT_FLUSH_CACHE_GLOBAL, ANY, struct mmuext_op, IN, IMPLEMENTED,                           \
      "Writes back and empties the caches of all CPUs.")                                           \
    X(MMUEXT_MARK_SUPER, ANY, struct mmuext_op, IN, IMPLEMENTED,                                   \
      "Marks a superpage for guests: -EOPNOTSUPP, as since Xen dropped it.")                       \
    X(MMUEXT_UNMARK_SUPER, ANY, struct mmuext_op, IN, IMPLEMENTED,                                 \
      "Takes such a mark away: likewise.")

#define XL_SUBOPS_memory(X)                                                                        \
    X(XENMEM_increase_reservation, ANY, struct xen_memory_reservation, INOUT, IMPLEMENTED,         \
      "Gives the domain more frames.")                                                             \
    X(XENMEM_decrease_reservation, ANY, struct xen_memory_reservation, IN, IMPLEMENTED,            \
      "Takes frames back from the domain.")                                                        \
    X(XENMEM_maximum_ram_page, ANY, void, NONE, IMPLEMENTED,                                       \
      "Returns the machine's highest frame of RAM.")                                               \
    X(XENMEM_current_reservation, ANY, struct xen_memory_domain, IN, IMPLEMENTED,                  \
      "Returns how many frames a domain has.")                                                     \
    X(XENMEM_maximum_reservation, ANY, struct xen_memory_domain, IN, IMPLEMENTED,                  \
      "Returns how many frames a domain may have.")                                                \
    X(XENMEM_machphys_mfn_list, ANY, struct xen_machphys_mfn_list, INOUT, IMPLEMENTED,             \
      "Lists the frames that hold the machine-to-physical table.")                                 \
    X(XENMEM_populate_physmap, ANY, struct xen_memory_reservation, INOUT, IMPLEMENTED,             \
      "Gives the domain frames at given places of its physical map.")                              \
    X(XENMEM_add_to_physmap, ANY, struct xen_add_to_physmap, IN, IMPLEMENTED,                      \
      "Puts a shared frame into the physical map.")                                                \
    X(XENMEM_memory_map, ANY, struct xen_memory_map, INOUT, IMPLEMENTED,                           \
      "Copies out the domain's own memory map.")                                                   \
    X(XENMEM_machine_memory_map, CONTROL, struct xen_memory_map, INOUT, IMPLEMENTED,               \
      "Copies out the machine's memory map.")                                                      \
    X(XENMEM_exchange, ANY, struct xen_memory_exchange, INOUT, IMPLEMENTED,                        \
      "Exchanges frames for others of another order or range.")                                    \
    X(XENMEM_machphys_mapping, ANY, struct xen_machphys_mapping, OUT, IMPLEMENTED,                 \
      "Says where the machine-to-physical table is mapped.")                                       \
    X(XENMEM_set_memory_map, CONTROL, struct xen_foreign_memory_map, IN, IMPLEMENTED,              \
      "Sets the memory map that another domain sees.")                                             \
    X(XENMEM_maximum_gpfn, ANY, struct xen_memory_domain, IN, IMPLEMENTED,                         \
      "Returns the highest physical frame number of a domain.")                                    \
    X(XENMEM_remove_from_physmap, ANY, struct xen_remove_from_physmap, IN, IMPLEMENTED,            \
      "Removes a frame from the physical map.")                                                    \
    X(XENMEM_set_pod_target, CONTROL, struct xen_pod_target, INOUT, IMPLEMENTED,                   \
      "Populate on demand, for hardware guests.")                                                  \
    X(XENMEM_get_pod_target, CONTROL, struct xen_pod_target, INOUT, IMPLEMENTED,                   \
      "Its counters.")                                                                             \
    X(XENMEM_add_to_physmap_batch, ANY, struct xen_add_to_physmap_batch, INOUT, IMPLEMENTED,       \
      "add_to_physmap for a list of frames.")                                                      \
    X(XENMEM_machphys_compat_mfn_list, ANY, struct xen_machphys_mfn_list, INOUT, IMPLEMENTED,           \
      "machphys_mfn_list for the table that 32-bit guests see.")                                   \
    X(XENMEM_get_sharing_freed_pages, ANY, void, NONE, IMPLEMENTED,                                \
      "Returns how many frames sharing by content has saved: none.")                               \
    X(XENMEM_get_sharing_shared_pages, ANY, void, NONE, IMPLEMENTED,                               \
      "Returns how many frames are shared so: none.")                                              \
    X(XENMEM_access_op, CONTROL, struct xen_mem_access_op, INOUT, IMPLEMENTED,                     \
      "Rights to single frames of another domain, a hardware guest.")                              \
    X(XENMEM_claim_pages, CONTROL, struct xen_memory_reservation, IN, IMPLEMENTED,                 \
      "Keeps memory free for a domain.")                                                           \
    X(XENMEM_reserved_device_memory_map, ANY, struct xen_reserved_device_memory_map, INOUT,        \
      IMPLEMENTED, "Lists memory that devices have fixed claims to.")                              \
    X(XENMEM_get_vnumainfo, ANY, struct xen_vnuma_topology_info, INOUT, IMPLEMENTED,               \
      "The domain's virtual NUMA topology.")                                                       \
    X(XENMEM_acquire_resource, CONTROL, struct xen_mem_acquire_resource, INOUT, IMPLEMENTED,       \
      "Maps a resource of another domain, such as its grant table.")

#define XL_SUBOPS_sched(X)                                                                         \
    X(SCHEDOP_yield, ANY, void, NONE, IMPLEMENTED,                                                 \
      "Lets other vcpus run.")                                                                     \
    X(SCHEDOP_block, ANY, void, NONE, IMPLEMENTED,                                                 \
      "Unmasks events and sleeps until one comes.")                                                \
    X(SCHEDOP_shutdown, ANY, struct sched_shutdown, IN, IMPLEMENTED,                               \
      "Ends the domain, for a reason.")                                                            \
    X(SCHEDOP_poll, ANY, struct sched_poll, IN, IMPLEMENTED,                                       \
      "Sleeps until one of some ports is pending, or a time has come.")                            \
    X(SCHEDOP_remote_shutdown, CONTROL, struct sched_remote_shutdown, IN, IMPLEMENTED,             \
      "Marks another domain as shut down.")                                                        \
    X(SCHEDOP_shutdown_code, ANY, struct sched_shutdown, IN, IMPLEMENTED,                          \
      "Keeps the reason for a later shutdown.")                                                    \
    X(SCHEDOP_watchdog, ANY, struct sched_watchdog, IN, IMPLEMENTED,                               \
      "Sets, pokes or stops a watchdog of the domain.")                                            \
    X(SCHEDOP_pin_override, CONTROL, struct sched_pin_override, IN, IMPLEMENTED,                        \
      "Pins the vcpu to a CPU for a while.")

#define XL_SUBOPS_vcpu(X)                                                                          \
    X(VCPUOP_initialise, ANY, struct vcpu_guest_context, IN, IMPLEMENTED,                          \
      "Gives a vcpu the state that it begins with, once.")                                         \
    X(VCPUOP_up, ANY, void, NONE, IMPLEMENTED,                                                     \
      "Lets it run.")                                                                              \
    X(VCPUOP_down, ANY, void, NONE, IMPLEMENTED,                                                   \
      "Stops it. The last one that is up ends the domain.")                                        \
    X(VCPUOP_is_up, ANY, void, NONE, IMPLEMENTED,                                                  \
      "Returns 1 if it is up, 0 if not.")                                                          \
    X(VCPUOP_get_runstate_info, ANY, struct vcpu_runstate_info, OUT, IMPLEMENTED,                  \
      "How long it has run, waited for a CPU, slept and been down.")                               \
    X(VCPUOP_register_runstate_memory_area, ANY, struct vcpu_register_runstate_memory_area, IN, IMPLEMENTED,\
      "Keeps a copy of that in the guest's memory.")                                               \
    X(VCPUOP_set_periodic_timer, ANY, struct vcpu_set_periodic_timer, IN, IMPLEMENTED,             \
      "Raises VIRQ_TIMER at regular intervals while it runs.")                                     \
    X(VCPUOP_stop_periodic_timer, ANY, void, NONE, IMPLEMENTED,                                    \
      "Ends that.")                                                                                \
    X(VCPUOP_set_singleshot_timer, ANY, struct vcpu_set_singleshot_timer, IN, IMPLEMENTED,         \
      "Raises VIRQ_TIMER at a system time, for the caller itself.")                                \
    X(VCPUOP_stop_singleshot_timer, ANY, void, NONE, IMPLEMENTED,                                  \
      "Forgets that time.")                                                                        \
    X(VCPUOP_register_vcpu_info, ANY, struct vcpu_register_vcpu_info, IN, IMPLEMENTED,             \
      "Moves its vcpu_info from shared_info to the guest's memory, once.")                         \
    X(VCPUOP_send_nmi, ANY, void, NONE, IMPLEMENTED,                                               \
      "Sends it an NMI.")                                                                          \
    X(VCPUOP_get_physid, ANY, struct vcpu_get_physid, OUT, IMPLEMENTED,                            \
      "The numbers of the CPU that it is pinned to.")                                              \
    X(VCPUOP_register_vcpu_time_memory_area, ANY, struct vcpu_register_time_memory_area, IN, IMPLEMENTED,\
      "Keeps a second copy of its time record in the guest's memory.")

#define XL_SUBOPS_physdev(X)                                                                       \
    X(PHYSDEVOP_irq_status_query, ANY, struct physdev_irq_status_query, INOUT, IMPLEMENTED,        \
      "Says whether an interrupt needs an end-of-interrupt call, and whether it is shared.")       \
    X(PHYSDEVOP_set_iopl, ANY, struct physdev_set_iopl, IN, IMPLEMENTED,                           \
      "Sets the vcpu's I/O privilege level.")                                                      \
    X(PHYSDEVOP_set_iobitmap, ANY, struct physdev_set_iobitmap, IN, IMPLEMENTED,                   \
      "Lends single I/O ports to user space.")                                                     \
    X(PHYSDEVOP_apic_read, CONTROL, struct physdev_apic, INOUT, IMPLEMENTED,                       \
      "Reads a register of an I/O APIC.")                                                          \
    X(PHYSDEVOP_apic_write, CONTROL, struct physdev_apic, IN, IMPLEMENTED,                         \
      "Writes one.")                                                                               \
    X(PHYSDEVOP_alloc_irq_vector, CONTROL, struct physdev_irq, INOUT, IMPLEMENTED,                 \
      "Gives an interrupt line a vector.")                                                         \
    X(PHYSDEVOP_free_irq_vector, CONTROL, struct physdev_irq, IN, ABSENT,                          \
      "Takes it back; Xen dropped it.")                                                            \
    X(PHYSDEVOP_eoi, ANY, struct physdev_eoi, IN, IMPLEMENTED,                                     \
      "Ends the service of an interrupt.")                                                         \
    X(PHYSDEVOP_map_pirq, ANY, struct physdev_map_pirq, INOUT, IMPLEMENTED,                        \
      "Gives an interrupt, of a line or of a PCI device, a number that ports can be bound to.")    \
    X(PHYSDEVOP_unmap_pirq, ANY, struct physdev_unmap_pirq, IN, IMPLEMENTED,                       \
      "Takes the number back.")                                                                    \
    X(PHYSDEVOP_manage_pci_add, CONTROL, struct physdev_manage_pci, IN, IMPLEMENTED,               \
      "Announces a PCI device, by bus and function.")                                              \
    X(PHYSDEVOP_manage_pci_remove, CONTROL, struct physdev_manage_pci, IN, IMPLEMENTED,            \
      "Takes it back.")                                                                            \
    X(PHYSDEVOP_pirq_eoi_gmfn_v1, ANY, struct physdev_pirq_eoi_gmfn, IN, IMPLEMENTED,              \
      "Names a page where the guest sees which interrupts need an end; ends unmask.")              \
    X(PHYSDEVOP_restore_msi, CONTROL, struct physdev_restore_msi, IN, IMPLEMENTED,                 \
      "Writes a device's message-signalled interrupts again after sleep.")                         \
    X(PHYSDEVOP_manage_pci_add_ext, CONTROL, struct physdev_manage_pci_ext, IN, IMPLEMENTED,       \
      "Announces a PCI device with what kind of function it is.")                                  \
    X(PHYSDEVOP_setup_gsi, CONTROL, struct physdev_setup_gsi, IN, IMPLEMENTED,                     \
      "Says how an interrupt line is triggered.")                                                  \
    X(PHYSDEVOP_get_free_pirq, ANY, struct physdev_get_free_pirq, INOUT, IMPLEMENTED,              \
      "Reserves a number for an interrupt.")                                                       \
    X(PHYSDEVOP_pci_mmcfg_reserved, CONTROL, struct physdev_pci_mmcfg_reserved, IN, IMPLEMENTED,   \
      "Says that firmware reserves an area of PCI configuration space.")                           \
    X(PHYSDEVOP_pci_device_add, CONTROL, struct physdev_pci_device_add, IN, IMPLEMENTED,           \
      "Announces a PCI device, with its segment.")                                                 \
    X(PHYSDEVOP_pci_device_remove, CONTROL, struct physdev_pci_device, IN, IMPLEMENTED,            \
      "Takes it back.")                                                                            \
    X(PHYSDEVOP_restore_msi_ext, CONTROL, struct physdev_pci_device, IN, IMPLEMENTED,              \
      "restore_msi with a segment.")                                                               \
    X(PHYSDEVOP_pirq_eoi_gmfn_v2, ANY, struct physdev_pirq_eoi_gmfn, IN, IMPLEMENTED,              \
      "The same page, but ends do not unmask.")                                                    \
    X(PHYSDEVOP_dbgp_op, CONTROL, struct physdev_dbgp_op, IN, IMPLEMENTED,                         \
      "Says that the USB debug port is about to be reset, or was.")                                \
    X(PHYSDEVOP_prepare_msix, CONTROL, struct physdev_pci_device, IN, IMPLEMENTED,                 \
      "Prepares a device for MSI-X, for another domain's use.")                                    \
    X(PHYSDEVOP_release_msix, CONTROL, struct physdev_pci_device, IN, IMPLEMENTED,                 \
      "Ends that.")

#define XL_SUBOPS_xen_version(X)                                                                   \
    X(XENVER_version, ANY, void, NONE, IMPLEMENTED,                                                \
      "Returns the version: major in the upper 16 bits, minor below.")                             \
    X(XENVER_extraversion, ANY, xen_extraversion_t, OUT, IMPLEMENTED,                              \
      "The rest of the version, as text.")                                                         \
    X(XENVER_compile_info, ANY, struct xen_compile_info, OUT, IMPLEMENTED,                         \
      "Compiler, builder and date.")                                                               \
    X(XENVER_capabilities, ANY, xen_capabilities_info_t, OUT, IMPLEMENTED,                         \
      "The kinds of guest that it can run.")                                                       \
    X(XENVER_changeset, ANY, xen_changeset_info_t, OUT, IMPLEMENTED,                               \
      "The state of the source, as text.")                                                         \
    X(XENVER_platform_parameters, ANY, struct xen_platform_parameters, OUT, IMPLEMENTED,           \
      "Where the hypervisor's range of addresses begins.")                                         \
    X(XENVER_get_features, ANY, struct xen_feature_info, INOUT, IMPLEMENTED,                       \
      "One submap of the XENFEAT bits.")                                                           \
    X(XENVER_pagesize, ANY, void, NONE, IMPLEMENTED,                                               \
      "Returns the size of a page in bytes.")                                                      \
    X(XENVER_guest_handle, ANY, xen_domain_handle_t, OUT, IMPLEMENTED,                             \
      "The domain's UUID.")                                                                        \
    X(XENVER_commandline, CONTROL, xen_commandline_t, OUT, IMPLEMENTED,                            \
      "The hypervisor's command line.")                                                            \
    X(XENVER_build_id, CONTROL, struct xen_build_id, INOUT, IMPLEMENTED,                           \
      "The linker's build id.")

#define XL_SUBOPS_console_io(X)                                                                    \
    X(CONSOLEIO_write, CONTROL, char, IN, IMPLEMENTED,                                             \
      "Writes count bytes.")                                                                       \
    X(CONSOLEIO_read, CONTROL, char, OUT, IMPLEMENTED,                                             \
      "Reads up to count bytes that have arrived; returns how many.")

#define XL_SUBOPS_vm_assist(X)                                                                     \
    X(VMASST_CMD_enable, ANY, void, NONE, IMPLEMENTED,                                             \
      "Switches an assist on.")                                                                    \
    X(VMASST_CMD_disable, ANY, void, NONE, IMPLEMENTED,                                            \
      "Switches an assist off.")

#define XL_SUBOPS_nmi(X)                                                                           \
    X(XENNMI_register_callback, ANY, struct xennmi_callback, IN, IMPLEMENTED,                      \
      "Sets the handler of NMIs, vector 2, which masks upcalls.")                                  \
    X(XENNMI_unregister_callback, ANY, void, NONE, IMPLEMENTED,                                    \
      "Takes it away.")

#define XL_SUBOPS_callback(X)                                                                      \
    X(CALLBACKOP_register, ANY, struct callback_register, IN, IMPLEMENTED,                         \
      "Sets one entry point, and whether it masks upcalls.")                                       \
    X(CALLBACKOP_unregister, ANY, struct callback_unregister, IN, IMPLEMENTED,                     \
      "Takes the handler of NMIs away; no other kind can be.")

#define XL_SUBOPS_event_channel(X)                                                                 \
    X(EVTCHNOP_bind_interdomain, ANY, struct evtchn_bind_interdomain, INOUT, IMPLEMENTED,          \
      "Connects a new port to one of a domain that waits for it.")                                 \
    X(EVTCHNOP_bind_virq, ANY, struct evtchn_bind_virq, INOUT, IMPLEMENTED,                        \
      "A new port for a virtual interrupt.")                                                       \
    X(EVTCHNOP_bind_pirq, ANY, struct evtchn_bind_pirq, INOUT, IMPLEMENTED,                        \
      "A new port for a physical interrupt.")                                                      \
    X(EVTCHNOP_close, ANY, struct evtchn_close, IN, IMPLEMENTED,                                   \
      "Closes a port; the other end waits again.")                                                 \
    X(EVTCHNOP_send, ANY, struct evtchn_send, IN, IMPLEMENTED,                                     \
      "Sends an event to the other end.")                                                          \
    X(EVTCHNOP_status, ANY, struct evtchn_status, INOUT, IMPLEMENTED,                              \
      "Says what a port is bound to, and to which vcpu.")                                          \
    X(EVTCHNOP_alloc_unbound, ANY, struct evtchn_alloc_unbound, INOUT, IMPLEMENTED,                \
      "A new port that waits for a domain to connect.")                                            \
    X(EVTCHNOP_bind_ipi, ANY, struct evtchn_bind_ipi, INOUT, IMPLEMENTED,                          \
      "A new port from one vcpu of the domain to another.")                                        \
    X(EVTCHNOP_bind_vcpu, ANY, struct evtchn_bind_vcpu, IN, IMPLEMENTED,                           \
      "Moves a port to another vcpu.")                                                             \
    X(EVTCHNOP_unmask, ANY, struct evtchn_unmask, IN, IMPLEMENTED,                                 \
      "Unmasks a port, and delivers what it held back.")                                           \
    X(EVTCHNOP_reset, ANY, struct evtchn_reset, IN, IMPLEMENTED,                                   \
      "Closes all ports, and returns to the two-level ABI.")                                       \
    X(EVTCHNOP_init_control, ANY, struct evtchn_init_control, INOUT, IMPLEMENTED,                  \
      "Begins with the FIFO ABI: the control block of a vcpu.")                                    \
    X(EVTCHNOP_expand_array, ANY, struct evtchn_expand_array, IN, IMPLEMENTED,                     \
      "Adds a page of event words.")                                                               \
    X(EVTCHNOP_set_priority, ANY, struct evtchn_set_priority, IN, IMPLEMENTED,                     \
      "Sets the queue of a port.")

#define XL_SUBOPS_grant_table(X)                                                                   \
    X(GNTTABOP_map_grant_ref, ANY, struct gnttab_map_grant_ref, INOUT, IMPLEMENTED,                \
      "Maps what another domain granted.")                                                         \
    X(GNTTABOP_unmap_grant_ref, ANY, struct gnttab_unmap_grant_ref, INOUT, IMPLEMENTED,            \
      "Ends such a mapping.")                                                                      \
    X(GNTTABOP_setup_table, ANY, struct gnttab_setup_table, INOUT, IMPLEMENTED,                    \
      "Lists the frames of a domain's grant table, which grows to as many.")                       \
    X(GNTTABOP_dump_table, ANY, struct gnttab_dump_table, INOUT, ABSENT,                           \
      "Showed a table on the console: -ENOSYS, as since Xen dropped it.")                          \
    X(GNTTABOP_transfer, ANY, struct gnttab_transfer, INOUT, IMPLEMENTED,                          \
      "Gives a frame to a domain that accepts it.")                                                \
    X(GNTTABOP_copy, ANY, struct gnttab_copy, INOUT, IMPLEMENTED,                                  \
      "Copies between frames that are own or granted.")                                            \
    X(GNTTABOP_query_size, ANY, struct gnttab_query_size, INOUT, IMPLEMENTED,                      \
      "Says how large a domain's table is, and may become.")                                       \
    X(GNTTABOP_unmap_and_replace, ANY, struct gnttab_unmap_and_replace, INOUT, IMPLEMENTED,        \
      "Puts another mapping in the place of a granted one.")                                       \
    X(GNTTABOP_set_version, ANY, struct gnttab_set_version, INOUT, IMPLEMENTED,                    \
      "Chooses the form of the table, 1 or 2.")                                                    \
    X(GNTTABOP_get_status_frames, ANY, struct gnttab_get_status_frames, INOUT, IMPLEMENTED,        \
      "Lists the frames with the flags of use, of version 2.")                                     \
    X(GNTTABOP_get_version, ANY, struct gnttab_get_version, INOUT, IMPLEMENTED,                    \
      "Says which form a domain's table has.")                                                     \
    X(GNTTABOP_swap_grant_ref, ANY, struct gnttab_swap_grant_ref, INOUT, IMPLEMENTED,              \
      "Exchanges two entries that are not in use.")                                                \
    X(GNTTABOP_cache_flush, ANY, struct gnttab_cache_flush, IN, IMPLEMENTED,                       \
      "Writes back what caches hold of a granted frame.")

#define XL_SUBOPS_platform(X)                                                                      \
    X(XENPF_settime32, CONTROL, struct xenpf_settime32, IN, IMPLEMENTED,                           \
      "settime64 with 32 bits of seconds.")                                                        \
    X(XENPF_add_memtype, CONTROL, struct xenpf_add_memtype, INOUT, ABSENT,                         \
      "Gives a range of memory a type by an MTRR.")                                                \
    X(XENPF_del_memtype, CONTROL, struct xenpf_del_memtype, IN, ABSENT,                            \
      "Takes it back.")                                                                            \
    X(XENPF_read_memtype, CONTROL, struct xenpf_read_memtype, INOUT, ABSENT,                       \
      "Reads an MTRR.")                                                                            \
    X(XENPF_microcode_update, CONTROL, struct xenpf_microcode_update, IN, ABSENT,                         \
      "Loads microcode into the CPUs.")                                                            \
    X(XENPF_platform_quirk, CONTROL, struct xenpf_platform_quirk, IN, ABSENT,                      \
      "Tells of a flaw of the chipset.")                                                           \
    X(XENPF_get_cpu_version, CONTROL, struct xenpf_pcpu_version, INOUT, IMPLEMENTED,               \
      "Vendor, family, model and stepping of a CPU.")                                              \
    X(XENPF_efi_runtime_call, CONTROL, struct xenpf_efi_runtime_call, INOUT, ABSENT,               \
      "Calls EFI's services; -ENOSYS on Xen too when not booted by EFI.")                          \
    X(XENPF_firmware_info, CONTROL, struct xenpf_firmware_info, INOUT, IMPLEMENTED,                \
      "What the firmware knows: disks, screen, keyboard.")                                         \
    X(XENPF_enter_acpi_sleep, CONTROL, struct xenpf_enter_acpi_sleep, IN, ABSENT,                  \
      "Puts the machine to sleep.")                                                                \
    X(XENPF_change_freq, CONTROL, struct xenpf_change_freq, IN, ABSENT,                            \
      "Changes a CPU's frequency; -ENOSYS on Xen too by default.")                                 \
    X(XENPF_getidletime, CONTROL, struct xenpf_getidletime, INOUT, ABSENT,                         \
      "Idle times of CPUs; -ENOSYS on Xen too by default.")                                        \
    X(XENPF_set_processor_pminfo, CONTROL, struct xenpf_set_processor_pminfo, IN, ABSENT,          \
      "Tells what ACPI says of a CPU's power states.")                                             \
    X(XENPF_get_cpuinfo, CONTROL, struct xenpf_pcpuinfo, INOUT, IMPLEMENTED,                       \
      "Says which physical CPUs there are.")                                                       \
    X(XENPF_cpu_online, CONTROL, struct xenpf_cpu_ol, IN, IMPLEMENTED,                             \
      "Brings a physical CPU up.")                                                                 \
    X(XENPF_cpu_offline, CONTROL, struct xenpf_cpu_ol, IN, IMPLEMENTED,                            \
      "Takes it down.")                                                                            \
    X(XENPF_cpu_hotadd, CONTROL, struct xenpf_cpu_hotadd, IN, ABSENT,                              \
      "Announces a new CPU.")                                                                      \
    X(XENPF_mem_hotadd, CONTROL, struct xenpf_mem_hotadd, IN, ABSENT,                              \
      "Announces new memory.")                                                                     \
    X(XENPF_core_parking, CONTROL, struct xenpf_core_parking, INOUT, IMPLEMENTED,                  \
      "Lets some CPUs idle.")                                                                      \
    X(XENPF_resource_op, CONTROL, struct xenpf_resource_op, INOUT, ABSENT,                         \
      "Reads and writes some MSRs of a CPU.")                                                      \
    X(XENPF_settime64, CONTROL, struct xenpf_settime64, IN, IMPLEMENTED,                           \
      "Sets the time of day.")                                                                     \
    X(XENPF_get_symbol, CONTROL, struct xenpf_symdata, INOUT, ABSENT,                              \
      "Reads the hypervisor's table of symbols.")

#define XL_SUBOPS_intercept(X)                                                                     \
    X(XL_INTERCEPT_redirect, CONTROL, struct xl_redirect, IN, IMPLEMENTED,                         \
      "Assigns, updates, deassigns the redirection of a port, or resets a domain's.")              \
    X(XL_INTERCEPT_redirect_get, CONTROL, struct xl_redirect, INOUT, IMPLEMENTED,                  \
      "Reads the first one from a port on.")                                                       \
    X(XL_INTERCEPT_rule_add, CONTROL, struct xl_rule, INOUT, IMPLEMENTED,                          \
      "Adds a rule behind all others.")                                                            \
    X(XL_INTERCEPT_rule_get, CONTROL, struct xl_rule, INOUT, IMPLEMENTED,                          \
      "Reads the first one from a number on, with its counters.")                                  \
    X(XL_INTERCEPT_rule_delete, CONTROL, struct xl_rule, IN, IMPLEMENTED,                          \
      "Deletes a rule; what it holds goes on.")                                                    \
    X(XL_INTERCEPT_rule_release, CONTROL, struct xl_release, INOUT, IMPLEMENTED,                   \
      "Lets events go that a rule holds.")                                                         \
    X(XL_INTERCEPT_inject, CONTROL, struct xl_inject, IN, IMPLEMENTED,                             \
      "Raises an event that nobody sent.")                                                         \
    X(XL_INTERCEPT_reset, CONTROL, struct xl_inject, IN, IMPLEMENTED,                              \
      "Drops rules and redirections of a domain, or all.")                                         \
    X(XL_INTERCEPT_read_log, CONTROL, struct xl_log, INOUT, IMPLEMENTED,                           \
      "Reads what rules wrote.")                                                                   \
    X(XL_INTERCEPT_trace, CONTROL, struct xl_trace_record, IN, IMPLEMENTED,                        \
      "Writes a record of the control domain's into the trace.")                                   \
    X(XL_INTERCEPT_sleeps, CONTROL, struct xl_sleeps, INOUT, IMPLEMENTED,                          \
      "Tells whether a domain waits for what nobody is about to send.")
/* clang-format on */

#endif
