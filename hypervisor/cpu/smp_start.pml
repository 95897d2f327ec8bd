/*
 * How CPU 0 brings up the others, one after the other, with one word of state for all (smp_start.c),
 * as a model: two CPUs come after each other, all orders of their steps and CPU 0's. `make check`
 * lets spin walk through every state, and sees that
 *
 *   nobody answers for another    an answer is only ever given by the CPU that CPU 0 is talking to
 *   all come through              in no reachable state does anyone wait for what never comes
 *
 * The word below, defined, takes away that CPU 0 waits until its last word was heard: then a CPU that
 * looks too late takes the next word for its own, and the last one may wait for ever.
 *
 * VARIANTS: LAST_WORD_IS_NOT_AWAITED
 */
#define OTHERS 2
#define ROUNDS 2
#define NOBODY 0

mtype = { COMES, ASKED, ANSWERS, SET_TSC, GOES, LEFT_OUT, GONE };

mtype state;
byte expected = NOBODY, coming = NOBODY;

inline say(word)
{
    state = word;
    state != word
}

active proctype boot_cpu()
{
    byte rounds;

    do
    :: coming < OTHERS ->
        state = COMES;
        atomic { coming++; expected = coming };
        expected == NOBODY;
        state != COMES;
        rounds = 0;
        do
        :: rounds < ROUNDS -> say(ASKED); rounds++
        :: rounds == ROUNDS -> say(SET_TSC); break
        :: rounds == ROUNDS -> break
        od;
        if
        :: state = GOES
        :: state = LEFT_OUT
        fi;
#ifndef LAST_WORD_IS_NOT_AWAITED
        state == GONE
#endif
    :: else -> break
    od
}

active [OTHERS] proctype other_cpu()
{
    mtype seen = ANSWERS;

    expected == _pid;
    expected = NOBODY;
    do
    :: seen == GOES || seen == LEFT_OUT -> break
    :: else ->
        assert(coming == _pid);
        state = ANSWERS;
        atomic { state != ANSWERS -> seen = state }
    od;
    state = GONE
}
