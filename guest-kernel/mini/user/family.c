/*
 * A parent fills some pages and forks. The child changes a few; each then counts the changed pages
 * it sees: the child its own changes, the parent none.
 */
#include "guest-kernel/mini/user/system.h"

#define PARENTS_MARK 'p'
#define CHILDS_MARK  'c'

static volatile char *heap_page(unsigned int i)
{
    return (volatile char *)(HEAP_START + i * PAGE_SIZE);
}

static unsigned int pages_marked(char mark)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < FAMILY_PAGES; i++)
        count += *heap_page(i) == mark;
    return count;
}

NORETURN static void child_main(void)
{
    bool same = pages_marked(PARENTS_MARK) == FAMILY_PAGES;

    say("the child sees the parent's %u pages: %s", FAMILY_PAGES, same ? "yes" : "no");
    for (unsigned int i = 0; i < FAMILY_CHANGED; i++)
        *heap_page(i) = CHILDS_MARK;
    yield();
    say("the child changed %u pages and sees %u changed", FAMILY_CHANGED,
        pages_marked(CHILDS_MARK));
    exit(same && pages_marked(CHILDS_MARK) == FAMILY_CHANGED ? 0 : 1);
}

NORETURN void program_main(void)
{
    unsigned int changed;
    long child, ended;
    unsigned long code;

    for (unsigned int i = 0; i < FAMILY_PAGES; i++)
        *heap_page(i) = PARENTS_MARK;
    child = fork();
    if (!child)
        child_main();
    say("fork made process %ld", child);
    yield(); /* the child makes its changes */
    changed = pages_marked(CHILDS_MARK);
    say("the parent sees %u pages changed", changed);
    ended = wait(&code);
    say("process %ld ended with code %lu", ended, code);
    *heap_page(FAMILY_PAGES - 1) = PARENTS_MARK; /* nobody shares it any more: no copy is made */
    exit(!changed && ended == child && code == 0 ? 0 : 1);
}
