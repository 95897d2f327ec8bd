/*
 * The calls that a 32-bit guest makes in a form of its own: 64-bit arguments come in two registers,
 * the lower half first; a code address comes with its selector; and a list of calls has words of
 * 32 bits. All others are the functions of hypercalls.h.
 *
 * A call NAME has a form hc32_NAME if HC32_NAME is defined here, to a comma and that function
 * (dispatch.c takes what stands behind the first comma).
 */
#ifndef HYPERCALLS_CALLS32_H
#define HYPERCALLS_CALLS32_H

#include "hypercalls/hypercalls.h"

#define HC32_set_trap_table                , hc32_set_trap_table
#define HC32_stack_switch                  , hc32_stack_switch
#define HC32_set_callbacks                 , hc32_set_callbacks
#define HC32_update_descriptor             , hc32_update_descriptor
#define HC32_mmuext_op                     , hc32_mmuext_op
#define HC32_memory_op                     , hc32_memory_op
#define HC32_multicall                     , hc32_multicall
#define HC32_update_va_mapping             , hc32_update_va_mapping
#define HC32_update_va_mapping_otherdomain , hc32_update_va_mapping_otherdomain
#define HC32_set_timer_op                  , hc32_set_timer_op
#define HC32_callback_op                   , hc32_callback_op
#define HC32_iret                          , hc_iret32

long hc32_set_trap_table(unsigned long list);
long hc32_stack_switch(unsigned long ss, unsigned long sp);
long hc32_set_callbacks(unsigned long event_cs, unsigned long event, unsigned long failsafe_cs,
                        unsigned long failsafe);
long hc32_update_descriptor(unsigned long ma_low, unsigned long ma_high, unsigned long low,
                            unsigned long high);
long hc32_memory_op(unsigned long cmd, unsigned long arg);
long hc32_mmuext_op(unsigned long ops, unsigned long count, unsigned long pdone,
                    unsigned long foreigndom);
long hc32_multicall(unsigned long list, unsigned long count);
long hc32_update_va_mapping(unsigned long va, unsigned long low, unsigned long high,
                            unsigned long flags);
long hc32_update_va_mapping_otherdomain(unsigned long va, unsigned long low, unsigned long high,
                                        unsigned long flags, unsigned long id);
long hc32_set_timer_op(unsigned long low, unsigned long high);
long hc32_callback_op(unsigned long cmd, unsigned long arg);
long hc_iret32(void); /* cpu/entry32.asm */

#endif
