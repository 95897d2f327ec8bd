/*
 * Names and numbers as people read them: vcpus, ports, errors, times. Names of the ABI are from the
 * table of events; only what its words mean inside (a vcpu's word, a ring's) is known here, from
 * xen-like/abi/trace.h.
 */
const NOBODY = 0xffffffff;
const IDLE_DOMAIN = 0x7fff; /* DOMID_IDLE: a CPU with nothing to do */

/* What may be switched on and off, and has a colour. The order is that of the buttons. */
const CLASSES = [
    ["sched", "scheduling"], ["call", "hypercalls"], ["event", "events"], ["rule", "interception"],
    ["trap", "traps"], ["table", "page tables"], ["frame", "frame types"], ["grant", "grants"],
    ["ring", "rings"], ["life", "domains"], ["other", "others"],
].map(([key, title]) => ({key, title}));

const CLASS_OF_NAME = {
    runstate_change: "sched", runs: "sched", continue_running: "sched", sched_dom_add: "sched", sched_dom_rem: "sched",
    sleep: "sched", wake: "sched", yield: "sched", block: "sched", switch: "sched", switch_infprev: "sched",
    switch_infnext: "sched", shutdown: "life", shutdown_code: "life", dom_add: "life", dom_rem: "life",
    grant_map: "grant", grant_unmap: "grant", grant_transfer: "grant", hypercall: "call", subcall: "call",
    result: "call", trap: "trap", trap_64: "trap", page_fault: "trap", page_fault_64: "trap", emulate_privop: "trap",
    emulate_privop_64: "trap", table_store: "table", table_store_64: "table", send: "event", upcall: "event",
    unmask: "event", bind: "event", close: "event", intercepted: "rule", released: "rule", injected: "rule",
    ring_request: "ring", ring_response: "ring", table_update: "table", batch: "table", type: "frame",
};

function class_index(name) {
    const key = CLASS_OF_NAME[name] || "other";
    return CLASSES.findIndex((one) => one.key === key);
}

const TRAPS = [
    "#DE divide error", "#DB debug", "NMI", "#BP breakpoint", "#OF overflow", "#BR bound", "#UD invalid opcode",
    "#NM no FPU", "#DF double fault", "coprocessor overrun", "#TS invalid TSS", "#NP segment not present",
    "#SS stack fault", "#GP general protection", "#PF page fault", "spurious", "#MF FPU error", "#AC alignment",
    "#MC machine check", "#XM SIMD error",
];

function hex(value) {
    return "0x" + value.toString(16);
}

function signed32(word) {
    return word | 0;
}

function domain_of(who) {
    return who >>> 16;
}

function domain_name(domain) {
    const name = store.domains[domain];
    return name ? `${name} (${domain})` : `domain ${domain}`;
}

function capital(text) {
    return text[0].toUpperCase() + text.slice(1);
}

function domain_short(domain) {
    if (domain === IDLE_DOMAIN)
        return "idle";
    return store.domains[domain] || "d" + domain;
}

/* who: domain << 16 | vcpu, or NOBODY, or (of a record) -1. */
function who_name(who) {
    if (who === -1 || who === NOBODY)
        return "nobody";
    return `${domain_short(domain_of(who))} v${who & 0xffff}`;
}

function port_name(domain, port) {
    return `${domain_short(domain)} port ${port}`;
}

/*
 * A ring's word: domain << 16 | kind << 12 | device. A disk's device is the low part of its number, 202 << 8
 * and on for xvda and its partitions (16 for each disk); a card has two rings, 2 * card for what the guest
 * sends and one more for what it receives (dom0/backend/ring_trace.h).
 */
function ring_name(ring) {
    const kind = (store.abi.rings[(ring >>> 12) & 15] || "ring").toLowerCase(), device = ring & 0xfff;
    const domain = domain_short(domain_of(ring));
    if (kind === "block" && device >> 8 === ((202 << 8) & 0xfff) >> 8)
        return `${domain} xvd${String.fromCharCode(97 + ((device & 0xff) >> 4))}${device & 15 || ""}`;
    if (kind === "network")
        return `${domain} vif${device >> 1}, ${device & 1 ? "receives" : "sends"}`;
    return `${domain} ${kind} ${device}`;
}

/* 0 or an errno, negative or not, as 32 bits. */
function errno_name(value) {
    const number = Math.abs(Number(value));
    return number === 0 ? "0" : "-" + (store.abi.errnos[number] || number);
}

function trap_name(vector) {
    return TRAPS[vector] || "vector " + vector;
}

/* ---- Times ---- */

const UNITS = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];

/* A length of time, with as many digits as are of use. */
function span_text(ns) {
    const [unit, size] = UNITS.find(([, size]) => Math.abs(ns) >= size) || ["ns", 1];
    const value = ns / size;
    return `${unit === "ns" ? Math.round(value) : value.toPrecision(4).replace(/\.?0+$/, "")} ${unit}`;
}

/* A point of time, to the nanosecond: 12.345 678 901 ms reads badly, 12.345678901 s not. */
function time_text(ns) {
    return (ns / 1e9).toFixed(9) + " s";
}

/* A label on an axis whose lines are `step' apart and whose last is at `end'. */
function axis_text(ns, step, end) {
    const [unit, size] = UNITS.find(([, size]) => end >= size) || ["ns", 1];
    const digits = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9));
    return `${(ns / size).toFixed(Math.min(digits, 9))} ${unit}`;
}
