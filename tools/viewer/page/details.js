/*
 * The panel at the right: the selected record in words and word by word, with what came before and
 * after it; and lists, of which only the rows in sight are elements.
 */
const panel = {tab: "record"};

/* An element: make("p", {class: "x"}, "text", other, ...). */
function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        if (name.startsWith("on"))
            element.addEventListener(name.slice(2), value);
        else if (value !== undefined && value !== false)
            element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

function panel_choose(tab) {
    panel.tab = tab;
    for (const button of document.querySelectorAll("#tabs button"))
        button.setAttribute("aria-selected", button.dataset.tab === tab);
    for (const page of document.querySelectorAll("aside section"))
        page.hidden = page.id !== "tab-" + tab;
    if (tab === "tables")
        tables_show();
    if (tab === "found")
        found_show();
    state_save();
}

function record_link(i, text) {
    return make("button", {type: "button", class: "link", onclick: () => record_select(i)}, text);
}

function dot(i) {
    return make("span", {class: "dot", style: `--dot: var(--c-${CLASSES[filter.kind[i]].key})`});
}

function fact(name, ...value) {
    return [make("dt", {}, name), make("dd", {}, ...value)];
}

/* ---- The record ---- */

const ARROW_TEXT = {
    [ARROW.SEND]: ["delivered by", "sent by"], [ARROW.RING]: ["answered by", "the request"],
    [ARROW.RULE]: ["goes on as", "taken as"], [ARROW.CALL]: ["answer", "the call"],
};

function arrow_facts(i) {
    const a = store.arrows, facts = [];
    for (const [list, end, way] of [[arrows_in(i), a.from, 1], [arrows_out(i), a.to, 0]])
        for (const k of list.slice(0, 12)) {
            const other = end[k], away = span_text(Math.abs(store.time[other] - store.time[i]));
            facts.push(fact(ARROW_TEXT[a.kind[k]][way], record_link(other, `${record_name(other)} #${other}`), ` ${away} ${way ? "before" : "later"}`));
        }
    return facts.flat();
}

/* A hypercall with its arguments by name, and what it answered. */
function call_facts(i) {
    const {says, values, sub} = call_decode(i), after = call_result(i);
    const facts = [fact("says", sub ? sub.says : says)];
    for (const one of values)
        facts.push(fact(one.name, make("code", {}, argument_text(one, sub))));
    if (record_name(i) === "hypercall") {
        const answer = after < 0 ? "none in this trace" : make("code", {class: "answer"}, result_text(record_wide(after, "result")));
        facts.push(fact("result", answer));
    }
    return facts.flat();
}

/* A word by what it is, where its name says that. */
const WORD_TEXT = {
    who: who_name, from: who_name, to: who_name, ring: ring_name, domain: domain_name, result: (value) => result_text(BigInt(value)),
    action: action_name, status: signed32, size: String, pending: String, count: String, done: String, rule: String,
    port: String, to_port: String, ran_ns: span_text, waited_ns: span_text, slice_ns: span_text, type: type_name,
    op: (value) => `${call_name(value)} (${value})`,
};

function word_text(i, name, wide) {
    const value = wide ? record_wide(i, name) : record_word(i, name);
    if (name === "kind_outcome") {
        const {kind, outcome, extra} = send_parts(i);
        return `${kind_name(kind)}, ${store.abi.outcomes[outcome]}${extra ? ", " + extra : ""}`;
    }
    if (name === "result" && !wide)
        return errno_name(signed32(value));
    const known = WORD_TEXT[name];
    return known ? String(known(value)) : value > 9 ? `${hex(value)} = ${value}` : String(value);
}

function word_facts(i) {
    const event = record_event(i), facts = [];
    for (const [name, {wide, rest, at}] of event.fields)
        if (!rest && at < record_count(i))
            facts.push(fact(name, make("code", {}, word_text(i, name, wide))));
    return facts.flat();
}

function raw_words(i) {
    const words = Array.from(store.words.subarray(store.first[i], store.first[i + 1]), (word) => word.toString(16).padStart(8, "0"));
    return words.length ? words.join(" ") : "none";
}

/* The records before and after it on its track, in a few lines. */
function neighbour_list(i) {
    const track = selected_track();
    if (!track)
        return null;
    const k = lower_bound(track.marks, i), rows = [];
    for (let one = Math.max(0, k - 4); one < Math.min(track.marks.length, k + 6); one++) {
        const other = track.marks[one], away = store.time[other] - store.time[i];
        const when = other === i ? "this" : (away < 0 ? "−" : "+") + span_text(Math.abs(away));
        rows.push(make("li", {class: other === i ? "this" : ""}, make("span", {class: "when"}, when), dot(other),
            make("button", {type: "button", class: "link row", title: record_text(other), onclick: () => record_select(other)}, `${record_name(other)}: ${record_text(other)}`)));
    }
    return make("ol", {class: "neighbours"}, ...rows);
}

function details_show() {
    const page = document.getElementById("tab-record"), i = view.selected;
    if (i < 0) {
        page.replaceChildren(make("p", {class: "hint"}, "Nothing is selected. Click a mark or a slice, or press n for the next record. ? shows all keys."));
        return;
    }
    const event = record_event(i), call = event.name === "hypercall" || event.name === "subcall";
    const cause = event.name === "result" ? result_call(i) : -1;
    const batch = derived.batch_of.get(i);
    page.replaceChildren(
        make("h2", {}, dot(i), event.name, make("span", {class: "number"}, "#" + i)),
        make("p", {class: "sentence"}, record_text(i)),
        cause >= 0 ? make("p", {}, "It is the answer to: " + call_text(cause) + ".") : "",
        make("dl", {}, ...fact("time", make("code", {}, time_text(store.time[i]))), ...fact("CPU", String(store.cpu[i])),
            ...fact("ran", who_name(store.who[i])), ...(call ? call_facts(i) : word_facts(i)), ...arrow_facts(i)),
        batch === undefined ? "" : make("p", {}, make("button", {type: "button", class: "button", onclick: () => tables_open(batch)}, "Show its batch of page-table updates")),
        make("h3", {}, "On this track"), neighbour_list(i) || "",
        make("h3", {}, "What it means"), make("p", {class: "says"}, event.says),
        make("p", {class: "raw"}, make("code", {}, `event ${hex(event.number)}  words ${raw_words(i)}`)));
    page.scrollTop = 0;
}

/* ---- Lists of which only a part is there ---- */

const ROW = 26;

/* Fills box (which scrolls) with `count' rows of ROW pixels, made by row_of(k) when they are in sight. */
function list_show(box, count, row_of, at = -1) {
    const inner = make("div", {class: "rows", style: `height: ${count * ROW}px`});
    const fill = () => {
        const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 4), rows = [];
        for (let k = first; k < Math.min(count, first + Math.ceil(box.clientHeight / ROW) + 8); k++) {
            const row = row_of(k);
            row.style.top = k * ROW + "px";
            rows.push(row);
        }
        inner.replaceChildren(...rows);
    };
    box.replaceChildren(inner);
    box.onscroll = fill;
    if (at >= 0 && (at * ROW < box.scrollTop || (at + 2) * ROW > box.scrollTop + box.clientHeight))
        box.scrollTop = Math.max(0, at * ROW - box.clientHeight / 3);
    fill();
}

function found_show() {
    if (panel.tab !== "found")
        return;
    const {found, query} = search, box = document.getElementById("found-list");
    document.getElementById("found-title").textContent = query ? `${number_text(found.length)} records for “${query}”` : "Nothing is searched for.";
    list_show(box, found.length, (k) => make("button", {
        type: "button", class: "line" + (found[k] === view.selected ? " this" : ""), title: record_text(found[k]),
        onclick: () => {
            search.at = k;
            search_show();
            record_select(found[k]);
            found_show();
        },
    }, make("span", {class: "when"}, span_text(store.time[found[k]])), dot(found[k]), make("span", {class: "text"}, record_text(found[k]))), search.at);
}
