/*
 * Keyboard and pointer. KEYS is the one list: what a key does, and what the help says of it.
 */
const KEYS = [
    [["a", "ArrowLeft"], "earlier", () => view_pan(-0.2)],
    [["d", "ArrowRight"], "later", () => view_pan(0.2)],
    [["w", "+", "="], "closer", () => view_zoom(0.6)],
    [["s", "-"], "further away", () => view_zoom(1 / 0.6)],
    [["ArrowUp"], "tracks up", () => view_scroll(-60)],
    [["ArrowDown"], "tracks down", () => view_scroll(60)],
    [["0", "Home"], "the whole trace", () => view_all()],
    [["n", "]"], "next record of the track", () => record_step(1)],
    [["p", "["], "record before", () => record_step(-1)],
    [["f"], "follow an arrow forward", () => arrow_follow(true)],
    [["b"], "follow an arrow back", () => arrow_follow(false)],
    [["z"], "close to the selected record", () => selected_zoom()],
    [["/"], "search (Enter: next, Shift Enter: the one before)", () => document.getElementById("search").select()],
    [["g"], "next that was found", () => search_step(1)],
    [["G"], "the one before", () => search_step(-1)],
    [["r"], "panel: the record", () => panel_choose("record")],
    [["t"], "panel: page tables", () => panel_choose("tables")],
    [["l"], "panel: what was found", () => panel_choose("found")],
    [["x"], "take all filters off", () => document.getElementById("reset").click()],
    [["c"], "light or dark", () => document.getElementById("theme").click()],
    [["?", "h"], "this help", () => help_toggle()],
    [["Escape"], "close the help, or select nothing", () => escape()],
];

const KEY_NAMES = {ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space"};

function selected_zoom() {
    if (view.selected < 0)
        return;
    const time = store.time[view.selected], far = arrows_out(view.selected).map((k) => store.time[store.arrows.to[k]] - time);
    const span = Math.max(5000, ...far) * 1.6;
    view_set(time - span / 2, time + span / 2);
}

function help_toggle() {
    const help = document.getElementById("help");
    if (help.open)
        help.close();
    else
        help.showModal();
}

function escape() {
    if (document.getElementById("help").open)
        help_toggle();
    else
        record_select(-1);
}

function key_down(event) {
    const typing = event.target.matches("input:not([type=checkbox])");
    if (typing || event.ctrlKey || event.metaKey || event.altKey)
        return;
    const known = KEYS.find(([keys]) => keys.includes(event.key));
    if (!known || (document.getElementById("help").open && !["?", "h"].includes(event.key)))
        return; /* an open dialogue closes itself on Escape */
    event.preventDefault();
    known[2]();
}

function help_build() {
    const rows = KEYS.map(([keys, says]) => make("tr", {}, make("td", {}, ...keys.map((key) => make("kbd", {}, KEY_NAMES[key] || key))), make("td", {}, says)));
    document.getElementById("keys").replaceChildren(...rows);
    document.getElementById("help-close").addEventListener("click", help_toggle);
    document.getElementById("help-open").addEventListener("click", help_toggle);
}

/* ---- The pointer ---- */

const drag = {mode: "", x: 0, y: 0, moved: false};

function overview_drag(x) {
    const time = ((x - GUTTER) / (view.width - GUTTER)) * store.end, half = (view.end - view.start) / 2;
    view_set(time - half, time + half);
}

function pointer_down(event) {
    const {offsetX: x, offsetY: y} = event;
    Object.assign(drag, {mode: y < OVERVIEW ? "overview" : event.shiftKey ? "zoom" : "pan", x, y, startX: x, startY: y, moved: false});
    event.target.setPointerCapture(event.pointerId);
    if (drag.mode === "overview")
        overview_drag(x);
}

function pointer_move(event) {
    const {offsetX: x, offsetY: y} = event;
    if (!drag.mode) {
        view.hover = x > GUTTER ? view_time(x) : null;
        hover_show(x, y);
        return draw_soon();
    }
    drag.moved = drag.moved || Math.abs(x - drag.startX) + Math.abs(y - drag.startY) > 3;
    if (drag.mode === "overview")
        overview_drag(x);
    else if (drag.mode === "pan" && drag.moved) {
        view.scroll -= y - drag.y;
        view_clamp();
        view_set(view.start - (x - drag.x) / view.scale, view.end - (x - drag.x) / view.scale);
    }
    drag.x = x;
    drag.y = y;
}

function pointer_up(event) {
    const {offsetX: x, offsetY: y} = event, {mode, moved, startX} = drag;
    drag.mode = "";
    if (mode === "zoom" && moved)
        view_set(view_time(Math.min(startX, x)), view_time(Math.max(startX, x)));
    else if (mode && mode !== "overview" && !moved)
        click(x, y);
}

function click(x, y) {
    const group = y > TOP ? group_at(y - TOP + view.scroll) : undefined;
    if (group) {
        group.open = !group.open;
        tracks_place();
        view_clamp();
        return draw_soon();
    }
    if (x > GUTTER) {
        record_select(pick_record(x, y), false, track_at(y - TOP + view.scroll));
        if (view.selected >= 0 && panel.tab !== "tables")
            panel_choose("record");
    }
}

/* What is under the pointer, in a line that follows it. */
function hover_show(x, y) {
    const tip = document.getElementById("tip"), i = pick_record(x, y);
    tip.hidden = i < 0;
    document.getElementById("canvas").style.cursor = i < 0 ? "" : "pointer";
    if (i < 0)
        return;
    tip.textContent = record_text(i);
    const width = Math.min(420, view.width - GUTTER);
    tip.style.left = Math.max(8, Math.min(x + 14, view.width - width - 8)) + "px";
    tip.style.top = (y + 80 > view.height ? y - 54 : y + 20) + "px";
}

function wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    if (event.ctrlKey || event.metaKey)
        view_zoom(Math.exp(event.deltaY * lines * 0.002), event.offsetX);
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
        view_pan(((event.deltaX || event.deltaY) * lines) / view.width);
    else if (event.offsetX < GUTTER)
        view_scroll(event.deltaY * lines);
    else
        view_zoom(Math.exp(event.deltaY * lines * 0.0015), event.offsetX);
}

function input_start() {
    const canvas = document.getElementById("canvas");
    canvas.addEventListener("pointerdown", pointer_down);
    canvas.addEventListener("pointermove", pointer_move);
    canvas.addEventListener("pointerup", pointer_up);
    canvas.addEventListener("pointerleave", () => {
        view.hover = null;
        document.getElementById("tip").hidden = true;
        draw_soon();
    });
    canvas.addEventListener("wheel", wheel, {passive: false});
    document.addEventListener("keydown", key_down);
    for (const button of document.querySelectorAll("#tabs button"))
        button.addEventListener("click", () => panel_choose(button.dataset.tab));
}
