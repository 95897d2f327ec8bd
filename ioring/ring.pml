/*
 * The protocol of ring.h as a model: one frontend, one backend, all orders of their steps. `make
 * check` lets spin walk through every state (tools/check), and sees that there is
 *
 *   no lost wakeup   in no reachable state do both ends sleep with work left: the frontend's only
 *                    valid end is behind its last response, and anything else that stands still is
 *                    an "invalid end state"
 *   no overrun       an entry is only ever free, requested, taken, answered, free: each access
 *                    asserts what it finds
 *
 * A step is one access of memory that the other can see. Indices wrap at 8 in place of 2^32 and
 * begin just before that. Notifications are a bit that is set, as an event channel's.
 *
 * A model that cannot fail shows nothing: each of the words below, defined, takes one necessary
 * thing away, and make check wants an error from every one of them.
 *
 * VARIANTS: NO_BARRIER NO_SECOND_LOOK NO_ROOM_CHECK EVENT_OF_NOW PASSES_AT_LAST_ONLY
 */
#define SIZE    2
#define ENTRIES 5
#define WRAP    8
#define FIRST   6

#define PLACE(i)      ((i) % SIZE)
#define NEXT(i, n)    (((i) + (n)) % WRAP)
#define AHEAD(i, j)   (((i) + WRAP - (j)) % WRAP)

#ifdef PASSES_AT_LAST_ONLY
#define PASSES(old, new, event) (AHEAD(new, event) == 0)
#else
#define PASSES(old, new, event) (AHEAD(new, event) < AHEAD(new, old))
#endif

mtype = { FREE, REQUESTED, TAKEN, ANSWERED };

mtype place[SIZE] = FREE;
byte req_prod = FIRST, req_event = NEXT(FIRST, 1);
byte rsp_prod = FIRST, rsp_event = NEXT(FIRST, 1);
bool wake_front, wake_back;

/* Without a barrier a store waits in its CPU's buffer while that CPU's next load overtakes it. */
#ifdef NO_BARRIER
bool front_buffered, back_buffered;
byte front_buffer, back_buffer;

#define PUBLISH_REQ_PROD(i)  atomic { !front_buffered -> front_buffer = i; front_buffered = true }
#define PUBLISH_REQ_EVENT(i) atomic { !back_buffered -> back_buffer = i; back_buffered = true }

active proctype memory()
{
end:
    do
    :: atomic { front_buffered -> req_prod = front_buffer; front_buffered = false }
    :: atomic { back_buffered -> req_event = back_buffer; back_buffered = false }
    od
}
#else
#define PUBLISH_REQ_PROD(i)  req_prod = i
#define PUBLISH_REQ_EVENT(i) req_event = i
#endif

#ifdef EVENT_OF_NOW
#define EVENT(cons, after) cons
#else
#define EVENT(cons, after) NEXT(cons, after)
#endif

#ifdef NO_ROOM_CHECK
#define ROOM (1)
#else
#define ROOM (AHEAD(prod, cons) < SIZE)
#endif

active proctype front()
{
    byte prod = FIRST, pushed = FIRST, cons = FIRST, sent = 0, done = 0, seen, after;

    do
    :: sent < ENTRIES && ROOM -> /* put; and perhaps another before the push */
        atomic {
            assert(place[PLACE(prod)] == FREE);
            place[PLACE(prod)] = REQUESTED;
            prod = NEXT(prod, 1);
            sent++
        }
    :: prod != pushed -> /* push */
        PUBLISH_REQ_PROD(prod);
        if
        :: PASSES(pushed, prod, req_event) -> wake_back = true
        :: else
        fi;
        pushed = prod
    :: prod == pushed && done < ENTRIES && (sent == ENTRIES || !ROOM) -> /* take what there is */
        seen = rsp_prod;
        do
        :: cons != seen ->
            atomic {
                assert(place[PLACE(cons)] == ANSWERED);
                place[PLACE(cons)] = FREE;
                cons = NEXT(cons, 1);
                done++
            }
        :: else -> break
        od;
        if
        :: done == ENTRIES || (sent < ENTRIES && ROOM)
        :: else -> /* final_check, for the next or for all that are out; sleep */
            if
            :: after = 1
            :: after = AHEAD(pushed, cons)
            fi;
            rsp_event = EVENT(cons, after);
#ifndef NO_SECOND_LOOK
            if
            :: rsp_prod != cons
            :: rsp_prod == cons -> atomic { wake_front -> wake_front = false }
            fi
#else
            atomic { wake_front -> wake_front = false }
#endif
        fi
    :: done == ENTRIES -> break
    od
}

active proctype back()
{
    byte prod = FIRST, pushed = FIRST, cons = FIRST, seen;

    do
    :: seen = req_prod;
        do
        :: cons != seen -> /* take */
            atomic {
                assert(place[PLACE(cons)] == REQUESTED);
                place[PLACE(cons)] = TAKEN;
                cons = NEXT(cons, 1)
            }
        :: prod != cons -> /* answer; and perhaps another before the push */
            atomic {
                assert(place[PLACE(prod)] == TAKEN);
                place[PLACE(prod)] = ANSWERED;
                prod = NEXT(prod, 1)
            }
        :: prod != pushed -> /* push */
            rsp_prod = prod;
            if
            :: PASSES(pushed, prod, rsp_event) -> wake_front = true
            :: else
            fi;
            pushed = prod
        :: cons == seen && prod == cons && prod == pushed -> break
        od;
        PUBLISH_REQ_EVENT(EVENT(cons, 1)); /* final_check */
#ifndef NO_SECOND_LOOK
        if
        :: req_prod != cons
        :: req_prod == cons ->
end_asleep:
            atomic { wake_back -> wake_back = false }
        fi
#else
end_asleep:
        atomic { wake_back -> wake_back = false }
#endif
    od
}
