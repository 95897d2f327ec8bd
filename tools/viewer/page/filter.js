/*
 * Which records are shown: classes that are on, domains that are chosen (none: all), one port. `mask' has
 * a 1 for each record that passes. A record is a domain's if that domain's vcpu ran, or if it is about it.
 */
const filter = {classes: new Set(), domains: new Set(), port: null, all: true};

/* Words that name a domain or a vcpu other than the one that ran. */
const ABOUT = [["to", true], ["who", true], ["domain", false], ["ring", true], ["to_domain", false]];

function filter_prepare() {
    const n = store.count;
    filter.mask = new Uint8Array(n).fill(1);
    filter.kind = new Uint8Array(n); /* class of each record */
    filter.ran = new Int32Array(n); /* domain that ran, or -1 */
    filter.about = new Int32Array(n); /* domain that it is about, or -1 */
    const kinds = store.events.map((event) => class_index(event.name));
    const words = store.events.map((event) => ABOUT.find(([name]) => event.fields.has(name)));
    const seen = new Set();
    for (let i = 0; i < n; i++) {
        const word = words[store.event[i]];
        filter.kind[i] = kinds[store.event[i]];
        filter.ran[i] = store.who[i] === -1 ? -1 : domain_of(store.who[i]);
        filter.about[i] = -1;
        if (word) {
            const value = record_word(i, word[0]);
            filter.about[i] = value === NOBODY ? -1 : word[1] ? domain_of(value) : value;
        }
        seen.add(filter.ran[i]).add(filter.about[i]);
    }
    filter.known_domains = [...seen].filter((domain) => domain >= 0 && domain < 0x7ff0).sort((a, b) => a - b);
    filter.used = CLASSES.map((_, k) => kinds.includes(k));
    filter_reset();
}

function filter_reset() {
    filter.classes = new Set(CLASSES.map((_, k) => k));
    filter.domains = new Set();
    filter.port = null;
}

/* "5" or "1:5" (domain:port): null for none, undefined for nonsense. */
function port_parse(text) {
    const match = /^\s*(?:(\d+)\s*:\s*)?(\d+)\s*$/.exec(text);
    if (!match)
        return text.trim() ? undefined : null;
    return {domain: match[1] === undefined ? -1 : Number(match[1]), port: Number(match[2])};
}

function port_matches(key) {
    const {domain, port} = filter.port;
    return key >= 0 && key % 0x100000 === port && (domain < 0 || Math.floor(key / 0x100000) === domain);
}

function filter_takes(i) {
    if (!filter.classes.has(filter.kind[i]))
        return false;
    if (filter.domains.size && !filter.domains.has(filter.ran[i]) && !filter.domains.has(filter.about[i]))
        return false;
    return !filter.port || record_ports(i).some(port_matches);
}

function filter_takes_track(track) {
    if (filter.domains.size && track.domain >= 0 && !filter.domains.has(track.domain))
        return false;
    return !(filter.port && track.kind === "port" && !port_matches(track.id));
}

/* After a change of classes, domains or port. */
function filter_apply() {
    filter.all = filter.classes.size === CLASSES.length && !filter.domains.size && !filter.port;
    let left = 0;
    for (let i = 0; i < store.count; i++)
        left += filter.mask[i] = filter_takes(i) ? 1 : 0;
    filter.left = left;
    tracks_filter();
}

/* ---- The bar ---- */

function chip_make(text, colour, pressed, on_click) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    if (colour)
        button.style.setProperty("--dot", `var(${colour})`);
    else
        button.classList.add("plain");
    button.textContent = text;
    button.setAttribute("aria-pressed", pressed());
    button.addEventListener("click", (event) => {
        on_click(event);
        filter_changed();
    });
    button.refresh = () => button.setAttribute("aria-pressed", pressed());
    return button;
}

/* A click switches one class; with Shift (or Alt), all but this one. */
function class_toggle(k, alone) {
    const {classes} = filter;
    if (alone) {
        const only = classes.size === 1 && classes.has(k);
        filter.classes = new Set(only ? CLASSES.map((_, one) => one) : [k]);
    } else if (!classes.delete(k)) {
        classes.add(k);
    }
}

function filter_build() {
    const classes = document.getElementById("classes"), domains = document.getElementById("domains");
    CLASSES.forEach(({key, title}, k) => {
        if (filter.used[k])
            classes.append(chip_make(title, "--c-" + key, () => filter.classes.has(k), (event) => class_toggle(k, event.shiftKey || event.altKey)));
    });
    for (const domain of filter.known_domains)
        domains.append(chip_make(domain_short(domain), domain_variable(domain), () => filter.domains.has(domain), () => {
            if (!filter.domains.delete(domain))
                filter.domains.add(domain);
        }));
    const port = document.getElementById("port");
    port.addEventListener("input", () => {
        const parsed = port_parse(port.value);
        port.classList.toggle("wrong", parsed === undefined);
        if (parsed !== undefined) {
            filter.port = parsed;
            filter_changed();
        }
    });
    document.getElementById("reset").addEventListener("click", () => {
        filter_reset();
        filter_changed();
    });
}

function port_text() {
    return filter.port ? (filter.port.domain < 0 ? "" : filter.port.domain + ":") + filter.port.port : "";
}

function filter_changed() {
    filter_apply();
    filter_show();
    view_clamp();
    state_save();
    draw_soon();
}

/* Buttons and number as they are now. */
function filter_show() {
    for (const chip of document.querySelectorAll("#classes .chip, #domains .chip"))
        chip.refresh();
    const port = document.getElementById("port");
    if (document.activeElement !== port)
        port.value = port_text();
    const left = document.getElementById("left");
    left.textContent = filter.all ? `${number_text(store.count)} records` : `${number_text(filter.left)} of ${number_text(store.count)} records`;
    document.getElementById("reset").hidden = filter.all;
}

function number_text(n) {
    return n.toLocaleString("en-US").replace(/,/g, "\u2009");
}
