/*
 * A treap (Seidel and Aragon, "Randomized search trees", 1996): ordered by key from left to right
 * and by a random rank from top to bottom, so that its shape is that of a tree filled in random
 * order, whatever order the keys come in: some 2 * ln(n) deep. Cutting it at a key and joining two
 * are the only operations.
 *
 * Each vcpu holds, beside its own affinity, that of all below it, joined. So the way down to the
 * first one that may run on a CPU never takes a wrong turn.
 */
#include "hypervisor/sched/queue.h"

struct vcpu *queue;

static u32 random(void)
{
    static u32 x = 2463534242U; /* xorshift (Marsaglia 2003) */

    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
}

/* Those with the same key go by their address: any order, but one. */
static bool goes_before(const struct vcpu *a, const struct vcpu *b)
{
    return a->sched.key < b->sched.key || (a->sched.key == b->sched.key && a < b);
}

static void below_fix(struct vcpu *v)
{
    struct vcpu_sched *s = &v->sched;
    u32 words = cpu_words();

    for (u32 a = 0; a < AFFINITIES; a++)
        for (u32 w = 0; w < words; w++)
            s->below[a].bits[w] = s->may[a].bits[w] |
                                  (s->left ? s->left->sched.below[a].bits[w] : 0) |
                                  (s->right ? s->right->sched.below[a].bits[w] : 0);
}

/* Everybody in @a goes before everybody in @b. */
static struct vcpu *join(struct vcpu *a, struct vcpu *b)
{
    if (!a || !b)
        return a ? a : b;
    if (a->sched.rank < b->sched.rank) {
        a->sched.right = join(a->sched.right, b);
        below_fix(a);
        return a;
    }
    b->sched.left = join(a, b->sched.left);
    below_fix(b);
    return b;
}

/* @tree becomes those before @v and those behind. */
static void cut(struct vcpu *tree, const struct vcpu *v, struct vcpu **before, struct vcpu **behind)
{
    if (!tree) {
        *before = *behind = NULL;
        return;
    }
    if (goes_before(tree, v)) {
        *before = tree;
        cut(tree->sched.right, v, &tree->sched.right, behind);
    } else {
        *behind = tree;
        cut(tree->sched.left, v, before, &tree->sched.left);
    }
    below_fix(tree);
}

/* It goes to the place that its rank gives it on the way down. */
static struct vcpu *insert(struct vcpu *tree, struct vcpu *v)
{
    if (!tree || v->sched.rank < tree->sched.rank) {
        cut(tree, v, &v->sched.left, &v->sched.right);
        tree = v;
    } else if (goes_before(v, tree)) {
        tree->sched.left = insert(tree->sched.left, v);
    } else {
        tree->sched.right = insert(tree->sched.right, v);
    }
    below_fix(tree);
    return tree;
}

static struct vcpu *without(struct vcpu *tree, const struct vcpu *v)
{
    if (tree == v)
        return join(v->sched.left, v->sched.right);
    if (goes_before(v, tree))
        tree->sched.left = without(tree->sched.left, v);
    else
        tree->sched.right = without(tree->sched.right, v);
    below_fix(tree);
    return tree;
}

void queue_insert(struct vcpu *v)
{
    v->sched.rank = random();
    queue = insert(queue, v);
    v->sched.queued = true;
}

void queue_remove(struct vcpu *v)
{
    queue = without(queue, v);
    v->sched.queued = false;
}

static bool below_has(const struct vcpu *tree, u32 cpu, enum affinity a)
{
    return tree && cpu_set_has(&tree->sched.below[a], cpu);
}

struct vcpu *queue_first(u32 cpu, enum affinity a)
{
    struct vcpu *v = queue;

    if (!below_has(v, cpu, a))
        return NULL;
    for (;;) {
        if (below_has(v->sched.left, cpu, a))
            v = v->sched.left;
        else if (cpu_set_has(&v->sched.may[a], cpu))
            return v;
        else
            v = v->sched.right;
    }
}
