// LINK: tests/host/sched_machine.c hypervisor/sched/sched.c hypervisor/sched/queue.c
// LINK: hypervisor/sched/cap.c hypervisor/sched/settings.c hypervisor/sched/pool.c
// LINK: hypervisor/sched/credit.c hypervisor/sched/bvt.c hypervisor/sched/round_robin.c
// LINK: xen-like/lib/string.c
/*
 * The scheduler and its policies on simulated CPUs. Each test says what a guest's owner is
 * promised; that nobody waits while a CPU could run it is looked at after each step
 * (sched_machine.c).
 */
#include "tests/host/sched_machine.h"

#include "hypervisor/cpu/preempt.h"

#define MANY 8

static const char *const proportional[] = {"credit", "bvt"};
static const char *const all[] = {"credit", "bvt", "rr"};

/* What each of @n, who want all they can get, is due of @cpus in a time: in proportion to weights,
 * but nobody more than one CPU. */
static void due_shares(const u32 *weights, u32 n, u32 cpus, double *due)
{
    bool whole[MANY] = {false};
    bool again = true;

    while (again) {
        double rest = cpus, total = 0;

        again = false;
        for (u32 i = 0; i < n; i++) {
            rest -= whole[i];
            total += whole[i] ? 0 : weights[i];
        }
        for (u32 i = 0; i < n; i++) {
            due[i] = whole[i] ? 1 : rest * weights[i] / total;
            if (due[i] > 1)
                again = whole[i] = true;
        }
    }
}

/* Within 5% of its due, and one slice beyond. */
static void assert_due(const struct guest *g, double due, u64 ns)
{
    double ran = (double)g->ran, want = due * (double)ns;

    if (ran < want * 0.95 - 10.0 * MS || ran > want * 1.05 + 10.0 * MS)
        fail_msg("%s, %u CPUs, weight %u: ran %.1f ms of %.1f ms", sched_name(), cpus_online,
                 g->v.domain->sched.weight, ran / MS, want / MS);
}

static void shares_check(const char *policy, const u32 *weights, u32 n, u32 cpus)
{
    struct guest *g[MANY];
    double due[MANY];

    machine_begin(cpus, policy);
    for (u32 i = 0; i < n; i++)
        g[i] = machine_guest(machine_domain(weights[i], 0), FOREVER, 0);
    for (u32 i = 0; i < n; i++)
        machine_start(g[i]);
    machine_run(10 * SECOND);
    due_shares(weights, n, cpus, due);
    for (u32 i = 0; i < n; i++)
        assert_due(g[i], due[i], 10 * SECOND);
}

static void time_goes_by_weight(void **state)
{
    static const u32 sets[][MANY] = {
        {256, 256},
        {256, 256, 256},
        {256, 16},
        {4096, 256},
        {256, 128, 64, 32, 16},
        {256, 256, 256, 256, 256, 256, 256, 16},
        {256, 16, 16, 16, 16, 16, 16, 16},
        {1600, 800, 400, 200, 100, 1600, 800, 400},
    };

    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(proportional); p++)
        for (u32 cpus = 1; cpus <= 4; cpus *= 2)
            for (u32 s = 0; s < ARRAY_SIZE(sets); s++) {
                u32 n = 0;

                while (n < MANY && sets[s][n])
                    n++;
                shares_check(proportional[p], sets[s], n, cpus);
            }
    shares_check("rr", (const u32[]){256, 256, 256}, 3, 2);
}

/* Who sleeps just before its turn ends, and wakes at once, gets no more than who does not. */
static void a_nap_gains_nothing(void **state)
{
    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(all); p++)
        for (u64 run = MS; run < 12 * MS; run += 900000) {
            struct guest *g[3];

            machine_begin(1, all[p]);
            for (u32 i = 0; i < 3; i++)
                g[i] = machine_guest(machine_domain(256, 0), i ? FOREVER : run, 1000);
            for (u32 i = 0; i < 3; i++)
                machine_start(g[i]);
            machine_run(5 * SECOND);
            if (g[0]->ran > 5 * SECOND / 3 * 105 / 100 + 30 * MS)
                fail_msg("%s: naps after %lu us gained %lu ms", all[p], run / 1000, g[0]->ran / MS);
        }
}

/* Who seldom runs and briefly gets the CPU when it wakes, however many compute. */
static void who_wakes_runs_at_once(void **state)
{
    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(all); p++) {
        bool rr =
            strcmp(all[p], "rr") == 0; /* there, who has waited for three slices goes before */

        for (u32 cpus = 1; cpus <= 4; cpus *= 2)
            for (u32 computing = 1; computing < (rr ? 4 : MANY); computing++) {
                struct guest *io;
                struct domain *d;
                bool warps = strcmp(all[p], "bvt") == 0;

                machine_begin(cpus, all[p]);
                d = machine_domain(256, 0);
                d->privileged = warps;
                io = machine_guest(d, MS / 10, 7 * MS);
                machine_start(io);
                for (u32 i = 0; i < computing; i++)
                    machine_start(machine_guest(machine_domain(256, 0), FOREVER, 0));
                machine_run(SECOND / 2);
                io->waited_most = 0;
                machine_run(SECOND);
                if (io->waited_most > (rr ? 10 * MS : MS / 2))
                    fail_msg("%s: on %u CPUs beside %u it waits %lu us", all[p], cpus, computing,
                             io->waited_most / 1000);
            }
    }
}

/* Two that wake each other all the time do not keep out one that computes. */
static void who_computes_runs_though_others_wake(void **state)
{
    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(all); p++) {
        struct guest *g;

        machine_begin(1, all[p]);
        g = machine_guest(machine_domain(256, 0), FOREVER, 0);
        machine_start(g);
        for (u32 i = 0; i < 10; i++)
            machine_start(machine_guest(machine_domain(256, 0), 3 * MS, MS));
        machine_run(5 * SECOND);
        assert_in_range(g->ran, 5 * SECOND / 20, SECOND);
    }
}

/* All vcpus of a domain together, to a percent; what they leave goes to others. */
static void a_cap_is_kept(void **state)
{
    static const u32 caps[] = {1, 10, 50, 99, 150, 250};

    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(all); p++)
        for (u32 c = 0; c < ARRAY_SIZE(caps); c++)
            for (u32 others = 0; others < 2; others++) {
                struct guest *g[3];
                struct domain *d;
                u64 ran = 0;

                machine_begin(4, all[p]);
                d = machine_domain(4096, caps[c]);
                for (u32 i = 0; i < 3; i++)
                    machine_start(g[i] = machine_guest(d, FOREVER, 0));
                for (u32 i = 0; i < 4 * others; i++)
                    machine_start(machine_guest(machine_domain(16, 0), FOREVER, 0));
                machine_run(5 * SECOND);
                for (u32 i = 0; i < 3; i++)
                    ran += g[i]->ran;
                if (ran > 50 * MS * caps[c] + caps[c] * MS + 30 * MS ||
                    (strcmp(all[p], "rr") && ran < 50 * MS * caps[c] * 95 / 100))
                    fail_msg("%s, %u others: %u%%: ran %lu ms of 5000", all[p], 4 * others, caps[c],
                             ran / MS);
            }
}

/* So many wait that not all are parked at once: what one runs meanwhile is paid back. */
static void a_cap_of_many_is_kept(void **state)
{
    struct guest *g[500];
    struct domain *d;
    u64 ran = 0;

    (void)state;
    machine_begin(1, "credit");
    d = machine_domain(4096, 20);
    for (u32 i = 0; i < ARRAY_SIZE(g); i++)
        machine_start(g[i] = machine_guest(d, FOREVER, 0));
    machine_start(machine_guest(machine_domain(16, 0), FOREVER, 0));
    machine_run(5 * SECOND);
    for (u32 i = 0; i < ARRAY_SIZE(g); i++)
        ran += g[i]->ran;
    assert_in_range(ran, 900 * MS, 1100 * MS);
}

/* Groups that are pinned apart each share their CPU by weight, and who may move uses what is left.
 */
static void affinities_are_kept(void **state)
{
    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(proportional); p++) {
        struct cpu_set zero = cpus_only(1), one = cpus_only(2), none = cpus_only(1UL << 40), got;
        struct guest *g[4];

        machine_begin(2, proportional[p]);
        for (u32 i = 0; i < 4; i++) {
            g[i] = machine_guest(machine_domain(i ? 256 : 4096, 0), FOREVER, 0);
            assert_int_equal(vcpu_affinity_set(&g[i]->v, i < 2 ? &zero : &one, NULL), 0);
            assert_int_equal(vcpu_affinity_set(&g[i]->v, &none, NULL), -XEN_EINVAL);
            machine_start(g[i]);
        }
        vcpu_affinity_get(&g[0]->v, &got, NULL);
        assert_int_equal(got.bits[0], 1);
        machine_run(10 * SECOND);
        assert_due(g[0], 16.0 / 17, 10 * SECOND);
        assert_due(g[1], 1.0 / 17, 10 * SECOND);
        assert_due(g[2], 0.5, 10 * SECOND);
        machine_end(g[2]);
        machine_end(g[3]);
        vcpu_affinity_get(&g[2]->v, NULL, &got);
        assert_int_equal(vcpu_affinity_set(&g[1]->v, &got, NULL), 0); /* it moves, at once */
        g[0]->ran = g[1]->ran = 0;
        machine_run(SECOND);
        assert_true(g[0]->ran == SECOND && g[1]->ran == SECOND);
    }
}

/* It runs where it would rather when that costs nobody much; but it does not wait for that. */
static void a_soft_affinity_is_a_wish(void **state)
{
    struct cpu_set zero = cpus_only(1);
    struct guest *g[2];

    (void)state;
    machine_begin(2, "credit");
    for (u32 i = 0; i < 2; i++) {
        g[i] = machine_guest(machine_domain(256, 0), MS, MS);
        assert_int_equal(vcpu_affinity_set(&g[i]->v, NULL, &zero), 0);
    }
    machine_start(g[0]);
    for (u32 i = 0; i < 100; i++) {
        machine_run(MS);
        assert_int_equal(g[0]->v.sched.cpu, 0);
    }
    g[0]->left = g[1]->left = FOREVER;
    machine_run(2 * MS);
    machine_start(g[1]);
    g[0]->ran = g[1]->ran = 0;
    machine_run(SECOND);
    assert_true(g[0]->ran == SECOND && g[1]->ran == SECOND);
}

static void a_pin_is_before_affinity(void **state)
{
    struct cpu_set zero = cpus_only(1);
    struct guest *g;

    (void)state;
    machine_begin(2, "credit");
    g = machine_guest(machine_domain(256, 0), FOREVER, 0);
    machine_start(g);
    assert_int_equal(vcpu_pin(&g->v, -1), -XEN_EINVAL);
    assert_int_equal(vcpu_pin(&g->v, 2), -XEN_EINVAL);
    assert_int_equal(vcpu_pin(&g->v, 1), 0);
    machine_settle();
    assert_int_equal(g->v.sched.cpu, 1);
    assert_true(vcpu_is_pinned(&g->v));
    assert_int_equal(vcpu_pin(&g->v, 1), -XEN_EBUSY);
    assert_int_equal(vcpu_affinity_set(&g->v, &zero, NULL), -XEN_EBUSY);
    assert_int_equal(vcpu_pin(&g->v, -1), 0);
    assert_int_equal(vcpu_affinity_set(&g->v, &zero, NULL), 0);
    machine_settle();
    assert_int_equal(g->v.sched.cpu, 0);
}

/* Until it is done; between its parts anything happens. */
static int in_parts(int (*op)(struct cpu_pool *p, u32 cpu), struct cpu_pool *p, u32 cpu)
{
    int rc = op(p, cpu);

    for (u32 parts = 0; rc == RESTART; parts++) {
        assert_true(parts < 1000);
        machine_run(machine_random(MS));
        rc = op(p, cpu);
    }
    machine_settle();
    return rc;
}

static int moved(struct cpu_pool *p, struct domain *d)
{
    int rc = pool_domain_move(p, d);

    for (; rc == RESTART; rc = pool_domain_move(p, d))
        machine_run(machine_random(MS));
    machine_settle();
    return rc;
}

static struct cpu_pool *pool_of_cpus(u32 first, u32 n)
{
    u32 id = POOL_ANY;
    struct cpu_pool *p;

    assert_int_equal(pool_create(&id, SCHED_ID), 0);
    p = pool_find(id);
    for (u32 cpu = first; cpu < first + n; cpu++) {
        assert_int_equal(in_parts(pool_cpu_remove, pools, cpu), 0);
        assert_int_equal(in_parts(pool_cpu_add, p, cpu), 0);
    }
    return p;
}

/* Each pool's time is shared by those that are in it, however many there are in others. */
static void pools_are_apart(void **state)
{
    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(proportional); i++) {
        struct guest *g[12], *sleeper;
        struct cpu_pool *p;

        machine_begin(3, proportional[i]);
        p = pool_of_cpus(1, 2);
        assert_int_equal(in_parts(pool_cpu_remove, p, 2), 0); /* free: for nobody */
        for (u32 n = 0; n < ARRAY_SIZE(g); n++) {
            g[n] = machine_guest(machine_domain(n == 2 ? 1024 : 256, 0), FOREVER, 0);
            if (n >= 2 && n % 2)
                assert_int_equal(moved(p, g[n]->v.domain), 0);
            machine_start(g[n]);
            if (n >= 2 && n % 2 == 0) /* also one that runs */
                assert_int_equal(moved(p, g[n]->v.domain), 0);
        }
        sleeper = machine_guest(machine_domain(256, 0), MS / 10, 10 * MS);
        machine_start(sleeper);
        machine_run(5 * SECOND);
        assert_int_equal(moved(p, sleeper->v.domain), 0);
        for (u32 n = 0; n < ARRAY_SIZE(g); n++)
            g[n]->ran = 0;
        sleeper->waited_most = 0;
        machine_run(10 * SECOND);
        assert_due(g[0], 0.5, 10 * SECOND);
        assert_due(g[1], 0.5, 10 * SECOND);
        assert_due(g[2], 0.99 * 4 / 13, 10 * SECOND);
        for (u32 n = 3; n < ARRAY_SIZE(g); n++)
            assert_due(g[n], 0.99 / 13, 10 * SECOND);
        assert_true(sleeper->waited_most < (i ? 150 * MS : MS)); /* bvt: behind who never slept */
        assert_null(sched_cpus[2].runs);
    }
}

/* Who could run on that one only runs elsewhere; who is pinned there keeps it from leaving. */
static void a_cpu_leaves_its_pool(void **state)
{
    struct cpu_set one = cpus_only(2), got;
    struct cpu_pool *p;
    struct guest *g[3];
    u32 id = 7;

    (void)state;
    machine_begin(3, "credit");
    assert_int_equal(pool_create(&id, SCHED_ID), 0);
    p = pool_find(7);
    for (u32 i = 0; i < 3; i++) {
        g[i] = machine_guest(machine_domain(256, 0), FOREVER, 0);
        machine_start(g[i]);
    }
    assert_int_equal(vcpu_affinity_set(&g[0]->v, &one, &one), 0);
    assert_int_equal(vcpu_pin(&g[1]->v, 2), 0);
    assert_int_equal(in_parts(pool_cpu_remove, pools, 1), 0);
    assert_null(sched_cpus[1].runs);
    vcpu_affinity_get(&g[0]->v, &got, NULL);
    assert_true(got.bits[0] == ~0UL);
    assert_int_equal(vcpu_pin(&g[0]->v, 1), -XEN_EINVAL);
    assert_int_equal(vcpu_affinity_set(&g[0]->v, &one, NULL), -XEN_EINVAL);

    machine_begin(3, "credit");
    id = 7;
    assert_int_equal(pool_create(&id, SCHED_ID), 0);
    p = pool_find(7);
    g[0] = machine_guest(machine_domain(256, 0), FOREVER, 0);
    machine_start(g[0]);
    assert_int_equal(vcpu_pin(&g[0]->v, 2), 0);
    machine_settle();
    assert_int_equal(in_parts(pool_cpu_remove, pools, 2), -XEN_EADDRINUSE);
    assert_int_equal(in_parts(pool_cpu_remove, pools, 1), -XEN_EADDRNOTAVAIL);
    assert_int_equal(in_parts(pool_cpu_add, p, 2), -XEN_EADDRNOTAVAIL);
    assert_int_equal(moved(p, g[0]->v.domain), -XEN_EBUSY);
    assert_true(sched_cpus[2].runs == &g[0]->v);
    assert_int_equal(vcpu_pin(&g[0]->v, -1), 0);
    machine_settle();
    assert_null(sched_cpus[2].runs);
    assert_int_equal(in_parts(pool_cpu_remove, pools, 2), 0);
    assert_int_equal(in_parts(pool_cpu_add, p, POOL_ANY), 0);
    assert_int_equal(moved(p, g[0]->v.domain), 0);
    assert_true(sched_cpus[2].runs == &g[0]->v);
    assert_int_equal(in_parts(pool_cpu_remove, p, POOL_ANY), -XEN_EBUSY);
    assert_int_equal(pool_destroy(p), -XEN_EBUSY);
    assert_int_equal(moved(pools, g[0]->v.domain), 0);
    assert_int_equal(in_parts(pool_cpu_remove, p, POOL_ANY), 0);
    assert_int_equal(in_parts(pool_cpu_remove, p, POOL_ANY), -XEN_EINVAL);
    assert_int_equal(pool_destroy(p), 0);
    assert_null(pool_find(7));
}

/* A CPU that joins is for all that are there already, asked for or not; and a domain moves with all
 * of its vcpus. */
static void a_cpu_joins_a_pool(void **state)
{
    struct domain *d;
    struct cpu_pool *p;
    struct guest *g[4];

    (void)state;
    machine_begin(4, "credit");
    p = pool_of_cpus(2, 1);
    assert_int_equal(in_parts(pool_cpu_remove, pools, 3), 0);
    d = machine_domain(256, 0);
    for (u32 i = 0; i < ARRAY_SIZE(g); i++) {
        g[i] = machine_guest(d, FOREVER, 0);
        machine_start(g[i]);
    }
    assert_int_equal(moved(p, d), 0);
    machine_run(SECOND);
    for (u32 i = 0; i < ARRAY_SIZE(g); i++) {
        assert_int_equal(g[i]->v.sched.cpu, 2);
        g[i]->ran = 0;
    }
    assert_null(sched_cpus[0].runs);
    assert_int_equal(in_parts(pool_cpu_add, p, 3), 0);
    machine_run(4 * SECOND);
    for (u32 i = 0; i < ARRAY_SIZE(g); i++)
        assert_due(g[i], 0.5, 4 * SECOND);
    assert_non_null(sched_cpus[3].runs);
}

static u32 depth_of(const struct vcpu *v)
{
    return v ? 1 + MAX(depth_of(v->sched.left), depth_of(v->sched.right)) : 0;
}

/* Each step of the queue goes down one level: so many there are. */
static void thousands_wait_in_a_flat_tree(void **state)
{
    u32 before = 0;

    (void)state;
    machine_begin(2, "credit");
    for (u32 n = 0; n < 4000; n++) {
        struct guest *g = machine_guest(machine_domain(16 + n % 241, 0), FOREVER, 0);
        struct cpu_set one = cpus_only(1 + n % 2);

        if (n % 3)
            assert_int_equal(vcpu_affinity_set(&g->v, &one, NULL), 0);
        vcpu_go(&g->v, STOP_DOWN);
        if (n == 500)
            before = depth_of(queue);
    }
    machine_settle();
    assert_in_range(before, 9, 36);
    assert_in_range(depth_of(queue), 12, 48);
    machine_run(SECOND);
    assert_in_range(depth_of(queue), 12, 48);
}

/* What is interrupted goes on later, or never does. */
static void storm_pools(struct domain *d)
{
    struct cpu_pool *p = &pools[machine_random(3)];
    u32 cpu = machine_random(5), id = POOL_ANY;

    if (!p->made)
        pool_create(&id, SCHED_ID);
    else if (machine_random(10) == 0 && p != pools)
        pool_destroy(p);
    else if (machine_random(3) == 0)
        pool_cpu_remove(p, cpu < 4 ? cpu : POOL_ANY);
    else if (machine_random(2))
        pool_cpu_add(p, cpu < 4 ? cpu : POOL_ANY);
    else if (pool_has_cpus(p))
        pool_domain_move(p, d);
}

/* Anything in any order: what must always hold is looked at after each step. */
static void storm_step(struct guest **g, u32 n)
{
    struct guest *one = g[machine_random(n)];
    struct cpu_set set = cpus_only(1 + machine_random(15)), wish = cpus_only(machine_random(16));

    switch (machine_random(11)) {
    case 0:
        vcpu_stop(&one->v, STOP_PAUSED);
        break;
    case 1:
    case 2:
        vcpu_go(&one->v, STOP_PAUSED);
        break;
    case 3:
        vcpu_stop(&one->v, STOP_BLOCKED);
        break;
    case 4:
        vcpu_kick(&one->v);
        break;
    case 5:
        vcpu_affinity_set(&one->v, &set, &wish);
        break;
    case 6:
        one->v.domain->sched.weight = 1 + machine_random(WEIGHT_MAX);
        break;
    case 7:
        one->v.domain->sched.cap = machine_random(2) ? 0 : machine_random(300);
        break;
    case 8:
        if (sched_cpus[host_percpu.id].runs)
            sched_yield();
        break;
    case 9:
        storm_pools(one->v.domain);
        break;
    default:
        vcpu_pin(&one->v, (s32)machine_random(5) - 1);
    }
    if (machine_random(4))
        machine_settle();
    if (!machine_random(3))
        machine_run(machine_random(5 * MS));
}

static void a_storm_breaks_nothing(void **state)
{
    struct guest *g[24];

    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(all); p++)
        for (u32 cpus = 1; cpus <= 4; cpus++) {
            u64 idle = 0, ran = 0, began;

            machine_begin(cpus, all[p]);
            began = machine_now;
            for (u32 i = 0; i < ARRAY_SIZE(g); i++) {
                g[i] =
                    machine_guest(machine_domain(256, 0), machine_random(3) ? 2 * MS : FOREVER, MS);
                machine_start(g[i]);
            }
            for (u32 i = 0; i < 5000; i++) {
                storm_step(g, ARRAY_SIZE(g));
                if (i % 1000 == 500) /* removed at any time */
                    machine_end(g[i / 1000]);
            }
            machine_settle();
            for (u32 cpu = 0; cpu < cpus; cpu++)
                idle += sched_idle_ns(cpu);
            for (u32 i = 0; i < ARRAY_SIZE(g); i++)
                ran += g[i]->ran;
            assert_int_equal(idle + ran, cpus * (machine_now - began));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_by_weight),
        cmocka_unit_test(a_nap_gains_nothing),
        cmocka_unit_test(who_wakes_runs_at_once),
        cmocka_unit_test(who_computes_runs_though_others_wake),
        cmocka_unit_test(a_cap_is_kept),
        cmocka_unit_test(a_cap_of_many_is_kept),
        cmocka_unit_test(affinities_are_kept),
        cmocka_unit_test(a_soft_affinity_is_a_wish),
        cmocka_unit_test(a_pin_is_before_affinity),
        cmocka_unit_test(pools_are_apart),
        cmocka_unit_test(a_cpu_leaves_its_pool),
        cmocka_unit_test(a_cpu_joins_a_pool),
        cmocka_unit_test(thousands_wait_in_a_flat_tree),
        cmocka_unit_test(a_storm_breaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
