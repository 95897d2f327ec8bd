/*
 * Search: all words of the query must be met. NAME:VALUE words ask for one thing (domain:, port:, cpu:,
 * class:, event:, vcpu:); any other is looked for in the record's sentence. It goes through the records
 * a piece at a time, so that typing and drawing go on meanwhile.
 */
const search = {query: "", found: new Uint32Array(0), at: -1, running: 0, texts: []};
const SEARCH_PIECE = 4000; /* records between two looks at the clock */
const SEARCH_TIME = 12; /* ms until others have their turn */

function record_search_text(i) {
    return (search.texts[i] = search.texts[i] || `${record_name(i)} ${record_text(i)}`.toLowerCase());
}

const SEARCH_WORDS = {
    domain: (value) => (i) => filter.ran[i] === Number(value) || filter.about[i] === Number(value),
    cpu: (value) => (i) => store.cpu[i] === Number(value),
    vcpu: (value) => {
        const [domain, vcpu] = value.split(":").map(Number);
        return (i) => store.who[i] === ((domain << 16) | vcpu);
    },
    port: (value) => {
        const [port, domain] = value.split(":").map(Number).reverse();
        return (i) => record_ports(i).some((key) => key >= 0 && key % 0x100000 === port && (domain === undefined || Math.floor(key / 0x100000) === domain));
    },
    class: (value) => (i) => CLASSES[filter.kind[i]].title.startsWith(value) || CLASSES[filter.kind[i]].key === value,
    event: (value) => (i) => record_name(i) === value,
};

/* What all words of a query ask, as functions of a record. */
function search_tests(query) {
    return query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
        const at = word.indexOf(":"), make = SEARCH_WORDS[word.slice(0, at)];
        return make ? make(word.slice(at + 1)) : (i) => record_search_text(i).includes(word);
    });
}

/* From the field, the hash or the test. */
function search_set(query) {
    document.getElementById("search").value = query;
    search_start(query);
}

function search_start(query) {
    search.query = query.trim();
    search.found = new Uint32Array(0);
    search.at = -1;
    const turn = ++search.running, tests = search_tests(search.query), found = [];
    if (!tests.length)
        return search_done(turn, found);
    let i = 0;
    const go_on = () => {
        if (turn !== search.running)
            return; /* another query was typed */
        const until = performance.now() + SEARCH_TIME;
        do {
            for (const end = Math.min(i + SEARCH_PIECE / 16, store.count); i < end; i++)
                if (filter.mask[i] && tests.every((test) => test(i)))
                    found.push(i);
        } while (i < store.count && performance.now() < until);
        if (i < store.count)
            setTimeout(go_on, 0);
        else
            search_done(turn, found);
    };
    go_on();
}

function search_done(turn, found) {
    search.found = Uint32Array.from(found);
    search.finished = turn;
    search.at = -1;
    search_show();
    found_show();
    state_save();
    draw_soon();
}

function search_show() {
    const {found, at, query} = search;
    const text = !query ? "" : !found.length ? "none" : at < 0 ? number_text(found.length) : `${number_text(at + 1)} / ${number_text(found.length)}`;
    document.getElementById("hits").textContent = text;
}

/* To the next or the one before; the first time, to the first in sight. */
function search_step(by) {
    const {found} = search;
    if (!found.length)
        return;
    if (search.at < 0) {
        const from = view.selected >= 0 ? view.selected : lower_bound(store.time, view.start);
        search.at = lower_bound(found, from) % found.length;
    } else {
        search.at = (search.at + by + found.length) % found.length;
    }
    search_show();
    record_select(found[search.at]);
    found_show();
}

function search_paint_overview() {
    const c = paint.c;
    c.fillStyle = colours.found;
    let last = -1;
    for (const i of search.found) {
        const x = Math.floor(overview_x(store.time[i]));
        if (x !== last)
            c.fillRect(x, 4, 1, 5);
        last = x;
    }
}

function search_build() {
    const field = document.getElementById("search");
    let timer = 0;
    field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(() => search_start(field.value), 150);
    });
    field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
            event.preventDefault();
            if (field.value.trim() !== search.query)
                search_start(field.value);
            else
                search_step(event.shiftKey ? -1 : 1);
        } else if (event.key === "Escape") {
            field.blur();
        }
    });
}
