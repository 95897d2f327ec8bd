/*
 * What a frame's stamp says when it becomes a table (tlb.h, tlb_stamp), as a model: two CPUs map a
 * frame, write to it, flush for whatever reason and unmap it again, in all orders of their steps;
 * when nobody maps it a third makes it a table. Who gives a use back may stand still between any
 * two steps. spin walks through every state, and sees that
 *
 *   no CPU that need not flush, by the stamp, still knows a translation that writes the table
 *
 * The words below, each defined by itself, take away: that every use that goes stamps, and not the
 * last alone (a count that was 1, 2, and is 1 again looks as if nothing had been); and that the clock
 * is looked at again behind the stamp (which may have been written late, over a newer one).
 *
 * VARIANTS: ONLY_THE_LAST_STAMPS THE_CLOCK_IS_READ_ONCE
 */
#define CPUS   2
#define ROUNDS 2

byte tlb_clock = 1, epoch, uses;
bool is_table;
bool knows[CPUS];
byte flushed[CPUS] = 1;

inline stamp()
{
    now = tlb_clock;
    do
    :: epoch = now;
       before = now;
#ifdef THE_CLOCK_IS_READ_ONCE
       break
#else
       now = tlb_clock;
       if
       :: now == before -> break
       :: else
       fi
#endif
    od
}

inline flush()
{
    atomic { tlb_clock++; now = tlb_clock };
    knows[_pid] = false;
    flushed[_pid] = now
}

active [CPUS] proctype cpu()
{
    byte now, before, seen, rounds;

    do
    :: rounds < ROUNDS ->
        rounds++;
        if
        :: atomic { !is_table -> uses++ }
        :: is_table -> break
        fi;
        knows[_pid] = true;
        if
        :: flush(); knows[_pid] = true
        :: flush()
        :: skip
        fi;
        /* The entry has gone; the use is given back by a compare-and-exchange. */
#ifndef ONLY_THE_LAST_STAMPS
        stamp();
#endif
        do
        :: seen = uses;
#ifdef ONLY_THE_LAST_STAMPS
           if
           :: seen == 1 -> stamp()
           :: else
           fi;
#endif
           if
           :: atomic { uses == seen -> uses = seen - 1 }; break
           :: uses != seen
           fi
        od
    :: else -> break
    od
}

active proctype retyper()
{
    byte c, stamped;

    atomic { uses == 0 -> is_table = true };
    stamped = epoch;
    do
    :: c < CPUS ->
        if
        :: flushed[c] > stamped -> assert(!knows[c])
        :: else /* it is asked to flush */
        fi;
        c++
    :: else -> break
    od
}
