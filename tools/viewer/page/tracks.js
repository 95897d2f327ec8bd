/*
 * The tracks: CPUs, vcpus, rings, ports and counters, each with its lanes of slices, and its marks: the
 * records that belong to it, as a sorted array of their numbers. `shown' is what the filter leaves of
 * the marks; it is made when the filter changes, so that drawing never asks it.
 */
const tracks = {groups: []};
const GROUP_HEIGHT = 24;

/* Where a record belongs besides its CPU: vcpu, two ports (sender's and receiver's), ring. */
const EVENT_PORTS = {
    send: ["from", "port", "to", "to_port"], intercepted: ["from", "port", "to", "to_port"],
    released: [null, null, "to", "to_port"], injected: [null, null, "to", "to_port"],
    unmask: ["who", "port"], bind: ["to", "port"],
};

/* The keys of the ports that a record is about: [sender's, receiver's], -1 for none. */
function record_ports(i) {
    const name = record_name(i), words = EVENT_PORTS[name];
    if (name === "close")
        return [port_key(record_word(i, "domain"), record_word(i, "port")), -1];
    if (!words)
        return [-1, -1];
    const key = (who, port) => {
        const value = who ? record_word(i, who) : NOBODY;
        return value === NOBODY ? -1 : port_key(domain_of(value), record_word(i, port));
    };
    return [key(words[0], words[1]), key(words[2], words[3])];
}

/* What a port is for, in a word, by the last record that tells: ": TIMER", " ↔ dom0 9", ": ipi". */
function port_role(key, marks) {
    for (const i of marks.toReversed()) {
        const name = record_name(i), send = name === "send" ? send_parts(i) : null;
        if (name !== "bind" && !send)
            continue;
        const kind = kind_name(send ? send.kind : record_word(i, "kind")), number = send ? send.extra : record_word(i, "remote_port");
        if (kind === "virq")
            return ": " + (store.abi.virqs[number] || "VIRQ " + number);
        if (kind === "pirq")
            return ": interrupt " + number;
        if (kind === "ipi")
            return ": ipi";
        const other = send ? record_ports(i).find((one) => one !== key) : port_key(record_word(i, "remote_domain"), number);
        if (kind === "interdomain" && other >= 0)
            return ` ↔ ${domain_short(Math.floor(other / 0x100000))} ${other % 0x100000}`;
    }
    return "";
}

function tracks_collect() {
    const lists = {cpu: new Table(() => []), vcpu: new Table(() => []), port: new Table(() => []), ring: new Table(() => [])};
    const ported = new Set(Object.keys(EVENT_PORTS).concat("close").map(event_index));
    const rings = new Set([event_index("ring_request"), event_index("ring_response")]);
    for (let i = 0; i < store.count; i++) {
        lists.cpu.of(store.cpu[i]).push(i);
        if (store.who[i] !== -1 && domain_of(store.who[i]) !== IDLE_DOMAIN)
            lists.vcpu.of(store.who[i]).push(i);
        if (ported.has(store.event[i])) {
            const [from, to] = record_ports(i);
            if (from >= 0)
                lists.port.of(from).push(i);
            if (to >= 0 && to !== from)
                lists.port.of(to).push(i);
        } else if (rings.has(store.event[i])) {
            lists.ring.of(record_word(i, "ring")).push(i);
        }
    }
    for (const who of derived.states.keys())
        lists.vcpu.of(who);
    return lists;
}

function track_make(kind, id, label, height, marks, more) {
    const all = Uint32Array.from(marks);
    return {kind, id, label, height, marks: all, shown: all, lanes: [], hidden: false, ...more};
}

/* How far lanes are apart: the more, the closer (less than a pixel, if need be), so that a ring stays small. */
function lane_pitch(lanes) {
    return Math.min(9, 72 / Math.max(1, lanes));
}

function tracks_make() {
    const lists = tracks_collect(), groups = [];
    const add = (title, list) => list.length && groups.push({title, tracks: list, open: true});
    add("CPUs", lists.cpu.sorted().map(([cpu, marks]) =>
        track_make("cpu", cpu, "CPU " + cpu, 34, marks, {domain: -1, lanes: [derived.runs.of(cpu)]})));
    add("vcpus", lists.vcpu.sorted().map(([who, marks]) =>
        track_make("vcpu", who, who_name(who), 44, marks, {domain: domain_of(who), lanes: derived.calls.get(who) || [], states: derived.states.get(who)})));
    add("rings", lists.ring.sorted().map(([ring, marks]) => {
        const lanes = derived.requests.get(ring) || [], pitch = lane_pitch(lanes.length);
        return track_make("ring", ring, ring_name(ring), Math.max(28, 18 + pitch * lanes.length), marks, {domain: domain_of(ring), lanes, pitch});
    }));
    add("ports", lists.port.sorted().map(([key, marks]) => {
        const domain = Math.floor(key / 0x100000), port = key % 0x100000, pending = derived.pending.get(key);
        return track_make("port", key, `${port_name(domain, port)}${port_role(key, marks)}`, 26, marks, {domain, lanes: pending ? [pending] : []});
    }));
    add("over time", derived.counters.map((series, k) =>
        track_make("counter", k, series.title, 52, [], {domain: series.domain === undefined ? -1 : series.domain, series})));
    for (const group of groups)
        for (const track of group.tracks)
            track.lanes.forEach((lane) => lane.from instanceof Float64Array || lane.freeze());
    tracks.groups = groups;
    tracks.by_key = new Map();
    for (const track of tracks_all())
        tracks.by_key.set(track.kind + track.id, track);
    tracks_place();
}

function tracks_all() {
    return tracks.groups.flatMap((group) => group.tracks);
}

/* Give each visible track its place, from 0 down. */
function tracks_place() {
    let y = 0;
    for (const group of tracks.groups) {
        const visible = group.tracks.filter((track) => !track.hidden);
        group.y = y;
        group.hidden = visible.length === 0;
        group.count = visible.length;
        y += group.hidden ? 0 : GROUP_HEIGHT;
        for (const track of group.tracks) {
            track.placed = group.open && !track.hidden;
            track.y = y;
            y += track.placed ? track.height : 0;
        }
    }
    tracks.height = y;
}

/* What of each track passes the filter. Tracks of other domains and ports go. */
function tracks_filter() {
    for (const track of tracks_all()) {
        track.hidden = !filter_takes_track(track);
        track.shown = filter.all ? track.marks : track.marks.filter((i) => filter.mask[i]);
    }
    tracks_place();
}

function track_at(y) {
    return tracks_all().find((track) => track.placed && y >= track.y && y < track.y + track.height);
}

function group_at(y) {
    return tracks.groups.find((group) => !group.hidden && y >= group.y && y < group.y + GROUP_HEIGHT);
}

function track_of(kind, id) {
    const track = tracks.by_key.get(kind + id);
    return track && track.placed ? track : undefined;
}

/* The track on which a record is told first: its vcpu's, or its CPU's. */
function record_track(i) {
    const name = record_name(i);
    const who = name === "upcall" ? record_word(i, "who") : store.who[i];
    return track_of("vcpu", who) || track_of("cpu", store.cpu[i]);
}
