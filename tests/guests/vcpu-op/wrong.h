/* What is wrong with a context: the parts of this test that each width has its own of. */
#ifndef TESTS_GUESTS_VCPU_OP_WRONG_H
#define TESTS_GUESTS_VCPU_OP_WRONG_H

#include "tests/guests/vcpus.h"

/* A word of the context, and what is wrong with it. */
struct wrong {
    const char *name;
    size_t offset;
    unsigned long value;
};

#define FIELD(field) offsetof(struct vcpu_guest_context, field)

/* The last one has no name. */
extern const struct wrong wrongs_of_width[];

#endif
