/*
 * A record in words: one sentence for each event, with its own numbers in it. An event that has no
 * sentence here is told by the table of events and its words, so a new one is never silent.
 */
const ARROW = {SEND: 0, RING: 1, RULE: 2, CALL: 3};

function runstate_name(state) {
    return store.abi.runstates[state] || "state " + state;
}

function kind_name(kind) {
    return store.abi.kinds[kind] || "kind " + kind;
}

function action_name(action) {
    return (store.abi.actions[action] || "action " + action).toLowerCase();
}

/* kind_outcome of a send. */
function send_parts(i) {
    const word = record_word(i, "kind_outcome");
    return {kind: word & 0xff, outcome: (word >>> 8) & 0xff, extra: word >>> 16};
}

const OUTCOME_TEXT = {
    RAISED: "it is pending now, and its vcpu is told", MERGED: "it was pending already, so nothing changes",
    MASKED: "it is pending, but masked", NOBODY: "the other end is not bound", HELD: "a rule has it",
};

function send_text(i) {
    const {kind, outcome, extra} = send_parts(i), from = record_word(i, "from"), to = record_word(i, "to");
    const target = port_name(domain_of(to), record_word(i, "to_port"));
    const became = OUTCOME_TEXT[store.abi.outcomes[outcome]] || "outcome " + outcome;
    const name = kind_name(kind);
    if (name === "virq" || name === "pirq") {
        const what = name === "virq" ? "VIRQ " + (store.abi.virqs[extra] || extra) : "Interrupt " + extra;
        return `${what} is raised for ${who_name(to)}, at ${target}: ${became}.`;
    }
    return `${who_name(from)} sends from port ${record_word(i, "port")} to ${who_name(to)}, at ${target} (${name}): ${became}.`;
}

function selector_text(selector) {
    const groups = [];
    for (let bit = 0; bit < 64; bit++)
        if ((selector >> BigInt(bit)) & 1n)
            groups.push(`${bit * 64}–${bit * 64 + 63}`);
    return groups.length ? "it will find ports " + groups.join(", ") : "its selector is empty";
}

function bind_text(i) {
    const kind = kind_name(record_word(i, "kind")), remote = record_word(i, "remote_port");
    const end = {
        virq: "VIRQ " + (store.abi.virqs[remote] || remote), pirq: "interrupt " + remote, ipi: "its own domain",
        interdomain: port_name(record_word(i, "remote_domain"), remote),
        unbound: domain_name(record_word(i, "remote_domain")) + ", which may connect",
    }[kind] || kind;
    const to = record_word(i, "to");
    return `${port_name(domain_of(to), record_word(i, "port"))} is bound to ${end}; it tells ${who_name(to)}.`;
}

function value_of_rule(action, value) {
    const name = action_name(action);
    if (name === "delay" || name === "rate")
        return `${name}, ${span_text(value)}`;
    return name === "duplicate" ? `duplicate, ${value} more` : name;
}

function page_fault_text(i, rip, address) {
    const error = record_word(i, "error");
    const how = [error & 16 ? "fetching" : error & 2 ? "writing" : "reading", error & 1 ? "forbidden there" : "nothing is mapped"];
    return `Page fault of ${who_name(store.who[i])} at ${hex(rip)}: ${how[0]} ${hex(address)} in ${error & 4 ? "user" : "kernel"} mode, ${how[1]} (error ${hex(error)}).`;
}

function trap_text(i, rip) {
    const word = record_word(i, "trap"), error = word & 0x8000 ? `, error ${hex(word >>> 16)}` : "";
    return `${who_name(store.who[i])} has exception ${trap_name(word & 0x7fff)} at ${hex(rip)}${error}.`;
}

/* A frame's type as hypervisor/mm/frame.h numbers them. */
const TYPES = ["of no type", "page table of level 1", "page table of level 2", "page table of level 3", "page table of level 4", "segment descriptors", "writable"];

function type_name(type) {
    return TYPES[type] || "type " + type;
}

function domain_vcpu(i) {
    return who_name((record_word(i, "domain") << 16) | record_word(i, "vcpu"));
}

function batch_text(i) {
    const count = record_word(i, "count"), done = record_word(i, "done"), result = record_word(i, "result");
    const end = result || done === count ? verdict_text(result) : "the others later";
    return `A batch of ${count} page-table update${count === 1 ? "" : "s"} of ${who_name(record_word(i, "who"))}: ${done} done, ${end}.`;
}

/* SHUTDOWN_* of <xen/sched.h>. */
const SHUTDOWNS = ["power off", "reboot", "suspend", "crash", "watchdog", "soft reset"];

function shutdown_name(reason) {
    return SHUTDOWNS[reason] || "reason " + reason;
}

const SENTENCES = {
    runstate_change(i) {
        const word = record_word(i, "old_new");
        return `${who_name(record_word(i, "who"))} was ${runstate_name((word >>> 4) & 15)} and is ${runstate_name(word & 15)} now.`;
    },
    hypercall: (i) => `${who_name(store.who[i])} calls ${call_text(i)}.`,
    subcall: (i) => `An entry of ${who_name(store.who[i])}'s multicall: ${call_text(i)}.`,
    result: (i) => `${call_name(record_word(i, "op"))} answers ${result_text(record_wide(i, "result"))}.`,
    send: send_text,
    bind: bind_text,
    upcall: (i) => `${who_name(record_word(i, "who"))} enters its event callback; ${selector_text(record_wide(i, "selector"))}.`,
    unmask: (i) => `${who_name(record_word(i, "who"))} unmasks port ${record_word(i, "port")}.`,
    close: (i) => `${port_name(record_word(i, "domain"), record_word(i, "port"))} is closed.`,
    intercepted: (i) => `Rule ${record_word(i, "rule")} takes the event of ${who_name(record_word(i, "from"))} for ${port_name(domain_of(record_word(i, "to")), record_word(i, "to_port"))}: ${value_of_rule(record_word(i, "action"), record_word(i, "value"))}.`,
    released: (i) => `What rule ${record_word(i, "rule")} had for ${port_name(domain_of(record_word(i, "to")), record_word(i, "to_port"))} goes on now.`,
    injected: (i) => `An event that nobody sent is put into ${port_name(domain_of(record_word(i, "to")), record_word(i, "to_port"))}.`,
    trap: (i) => trap_text(i, record_word(i, "rip")),
    trap_64: (i) => trap_text(i, record_wide(i, "rip")),
    page_fault: (i) => page_fault_text(i, record_word(i, "rip"), record_word(i, "address")),
    page_fault_64: (i) => page_fault_text(i, record_wide(i, "rip"), record_wide(i, "address")),
    emulate_privop: (i) => `A privileged instruction of ${who_name(store.who[i])} at ${hex(record_word(i, "rip"))} is emulated.`,
    emulate_privop_64: (i) => `A privileged instruction of ${who_name(store.who[i])} at ${hex(record_wide(i, "rip"))} is emulated.`,
    table_store: (i) => `${who_name(store.who[i])} stores ${hex(record_wide(i, "value"))} to its page table at ${hex(record_word(i, "address"))}; the store is emulated.`,
    table_store_64: (i) => `${who_name(store.who[i])} stores ${hex(record_wide(i, "value"))} to its page table at ${hex(record_wide(i, "address"))}; the store is emulated.`,
    table_update: (i) => `${who_name(record_word(i, "who"))}: ${entry_place(record_wide(i, "entry"))} becomes ${entry_text(record_wide(i, "value"))}: ${verdict_text(record_word(i, "result"))}.`,
    batch: batch_text,
    type(i) {
        const type = record_word(i, "type"), frame = `Frame ${hex(record_wide(i, "mfn"))} of ${domain_name(record_word(i, "domain"))}`;
        return type ? `${frame} becomes: ${type_name(type)}.` : `${frame} has no type any more.`;
    },
    ring_request: (i) => `Request ${record_wide(i, "id")} of ${ring_name(record_word(i, "ring"))} is taken; ${record_word(i, "pending")} of ${record_word(i, "size")} places are full.`,
    ring_response: (i) => `Request ${record_wide(i, "id")} of ${ring_name(record_word(i, "ring"))} is answered: ${signed32(record_word(i, "status")) || "good"}.`,
    switch: (i) => `The CPU goes from ${who_name((record_word(i, "from_domain") << 16) | record_word(i, "from_vcpu"))} to ${who_name((record_word(i, "to_domain") << 16) | record_word(i, "to_vcpu"))}.`,
    switch_infprev: (i) => `${domain_vcpu(i)} had run for ${span_text(record_word(i, "ran_ns"))}.`,
    switch_infnext: (i) => `${domain_vcpu(i)} had waited for ${span_text(record_word(i, "waited_ns"))}, and may run for ${span_text(record_word(i, "slice_ns"))}.`,
    block: (i) => `${domain_vcpu(i)} sleeps until an event comes.`,
    wake: (i) => `${domain_vcpu(i)} may run again.`,
    runs: (i) => `Recording begins on this CPU, where ${who_name(record_word(i, "who"))} runs.`,
    continue_running: (i) => `The scheduler looked, and went on with ${who_name(record_word(i, "who"))}.`,
    sched_dom_add: (i) => `The scheduler has ${domain_name(record_word(i, "domain"))} now.`,
    sched_dom_rem: (i) => `The scheduler has ${domain_name(record_word(i, "domain"))} no more.`,
    dom_add: (i) => `${capital(domain_name(record_word(i, "domain")))} was created.`,
    dom_rem: (i) => `${capital(domain_name(record_word(i, "domain")))} is gone to its last frame.`,
    shutdown: (i) => `${domain_vcpu(i)} shuts its domain down: ${shutdown_name(record_word(i, "reason"))}.`,
    shutdown_code: (i) => `${domain_vcpu(i)} says why its domain will be down: ${shutdown_name(record_word(i, "reason"))}.`,
    grant_transfer: (i) => `A frame was given to ${domain_name(record_word(i, "domain"))}.`,
    sleep: (i) => `${domain_vcpu(i)} is stopped from outside.`,
    yield: (i) => `${domain_vcpu(i)} lets others go first.`,
    grant_map: (i) => `A grant of ${domain_name(record_word(i, "domain"))} is mapped.`,
    grant_unmap: (i) => `A mapping of a grant of ${domain_name(record_word(i, "domain"))} goes.`,
    lost_records: (i) => `${record_word(i, "lost")} records are missing here: the reader was too slow.`,
};

/* NAME value, NAME value: for what has no sentence. */
function words_text(i) {
    const event = record_event(i), parts = [];
    for (const [name, {wide, rest}] of event.fields)
        if (!rest)
            parts.push(`${name} ${wide ? hex(record_wide(i, name)) : hex(record_word(i, name))}`);
    for (let at = event.fields.size ? record_count(i) : 0; at < record_count(i); at++)
        parts.push(hex(store.words[store.first[i] + at]));
    return parts.join(", ");
}

function record_text(i) {
    const event = record_event(i), sentence = SENTENCES[event.name];
    if (sentence)
        return sentence(i);
    const words = words_text(i);
    return words ? `${event.says} ${words}.` : event.says;
}
