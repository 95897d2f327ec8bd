/*
 * What Linux's own operations cost under a hypervisor: the init of an initramfs that measures and
 * powers off. Rows as a guest's (`BENCH name count total`), in ticks of the TSC, which under
 * -icount shift=0 are instructions. `make bench` runs it under Debian's Linux as a lone guest on
 * ours and as the first domain on Debian's Xen, and (tools/bench says how) on the bare machine.
 *
 * A row is the median of a few passes, so that a clock tick now and then does not show; what the
 * loop around an operation costs is part of it, for it is nothing beside a system call.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PASSES 7 /* odd: one is the median */
#define PAGES  64
#define PAGE   4096
#define LEAVE  "leave" /* as the only argument: end at once */

static int zero_file, null_file;
static int to_child[2], to_parent[2];
static unsigned char *region;
static volatile unsigned int *partner_yields; /* shared */

static void require(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    reboot(RB_POWER_OFF);
}

static uint64_t ticks_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static void do_getppid(void)
{
    syscall(SYS_getppid);
}

static void do_read_write(void)
{
    char byte;

    require(read(zero_file, &byte, 1) == 1 && write(null_file, &byte, 1) == 1, "read and write");
}

static void do_clock_gettime(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
}

static void do_ping_pong(void)
{
    char byte = 0;

    require(write(to_child[1], &byte, 1) == 1 && read(to_parent[0], &byte, 1) == 1, "ping-pong");
}

/* Gives the CPU away until the other process has had it: just after a fork Linux owes it less. */
static void do_yield(void)
{
    unsigned int before = *partner_yields;

    while (*partner_yields == before)
        sched_yield();
}

static void yield_counted(void)
{
    ++*partner_yields;
    sched_yield();
}

static void do_signal(void)
{
    raise(SIGUSR1);
}

static void do_mmap_touch(void)
{
    unsigned char *pages =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    require(pages != MAP_FAILED, "mmap");
    for (unsigned int i = 0; i < PAGES; i++)
        pages[i * PAGE] = 1;
    munmap(pages, PAGES * PAGE);
}

static void do_mprotect(void)
{
    mprotect(region, PAGES * PAGE, PROT_READ);
    mprotect(region, PAGES * PAGE, PROT_READ | PROT_WRITE);
}

static void child_await(pid_t child)
{
    int status;

    require(child > 0 && waitpid(child, &status, 0) == child && !status, "child");
}

static void do_fork(void)
{
    pid_t child = fork();

    if (!child)
        _exit(0);
    child_await(child);
}

static void do_fork_exec(void)
{
    pid_t child = fork();

    if (!child) {
        execl("/init", "/init", LEAVE, NULL);
        _exit(1);
    }
    child_await(child);
}

/* A second process for as long as a row is measured. */
static pid_t partner_start(void (*body)(void))
{
    pid_t child = fork();

    require(child >= 0, "fork");
    while (!child)
        body();
    return child;
}

static void partner_end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void echo(void)
{
    char byte;

    require(read(to_child[0], &byte, 1) == 1 && write(to_parent[1], &byte, 1) == 1, "echo");
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* each: how many of what the row is named after one call of run does. */
static void row(const char *name, void (*run)(void), unsigned int runs, unsigned int each)
{
    uint64_t passes[PASSES];

    run();
    for (unsigned int i = 0; i < PASSES; i++) {
        uint64_t start = ticks_now();

        for (unsigned int j = 0; j < runs; j++)
            run();
        passes[i] = ticks_now() - start;
    }
    qsort(passes, PASSES, sizeof(passes[0]), compare);
    printf("BENCH linux-%s %u %llu\n", name, runs * each, (unsigned long long)passes[PASSES / 2]);
}

static void nothing(int number)
{
    (void)number;
}

static void prepare(void)
{
    mknod("/zero", S_IFCHR | 0600, makedev(1, 5));
    zero_file = open("/zero", O_RDONLY);
    null_file = open("/dev/null", O_WRONLY);
    require(zero_file >= 0 && null_file >= 0, "devices");
    require(!pipe(to_child) && !pipe(to_parent), "pipe");
    region = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(region != MAP_FAILED, "mmap");
    partner_yields = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(partner_yields != MAP_FAILED, "mmap");
    memset(region, 1, PAGES * PAGE);
    signal(SIGUSR1, nothing);
}

static void rows(void)
{
    pid_t partner;

    row("getppid", do_getppid, 1000, 1);
    row("read-write", do_read_write, 500, 1);
    row("clock-gettime", do_clock_gettime, 2000, 1);
    row("signal", do_signal, 300, 1);
    row("mmap-touch-page", do_mmap_touch, 4, PAGES);
    row("mprotect-64", do_mprotect, 20, 1);
    partner = partner_start(echo);
    row("pipe-ping-pong", do_ping_pong, 100, 1);
    partner_end(partner);
    partner = partner_start(yield_counted);
    for (int i = 0; i < 1000; i++)
        do_yield();
    row("sched-yield", do_yield, 200, 1);
    partner_end(partner);
    row("fork-wait", do_fork, 8, 1);
    row("fork-exec", do_fork_exec, 4, 1);
}

int main(int count, char **words)
{
    if (count == 2 && !strcmp(words[1], LEAVE))
        return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare();
    rows();
    printf("END bench-linux\n");
    fflush(stdout);
    reboot(RB_POWER_OFF);
    return 0;
}
