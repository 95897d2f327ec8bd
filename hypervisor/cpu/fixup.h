/*
 * Instructions that may fault in ring 0: text for the end of an asm goto whose instruction has the
 * local label 1. If it faults, control goes to the C label @fault, with nothing done.
 */
#ifndef HYPERVISOR_CPU_FIXUP_H
#define HYPERVISOR_CPU_FIXUP_H

#define FIXUP(fault)                                                                               \
    "\n\t.pushsection .ex_table, \"a\"\n\t"                                                        \
    ".balign 4\n\t"                                                                                \
    ".long 1b - ., %l[" #fault "] - .\n\t"                                                         \
    ".popsection"

#endif
