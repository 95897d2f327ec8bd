/*
 * fault_catch in two halves: fault_run (entry.asm) notes where the stack stood, and when a trap
 * comes, fault_divert rewrites the trap's frame so that returning from it lands in fault_resume
 * with that stack. `faults` is the chain of calls under way; each thread has its own (a change of
 * threads swaps it), and trap handlers run to their end, so nothing else touches it meanwhile. A
 * scope is in it only while that stack is: an NMI may strike at any instruction here.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/vcpu.h"

#define RFLAGS_TF 0x100u
#define RFLAGS_DF 0x400u
#define RFLAGS_AC 0x40000u

struct fault_scope {
    unsigned long sp;
    void (*body)(void *arg);
    void *arg;
    struct vcpu *self; /* kept: the body may have played with GS */
    struct fault fault;
    struct fault_scope *outer;
};

extern const char fault_resume[];
bool fault_run(unsigned long *sp, void (*body)(void *), void *arg);

static void scope_run(void *arg)
{
    struct fault_scope *scope = arg;

    scope->self->faults = scope;
    scope->body(scope->arg);
    scope->self->faults = scope->outer;
}

struct fault fault_catch(void (*body)(void *arg), void *arg)
{
    struct vcpu *self = vcpu_self();
    struct fault_scope scope = {.body = body, .arg = arg, .self = self, .outer = self->faults};

    fault_run(&scope.sp, scope_run, &scope);
    return scope.fault;
}

bool fault_divert(struct trap_frame *frame)
{
    struct vcpu *self = vcpu_self();
    struct fault_scope *scope = self->faults;

    if (!scope)
        return false;
    scope->fault = (struct fault){
        .taken = true,
        .vector = (u32)frame->vector,
        .error = (u32)frame->error,
        .address = frame->vector == VECTOR_PF ? trap_fault_address() : 0,
        .rip = frame->rip,
    };
    self->faults = scope->outer; /* a second trap belongs to whoever is outside */
    frame_divert(frame, fault_resume, scope->sp);
    frame->rflags &= ~(unsigned long)(RFLAGS_TF | RFLAGS_DF | RFLAGS_AC);
    return true;
}

struct probe {
    volatile unsigned long *address;
    unsigned long value;
};

static void probe_load(void *arg)
{
    struct probe *probe = arg;

    probe->value = *probe->address;
}

static void probe_store(void *arg)
{
    struct probe *probe = arg;

    *probe->address = probe->value;
}

struct fault probe_read(const void *address, unsigned long *value)
{
    struct probe probe = {.address = (volatile unsigned long *)address};
    struct fault fault = fault_catch(probe_load, &probe);

    if (!fault.taken)
        *value = probe.value;
    return fault;
}

struct fault probe_write(void *address, unsigned long value)
{
    struct probe probe = {.address = address, .value = value};

    return fault_catch(probe_store, &probe);
}
