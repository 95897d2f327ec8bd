/* A vif's life: what a store and a backend can do to it. Prints rows. */
#ifndef TESTS_GUESTS_NETFRONT_LIFE_H
#define TESTS_GUESTS_NETFRONT_LIFE_H

#define LONG (20 * NS_PER_SECOND) /* what should come never takes so long */

void say_life(void);

#endif
