/* What tests/guests/grant-domains and its peer agree on: references and results. */
#ifndef TESTS_GUESTS_GRANT_PEER_PEER_H
#define TESTS_GUESTS_GRANT_PEER_PEER_H

/* The first domain grants to the peer: a page, another for reading; and one to somebody else. */
#define OURS_RW      100
#define OURS_RO      101
#define OURS_NOT     102
#define OURS_SECOND  103
#define OURS_CHANGES 104

/* The peer grants to the first domain. */
#define THEIRS_RW      20
#define THEIRS_RO      21
#define THEIRS_RESULTS 22
#define THEIRS_PASSED  23 /* version 2: OURS_RO, passed on */

/* What the peer was answered, in the page of THEIRS_RESULTS. */
#define RESULTS(X)                                                                                 \
    X(map_rw)                                                                                      \
    X(map_device)                                                                                  \
    X(map_ro)                                                                                      \
    X(map_ro_to_write)                                                                             \
    X(map_of_another)                                                                              \
    X(map_never_granted)                                                                           \
    X(read_rw)                                                                                     \
    X(read_ro)                                                                                     \
    X(map_by_mmu_update)                                                                           \
    X(entry_copied)                                                                                \
    X(copy_from_ro)                                                                                \
    X(copied)                                                                                      \
    X(copy_to_ro)                                                                                  \
    X(copy_to_second)                                                                              \
    X(copy_of_frame)                                                                               \
    X(copy_of_frame_behind_grant)                                                                  \
    X(setup_of_first)                                                                              \
    X(size_of_first)                                                                               \
    X(version_of_first)                                                                            \
    X(resource_of_first)                                                                           \
    X(no_handle)                                                                                   \
    X(version)                                                                                     \
    X(done)

#define RESULT_NUMBER(name) RESULT_##name,
enum result {
    RESULTS(RESULT_NUMBER) RESULT_COUNT
};

#endif
