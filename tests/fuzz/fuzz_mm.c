/*
 * The memory core under a fuzzer: each input is a storm (tests/host/storm.h) on a small machine.
 *
 * Each step has a record of its own in the input and draws its numbers from that, so that a byte
 * changed, a record inserted or two inputs crossed change some steps and leave the others what they
 * were. Coverage of the code alone would soon be complete; so what is also new to the fuzzer is a
 * frame that goes, by one kind of call, from one state to another that no frame has gone to before.
 */
#include "tests/fuzz/replay.h"
#include "tests/host/storm.h"
#include "tests/host/storm_state.h"

#define FRAMES     112 /* 16 + 32 + 64: the allocator has one block of each order, in one order */
#define DOMAIN_MAX 48
#define RECORD                                                                                     \
    24 /* bytes; an mmu_update of three requests has use for more, most calls for less             \
        */
#define STEPS_MAX 200

/* libFuzzer looks here for events of the target's own. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t seen[1 << 14];

static u64 words[FRAMES + 2 * MACHINE_HOLE]; /* of all frames, as they were a step ago */

/* A frame's word with its counts as 0, 1, 2 or "more": 12 bits. */
static u64 word_kind(u64 w)
{
    u64 refs = w & FRAME_REF_MASK, types = frame_type_count(w);

    return (w >> 54 & 0xff) << 4 | (types < 3 ? types : 3) << 2 | (refs < 3 ? refs : 3);
}

static bool code_only; /* of no news but code that was not run before */

static void transitions_note(unsigned op, long rc)
{
    if (code_only)
        return;
    for (u64 n = 0; n < frames_max; n++) {
        u64 w = frame_table[n].word, key;

        if (w == words[n])
            continue;
        key = word_kind(words[n]) << 20 | word_kind(w) << 6 | op << 1 | !rc;
        seen[key * 0x9e3779b97f4a7c15UL >> 50] = 1;
        words[n] = w;
    }
}

static void machine_once(void)
{
    static bool made;

    if (made)
        return;
    made = true;
    machine_quiet = !getenv("VERBOSE");
    code_only = getenv("FUZZ_CODE_ONLY");
    machine_frames = FRAMES;
    assert_int_equal(machine_setup(NULL), 0);
    assert_int_equal(state_setup(), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    machine_once();
    storm_begin(DOMAIN_MAX, 0);
    for (u64 n = 0; n < frames_max; n++)
        words[n] = frame_table[n].word;
    for (size_t at = 0; at < size && at < STEPS_MAX * RECORD; at += RECORD) {
        const char *wrong;
        unsigned op;
        long rc;

        machine_random_from(data + at, size - at < RECORD ? size - at : RECORD);
        wrong = storm_step(&op, &rc);
        if (wrong)
            fail_msg("step %zu, %s: %s", at / RECORD, storm_calls[op].name, wrong);
        transitions_note(op, rc);
    }
    machine_random_from(NULL, 0);
    storm_end();
    assert_int_equal(machine_all_free(NULL), 0);
    return 0;
}
