/*
 * The page-table view: each batch of updates that was validated, entry by entry, with its verdict. An
 * entry is told as the table's frame and the index in it, the new value as frame and flags, which are
 * the architecture's (Intel SDM vol. 3, 4.5; the same in AMD's vol. 2, 5.4).
 */
const tables = {open: new Set(), rows: [], refused: false};

const ENTRY_FLAGS = [
    [0n, "present"], [1n, "writable"], [2n, "user"], [3n, "write-through"], [4n, "uncached"], [5n, "accessed"],
    [6n, "dirty"], [7n, "PS/PAT"], [8n, "global"], [63n, "no-execute"],
];
const FRAME_BITS = 0x000ffffffffff000n;
const OFFSET_BITS = 0xfffn;

/* Bits 0 and 1 of an entry's address say what kind of update it is (MMU_* of <xen/xen.h>). */
function entry_place(entry) {
    const kind = Number(entry & 3n), mfn = entry >> 12n;
    if (kind === 1)
        return `the physical address of frame ${hex(mfn)}`;
    return `entry ${(entry & OFFSET_BITS) >> 3n} of table ${hex(mfn)}`;
}

function entry_text(value) {
    if ((value & 1n) === 0n)
        return value === 0n ? "empty" : `not present (${hex(value)})`;
    const flags = ENTRY_FLAGS.filter(([bit]) => bit !== 0n && (value >> bit) & 1n).map(([, name]) => name);
    return `frame ${hex((value & FRAME_BITS) >> 12n)}, ${flags.join(" ") || "read-only"}`;
}

function entry_flags(value) {
    const bit = (n, letter) => ((value >> BigInt(n)) & 1n ? letter : "·");
    return bit(63, "X") + bit(8, "G") + bit(7, "S") + bit(6, "D") + bit(5, "A") + bit(2, "U") + bit(1, "W") + bit(0, "P");
}

function verdict_text(result) {
    return result ? `refused, ${errno_name(signed32(result))}` : "accepted";
}

function verdict_badge(result) {
    return make("span", {class: "verdict " + (result ? "bad" : "good")}, result ? errno_name(signed32(result)) : "ok");
}

/* The rows of the list: batches, and below those that are open their entries. */
function tables_rows() {
    const rows = [];
    derived.batches.forEach((batch, k) => {
        if (filter.domains.size && !filter.domains.has(domain_of(batch.who)))
            return;
        if (tables.refused && !batch.result)
            return;
        rows.push({k, entry: -1});
        if (tables.open.has(k))
            batch.entries.forEach((entry) => rows.push({k, entry}));
    });
    tables.rows = rows;
}

function batch_row(k) {
    const {record, who, count, done, result, alone} = derived.batches[k], open = tables.open.has(k);
    const text = alone ? "one alone" : `${done} of ${count} done${done < count && !result ? ", goes on" : ""}`;
    const toggle = () => {
        if (!tables.open.delete(k))
            tables.open.add(k);
        tables_show();
    };
    return make("div", {class: "line batch" + (record === view.selected ? " this" : "")},
        make("button", {type: "button", class: "fold", "aria-expanded": open, "aria-label": "entries of this batch", onclick: toggle}, open ? "▾" : "▸"),
        make("button", {type: "button", class: "cells", title: record_text(record), onclick: () => { record_select(record); tables_show(); }},
            make("span", {class: "when"}, span_text(store.time[record])), make("span", {class: "who"}, who_name(who)),
            make("span", {class: "text"}, text), verdict_badge(result)));
}

function entry_row(i) {
    const value = record_wide(i, "value"), entry = record_wide(i, "entry");
    return make("button", {
        type: "button", class: "line entry" + (i === view.selected ? " this" : ""), title: record_text(i),
        onclick: () => { record_select(i); tables_show(); },
    }, make("code", {class: "place"}, `${hex(entry >> 12n)}[${(entry & OFFSET_BITS) >> 3n}]`), make("span", {class: "to"}, "←"),
    make("code", {class: "value"}, value & 1n ? hex((value & FRAME_BITS) >> 12n) : value === 0n ? "empty" : "absent"),
    make("code", {class: "flags"}, entry_flags(value)), verdict_badge(record_word(i, "result")));
}

function tables_show() {
    tables_rows();
    const batches = tables.rows.filter((row) => row.entry < 0).length, box = document.getElementById("tables-list");
    document.getElementById("tables-title").textContent = derived.batches.length ? `${number_text(batches)} batches` : "There are no batches in this trace (class page tables of tevt_mask=).";
    const selected = tables.rows.findIndex(({k, entry}) => view.selected >= 0 && (entry === view.selected || (entry < 0 && derived.batches[k].record === view.selected)));
    list_show(box, tables.rows.length, (n) => {
        const {k, entry} = tables.rows[n];
        return entry < 0 ? batch_row(k) : entry_row(entry);
    }, selected);
}

/* Show this batch, open. */
function tables_open(k) {
    tables.open.add(k);
    panel_choose("tables");
}

/* The selection changed elsewhere. */
function tables_mark() {
    if (panel.tab === "tables")
        tables_show();
}

function tables_build() {
    document.getElementById("refused").addEventListener("change", (event) => {
        tables.refused = event.target.checked;
        tables_show();
    });
    document.getElementById("unfold").addEventListener("click", () => {
        const all = tables.open.size < derived.batches.length;
        tables.open = new Set(all ? derived.batches.keys() : []);
        tables_show();
    });
}
