"use strict";
/*
 * The records, as the page keeps them: one typed array for each column of FORMAT.md. A record is its
 * number; what else is known of it is looked up here. Times are in nanoseconds from the trace's start,
 * in doubles (exact for three months of ticks at any rate that a TSC has).
 *
 * Words are found by the names that the table of events gives them: record_word(i, "port") for 32 bits,
 * record_wide(i, "mfn") for 64, which are BigInt.
 */
const store = {};

/* "who,entry:64,args?" => where each word is. */
function layout_of(words) {
    const fields = new Map();
    let at = 0;
    for (const word of words ? words.split(",") : []) {
        const wide = word.endsWith(":64"), rest = word.endsWith("?");
        fields.set(word.replace(/:64|\?/, ""), {at, wide, rest});
        at += wide ? 2 : 1;
    }
    return fields;
}

function event_of(number, abi) {
    const known = abi.events[number];
    if (known) {
        const fields = layout_of(known.words);
        if (known.name === "runstate_change")
            fields.set("old_new", {at: 1, wide: false, rest: false}); /* FORMAT.md, records */
        return {number, name: known.name, says: known.says, fields};
    }
    return {number, name: "event 0x" + number.toString(16), says: "An event that this page does not know.", fields: new Map()};
}

function store_load(data) {
    const r = data.records, n = r.time.length, tick = 1e9 / data.meta.hz;
    store.count = n;
    store.meta = data.meta;
    store.abi = data.abi;
    store.domains = data.domains;
    store.events = data.events.map((number) => event_of(number, data.abi));
    store.time = new Float64Array(n);
    store.first = new Uint32Array(n + 1); /* of the words */
    store.cpu = Uint16Array.from(r.cpu);
    store.event = Uint16Array.from(r.event);
    store.who = Int32Array.from(r.who);
    store.words = Uint32Array.from(r.words);
    for (let i = 0, ticks = 0; i < n; i++) {
        ticks += r.time[i];
        store.time[i] = ticks * tick;
        store.first[i + 1] = store.first[i] + r.count[i];
    }
    store.end = n ? Math.max(store.time[n - 1], 1) : 1;
    store.arrows = {
        count: data.arrows.from.length,
        from: Uint32Array.from(data.arrows.from),
        to: Uint32Array.from(data.arrows.to),
        kind: Uint8Array.from(data.arrows.kind),
    };
    arrows_index();
}

/* For each record its arrows, out and in: a chain through `next', begun by `head' (-1 ends it). */
function arrows_index() {
    const a = store.arrows;
    for (const [head, next, end] of [["headOut", "nextOut", a.from], ["headIn", "nextIn", a.to]]) {
        a[head] = new Int32Array(store.count).fill(-1);
        a[next] = new Int32Array(a.count);
        for (let k = a.count - 1; k >= 0; k--) {
            a[next][k] = a[head][end[k]];
            a[head][end[k]] = k;
        }
    }
}

function arrows_out(i) {
    const found = [];
    for (let k = store.arrows.headOut[i]; k >= 0; k = store.arrows.nextOut[k])
        found.push(k);
    return found;
}

function arrows_in(i) {
    const found = [];
    for (let k = store.arrows.headIn[i]; k >= 0; k = store.arrows.nextIn[k])
        found.push(k);
    return found;
}

function record_event(i) {
    return store.events[store.event[i]];
}

function record_name(i) {
    return store.events[store.event[i]].name;
}

function record_count(i) {
    return store.first[i + 1] - store.first[i];
}

/* A 32-bit word by name, or 0 if the record has no such. */
function record_word(i, name) {
    const field = record_event(i).fields.get(name);
    return field && field.at < record_count(i) ? store.words[store.first[i] + field.at] : 0;
}

function record_wide(i, name) {
    const field = record_event(i).fields.get(name);
    if (!field || field.at + 1 >= record_count(i))
        return 0n;
    const at = store.first[i] + field.at;
    return (BigInt(store.words[at + 1]) << 32n) | BigInt(store.words[at]);
}

/* The index into store.events of the event of this name, or -1 if it does not occur. */
function event_index(name) {
    return store.events.findIndex((event) => event.name === name);
}

/* The first place in a sorted array, from `low' on, whose value is not below `value'. */
function lower_bound(array, value, low = 0, high = array.length) {
    while (low < high) {
        const middle = (low + high) >> 1;
        if (array[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
