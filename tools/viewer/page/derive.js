/*
 * What the records say together: who ran where and in which state each vcpu was, the slices of
 * hypercalls, how long ports were pending and requests under way, batches of page-table updates, and
 * the counters over time. One pass at the start; what is drawn only reads.
 *
 * A list of slices is disjoint and in order of time ({from, to, tag, record}, see Slices); what may
 * overlap, requests, is dealt into lanes, each of which is such a list.
 */
const derived = {};
const STATE_UNKNOWN = -1;

class Slices {
    constructor() {
        this.from = [];
        this.to = [];
        this.tag = []; /* what gives it its colour and name: vcpu, state, ... */
        this.record = []; /* which is selected by a click on it */
    }

    push(from, to, tag, record) {
        this.from.push(from);
        this.to.push(to);
        this.tag.push(tag);
        this.record.push(record);
    }

    freeze() {
        this.from = Float64Array.from(this.from);
        this.to = Float64Array.from(this.to);
        this.tag = Int32Array.from(this.tag);
        this.record = Int32Array.from(this.record);
        return this;
    }
}

/* A map that makes what it does not have yet. */
class Table extends Map {
    constructor(make) {
        super();
        this.make = make;
    }

    of(key) {
        if (!this.has(key))
            this.set(key, this.make(key));
        return this.get(key);
    }

    sorted() {
        return [...this.entries()].sort((a, b) => a[0] - b[0]);
    }
}

/* The step function of a counter: its value from each time on. */
class Series {
    constructor(title, unit) {
        this.title = title;
        this.unit = unit;
        this.time = [];
        this.value = [];
    }

    set(time, value) {
        this.time.push(time);
        this.value.push(value);
    }

    add(time, change) {
        this.set(time, (this.value.length ? this.value[this.value.length - 1] : 0) + change);
    }

    freeze() {
        this.time = Float64Array.from(this.time);
        this.value = Float64Array.from(this.value);
        this.top = this.value.reduce((a, b) => Math.max(a, b), 0);
        return this;
    }
}

/* States of vcpus, and who ran on each CPU, by runstate_change and what each CPU wrote first. */
function derive_states() {
    const states = new Table(() => new Slices()), runs = new Table(() => new Slices());
    const now = new Map(), current = new Map(); /* who -> {state, since, record}; cpu -> the same with who */
    const change = event_index("runstate_change"), first = event_index("runs");
    const running = Number(Object.keys(store.abi.runstates).find((n) => store.abi.runstates[n] === "running"));
    const leave_cpu = (cpu, time) => {
        const run = current.get(cpu);
        if (run)
            runs.of(cpu).push(run.since, time, run.who, run.record);
        current.delete(cpu);
    };
    const take_state = (i, who, old, state) => {
        if (who === NOBODY || domain_of(who) === IDLE_DOMAIN)
            return leave_cpu(store.cpu[i], store.time[i]);
        const time = store.time[i], was = now.get(who) || {state: old, since: 0, record: i};
        if (was.state !== STATE_UNKNOWN && time > was.since)
            states.of(who).push(was.since, time, was.state, was.record);
        now.set(who, {state, since: time, record: i});
        if (state === running) {
            leave_cpu(store.cpu[i], time);
            current.set(store.cpu[i], {who, since: time, record: i});
        } else if (current.has(store.cpu[i]) && current.get(store.cpu[i]).who === who) {
            leave_cpu(store.cpu[i], time);
        } else if (old === running && !current.has(store.cpu[i]) && runs.of(store.cpu[i]).to.length === 0) {
            runs.of(store.cpu[i]).push(0, time, who, i); /* it had run since before the trace began */
        }
    };
    for (let i = 0; i < store.count; i++) {
        if (store.event[i] === change) {
            const word = record_word(i, "old_new");
            take_state(i, record_word(i, "who"), (word >>> 4) & 15, word & 15);
        } else if (store.event[i] === first) {
            take_state(i, record_word(i, "who"), STATE_UNKNOWN, running);
        }
    }
    for (const [who, {state, since, record}] of now)
        states.of(who).push(since, store.end, state, record);
    for (const cpu of [...current.keys()])
        leave_cpu(cpu, store.end);
    derived.running = running;
    derived.states = states;
    derived.runs = runs;
}

/* Slices from one end of each arrow of a kind to the other, by a key of its first record. */
function slices_of_arrows(kind, key_of, tag_of) {
    const a = store.arrows, found = new Table(() => []);
    for (let k = 0; k < a.count; k++)
        if (a.kind[k] === kind)
            found.of(key_of(a.from[k])).push(k);
    for (const list of found.values())
        list.sort((x, y) => a.from[x] - a.from[y]);
    const lanes = new Table(() => []);
    for (const [key, list] of found)
        for (const k of list)
            lane_for(lanes.of(key), store.time[a.from[k]]).push(
                store.time[a.from[k]], store.time[a.to[k]], tag_of(a.from[k]), a.from[k]);
    return lanes;
}

/* The first lane that is free at this time, or a new one. */
function lane_for(lanes, time) {
    const free = lanes.find((lane) => lane.to[lane.to.length - 1] <= time);
    if (!free)
        lanes.push(new Slices());
    return free || lanes[lanes.length - 1];
}

function port_key(domain, port) {
    return domain * 0x100000 + port;
}

function derive_ports() {
    const pending = new Table(() => new Slices()), a = store.arrows;
    const arrows = [];
    for (let k = 0; k < a.count; k++) {
        const name = record_name(a.from[k]);
        if (name === "send" || name === "released" || name === "injected")
            if (record_name(a.to[k]) === "upcall")
                arrows.push(k);
    }
    arrows.sort((x, y) => a.from[x] - a.from[y]);
    const series = new Series("pending events", "");
    const changes = [];
    for (const k of arrows) {
        const i = a.from[k], list = pending.of(port_key(domain_of(record_word(i, "to")), record_word(i, "to_port")));
        const from = store.time[i], to = store.time[a.to[k]];
        if (list.to.length && list.to[list.to.length - 1] > from)
            continue; /* merged into one that is pending */
        list.push(from, to, 0, i);
        changes.push([from, 1], [to, -1]);
    }
    changes.sort((x, y) => x[0] - y[0]);
    for (const [time, change] of changes)
        series.add(time, change);
    derived.pending = pending;
    derived.counters.push(series);
}

function derive_rings() {
    derived.requests = slices_of_arrows(ARROW.RING, (i) => record_word(i, "ring"), (i) => Number(record_wide(i, "id") & 0x7fffffffn));
    const request = event_index("ring_request"), response = event_index("ring_response");
    const rings = new Table((ring) => new Series(`${ring_name(ring)}: requests`, ""));
    for (let i = 0; i < store.count; i++) {
        if (store.event[i] === request)
            rings.of(record_word(i, "ring")).set(store.time[i], record_word(i, "pending"));
        else if (store.event[i] === response)
            rings.of(record_word(i, "ring")).add(store.time[i], -1);
    }
    derived.rings = rings;
    derived.counters.push(...rings.sorted().map(([ring, series]) => Object.assign(series, {domain: domain_of(ring)})));
}

/*
 * Which entries are of which batch. A batch's record comes behind those of its entries: of the vcpu's
 * since its last call, the last ones, as many as it did, and the one that ended it. What is before those
 * was updated alone (update_va_mapping), and is a batch of one.
 */
function derive_batches() {
    const entry = event_index("table_update"), batch = event_index("batch"), waiting = new Table(() => []);
    const calls = new Set(["hypercall", "subcall", "result"].map(event_index));
    derived.batches = [];
    for (let i = 0; i < store.count; i++) {
        if (store.event[i] === entry) {
            waiting.of(record_word(i, "who")).push(i);
        } else if (store.event[i] === batch) {
            const who = record_word(i, "who"), result = record_word(i, "result"), done = record_word(i, "done");
            const entries = waiting.of(who), most = done + (result ? 1 : 0);
            batches_single(entries.splice(0, Math.max(0, entries.length - most)));
            derived.batches.push({record: i, who, entries, count: record_word(i, "count"), done, result, alone: false});
            waiting.delete(who);
        } else if (calls.has(store.event[i]) && waiting.has(store.who[i])) {
            batches_single(waiting.get(store.who[i]));
            waiting.delete(store.who[i]);
        }
    }
    for (const entries of waiting.values())
        batches_single(entries);
    derived.batches.sort((a, b) => a.record - b.record);
    derived.batch_of = new Map(); /* record -> index into batches */
    derived.batches.forEach(({record, entries}, k) => [record, ...entries].forEach((i) => derived.batch_of.set(i, k)));
    derive_batch_sizes();
}

function batches_single(entries) {
    for (const record of entries) {
        const result = record_word(record, "result");
        derived.batches.push({record, who: record_word(record, "who"), entries: [record], count: 1, done: result ? 0 : 1, result, alone: true});
    }
}

function derive_batch_sizes() {
    const series = new Series("updates in a batch", "");
    series.points = true; /* not levels: each is for its moment only */
    for (const {record, count} of derived.batches) {
        series.set(store.time[record], count);
        series.set(store.time[record], 0);
    }
    derived.counters.push(series);
}

/* Stolen time: how much of the time until then a domain's vcpus could have run and did not. */
function derive_stolen() {
    const domains = new Table((domain) => new Series(`${domain_short(domain)}: stolen time`, "ns"));
    const slices = [];
    for (const [who, list] of derived.states)
        list.tag.forEach((state, k) => {
            if (runstate_name(state) === "runnable")
                slices.push([list.to[k], list.to[k] - list.from[k], who]);
        });
    slices.sort((a, b) => a[0] - b[0]);
    for (const [time, length, who] of slices)
        domains.of(domain_of(who)).add(time, length);
    derived.counters.push(...domains.sorted().map(([domain, series]) => Object.assign(series, {domain})));
}

function derive_all() {
    derived.counters = [];
    derive_states();
    derived.calls = slices_of_arrows(ARROW.CALL, (i) => store.who[i], (i) => store.words[store.first[i]] & 0xfffff);
    derive_stolen();
    derive_ports();
    derive_rings();
    derive_batches();
    for (const table of [derived.states, derived.runs, derived.pending])
        for (const slices of table.values())
            slices.freeze();
    for (const table of [derived.calls, derived.requests])
        for (const lanes of table.values())
            lanes.forEach((lane) => lane.freeze());
    derived.counters = derived.counters.filter((series) => series.time.length).map((series) => series.freeze());
}
