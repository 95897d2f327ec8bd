/*
 * The state in the URL's hash, so that a place in a trace can be sent to somebody or kept as a bookmark:
 * #t=START,END&r=RECORD&off=CLASSES&d=DOMAINS&p=PORT&q=SEARCH&tab=...&theme=...   (times in ns)
 */
const state = {loading: false, timer: 0};

function state_text() {
    const parts = [`t=${Math.round(view.start)},${Math.round(view.end)}`];
    const off = CLASSES.filter((_, k) => !filter.classes.has(k)).map(({key}) => key);
    const put = (name, value) => value && parts.push(`${name}=${encodeURIComponent(value)}`);
    put("r", view.selected >= 0 ? String(view.selected) : "");
    put("off", off.join(","));
    put("d", [...filter.domains].join(","));
    put("p", port_text());
    put("q", document.getElementById("search").value);
    put("tab", panel.tab === "record" ? "" : panel.tab);
    put("theme", document.documentElement.dataset.theme);
    return "#" + parts.join("&");
}

/* Soon, and once for many changes: browsers limit how often the address may be replaced. */
function state_save() {
    if (state.loading || state.timer)
        return;
    state.timer = setTimeout(() => {
        state.timer = 0;
        const text = state_text();
        if (text !== location.hash)
            history.replaceState(null, "", text);
    }, 200);
}

/* NAME=VALUE&...: what cannot be decoded is as if it were not there. */
function hash_words() {
    const words = new Map();
    for (const part of location.hash.slice(1).split("&")) {
        const at = part.indexOf("=");
        try {
            words.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1)));
        } catch (error) {
            if (!(error instanceof URIError))
                throw error;
        }
    }
    return words;
}

function state_load() {
    const words = hash_words();
    const list = (name) => (words.get(name) || "").split(",").filter(Boolean);
    state.loading = true;
    theme_set(["light", "dark"].includes(words.get("theme")) ? words.get("theme") : "");
    filter_reset();
    for (const key of list("off"))
        filter.classes.delete(CLASSES.findIndex((one) => one.key === key));
    filter.domains = new Set(list("d").map(Number).filter((domain) => filter.known_domains.includes(domain)));
    filter.port = port_parse(words.get("p") || "") || null;
    filter_apply();
    filter_show();
    const [start, end] = list("t").map(Number);
    if (end > start)
        view_set(start, end);
    else
        view_all();
    const record = Number(words.get("r"));
    record_select(words.has("r") && record >= 0 && record < store.count ? record : -1, false);
    panel_choose(["record", "tables", "found"].includes(words.get("tab")) ? words.get("tab") : "record");
    search_set(words.get("q") || "");
    state.loading = false;
    view_clamp();
    draw_soon();
}
