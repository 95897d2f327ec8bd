/*
 * The start: the data is read, everything is worked out once, and the page is drawn. Figures of the
 * start are kept for whoever asks (the browser test, and the help).
 */
function title_show() {
    const {title, lost, cpus, notes} = store.meta;
    document.title = `${title} – timeline`;
    document.getElementById("title").textContent = title;
    document.getElementById("facts").textContent = `${span_text(store.end)} · ${cpus} CPU${cpus === 1 ? "" : "s"}`;
    const warnings = lost ? [`${number_text(lost)} records were lost`] : [];
    document.getElementById("notes").textContent = warnings.concat(notes || []).join(" · ");
}

function page_start() {
    const before = performance.now();
    store_load(JSON.parse(document.getElementById("data").textContent));
    derive_all();
    tracks_make();
    filter_prepare();
    view.end = store.end;
    colours_read();
    title_show();
    filter_build();
    search_build();
    tables_build();
    help_build();
    theme_start();
    state_load();
    view_resize();
    input_start();
    new ResizeObserver(view_resize).observe(document.getElementById("canvas").parentElement);
    addEventListener("hashchange", () => location.hash !== state_text() && state_load());
    frames.start = performance.now() - before;
    frames.ready = performance.now();
}

/* For the browser test and for whoever opens the console: the same functions that the page uses. */
window.timeline = {
    store, view, frames, colours, derived, tracks, filter, search, arrows, tables, panel, record_text, record_name, record_track, record_select,
    view_set, view_x, screen_y, call_decode, argument_names, arrows_out, arrows_in, record_word,
};

page_start();
