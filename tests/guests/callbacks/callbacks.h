/* The parts of this test: calls, and what the callbacks do. */
#ifndef TESTS_GUESTS_CALLBACKS_CALLBACKS_H
#define TESTS_GUESTS_CALLBACKS_CALLBACKS_H

long callback_unregister(unsigned int type);
void say_runs(void);

#endif
