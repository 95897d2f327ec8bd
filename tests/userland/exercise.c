/*
 * What a small user space does with its kernel, and busybox cannot: a process each for fork and
 * exec, words through a pair of pipes, memory that is touched page by page. Each part prints one
 * line when all of it was right; what takes how long is not its business (tests/guests/bench
 * measures).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPAWNS    50
#define ROUNDS    2000
#define MAP_BYTES (64UL << 20)
#define PAGE      4096UL
#define SELF      "/proc/self/exe"

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ms(clockid_t clock)
{
    struct timespec t;

    if (clock_gettime(clock, &t))
        die("clock_gettime");
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wall clock and monotonic clock must both have moved by a second, and not by much more. */
static void check_sleep(void)
{
    int64_t wall = now_ms(CLOCK_REALTIME), steady = now_ms(CLOCK_MONOTONIC);

    sleep(1);
    wall = now_ms(CLOCK_REALTIME) - wall;
    steady = now_ms(CLOCK_MONOTONIC) - steady;
    if (wall < 1000 || steady < 1000 || wall > 2000 || steady > 2000) {
        printf("sleep: wrong, wall %ld ms, monotonic %ld ms\n", (long)wall, (long)steady);
        exit(1);
    }
    printf("sleep: ok, a second is a second\n");
}

static void check_spawn(void)
{
    for (int i = 0; i < SPAWNS; i++) {
        pid_t child = fork();
        char text[16];
        int status;

        if (child < 0)
            die("fork");
        if (!child) {
            snprintf(text, sizeof(text), "%d", i);
            execl(SELF, SELF, "exit", text, NULL);
            _exit(127);
        }
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != i)
            die("a child's answer");
    }
    printf("spawn: ok, %d times fork, exec, exit, wait\n", SPAWNS);
}

/* Adds one to each word that it is sent, until it is sent no more. */
static void echo_words(int from, int to)
{
    uint32_t word;

    while (read(from, &word, sizeof(word)) == sizeof(word)) {
        word++;
        if (write(to, &word, sizeof(word)) != sizeof(word))
            _exit(1);
    }
    _exit(0);
}

static void check_pipe(void)
{
    int ping[2], pong[2], status;
    uint32_t word = 0;

    if (pipe(ping) || pipe(pong))
        die("pipe");
    if (!fork()) {
        close(ping[1]);
        echo_words(ping[0], pong[1]);
    }
    for (int i = 0; i < ROUNDS; i++)
        if (write(ping[1], &word, sizeof(word)) != sizeof(word) ||
            read(pong[0], &word, sizeof(word)) != sizeof(word))
            die("a round through the pipes");
    close(ping[1]);
    if (wait(&status) < 0 || status || word != ROUNDS)
        die("the other end of the pipes");
    printf("pipe: ok, %d rounds\n", ROUNDS);
}

static void check_memory(void)
{
    uint64_t *words =
        mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t wrong = 0;

    if (words == MAP_FAILED)
        die("mmap");
    for (uint64_t at = 0; at < MAP_BYTES; at += PAGE) {
        wrong += words[at / 8] != 0;
        words[at / 8] = at * 0x9e3779b97f4a7c15;
    }
    for (uint64_t at = 0; at < MAP_BYTES; at += PAGE)
        wrong += words[at / 8] != at * 0x9e3779b97f4a7c15;
    if (wrong || munmap(words, MAP_BYTES))
        die("memory that was touched");
    printf("memory: ok, %lu MiB touched\n", MAP_BYTES >> 20);
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "";

    if (count > 2 && !strcmp(what, "exit"))
        return atoi(words[2]);
    if (!strcmp(what, "sleep"))
        check_sleep();
    else if (!strcmp(what, "spawn"))
        check_spawn();
    else if (!strcmp(what, "pipe"))
        check_pipe();
    else if (!strcmp(what, "memory"))
        check_memory();
    else
        return 2;
    return 0;
}
