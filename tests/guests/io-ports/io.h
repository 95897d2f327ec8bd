/* Running one I/O instruction in the kernel or in user space, and saying what came of it. */
#ifndef TESTS_GUESTS_IO_PORTS_IO_H
#define TESTS_GUESTS_IO_PORTS_IO_H

#include "tests/guests/user_space.h"

struct io {
    const void *snippet;
    struct io_registers {
        u64 rax, rcx, rdx, rsi, rdi, rflags;
    } registers;
};

#define SNIPPETS(X)                                                                                \
    X(in8)                                                                                         \
    X(in16)                                                                                        \
    X(in32)                                                                                        \
    X(in32_wide)                                                                                   \
    X(in32_both)                                                                                   \
    X(in32_rex_lost)                                                                               \
    X(in8_given)                                                                                   \
    X(in32_given)                                                                                  \
    X(in8_rep)                                                                                     \
    X(out8)                                                                                        \
    X(out16)                                                                                       \
    X(out32)                                                                                       \
    X(out8_given)                                                                                  \
    X(out32_given)                                                                                 \
    X(ins8)                                                                                        \
    X(ins16)                                                                                       \
    X(ins32)                                                                                       \
    X(ins32_wide)                                                                                  \
    X(rep_ins8)                                                                                    \
    X(rep_ins16)                                                                                   \
    X(rep_ins32)                                                                                   \
    X(repne_ins8)                                                                                  \
    X(fs_ins8)                                                                                     \
    X(a32_ins8)                                                                                    \
    X(a32_rep_ins8)                                                                                \
    X(outs8)                                                                                       \
    X(outs16)                                                                                      \
    X(outs32)                                                                                      \
    X(rep_outs8)                                                                                   \
    X(rep_outs16)                                                                                  \
    X(rep_outs32)                                                                                  \
    X(fs_outs32)                                                                                   \
    X(gs_outs32)                                                                                   \
    X(fs_ds_outs32)                                                                                \
    X(ss_outs32)                                                                                   \
    X(a32_outs32)                                                                                  \
    X(a32_fs_rep_outs32)                                                                           \
    X(lock_in8)                                                                                    \
    X(cli)                                                                                         \
    X(sti)                                                                                         \
    X(clts)                                                                                        \
    X(cpuid_forced)
#define DECLARE(name) extern const char io_##name[];
SNIPPETS(DECLARE)
#undef DECLARE

#define RAX_FIRST 0x1122334455667788ull
#define RFLAGS_TF 0x100ull
#define RFLAGS_DF 0x400ull

/* A snippet with port and, where they matter, rcx, rsi, rdi, rflags. */
#define IO(name, port, ...) IO_(name, port, __VA_ARGS__ __VA_OPT__(, ) 0, 0, 0, 0)
#define IO_(name, port, c, s, d, f, ...)                                                           \
    (&(const struct io){io_##name,                                                                 \
                        {RAX_FIRST, c, port, (u64)(uintptr_t)(s), (u64)(uintptr_t)(d), f}})

/* The registers as they were when the snippet ended; how many debug traps there were on the way,
 * and DR6 and rip (from the snippet on) at the first. */
extern struct trap_frame io_done;
struct io_strikes {
    unsigned int count;
    u64 status;
    s64 at;
};
extern struct io_strikes io_strikes;

void io_init(void);
void io_do(bool user, const struct io *io);
void say_kernel(const char *name, const struct io *io);
void say_user(const char *name, const struct io *io);

void iopl_set(u32 iopl);
void iobitmap_set(const void *bitmap, u32 ports);

/* strings.c */
void say_strings(void);
void say_user_strings(void);
void say_breakpoints(void);

#endif
