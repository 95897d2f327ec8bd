/*
 * The window on the trace: which time is at which pixel, and how far the tracks are scrolled. All moves
 * go through view_set, which keeps them within the trace.
 */
const view = {start: 0, end: 1, scroll: 0, width: 0, height: 0, selected: -1, track: null, hover: null};
const GUTTER = 190; /* labels, left of the tracks */
const OVERVIEW = 44; /* the whole trace, on top */
const AXIS = 26;
const TOP = OVERVIEW + AXIS;
const SHORTEST = 20; /* ns in the window */

function view_x(time) {
    return GUTTER + (time - view.start) * view.scale;
}

function view_time(x) {
    return view.start + (x - GUTTER) / view.scale;
}

function view_set(start, end) {
    const span = Math.min(Math.max(end - start, SHORTEST), store.end * 1.04);
    const slack = span * 0.02;
    const middle = (start + end) / 2;
    view.start = Math.min(Math.max(middle - span / 2, -slack), Math.max(store.end + slack - span, -slack));
    view.end = view.start + span;
    view.scale = Math.max(view.width - GUTTER, 1) / span;
    state_save();
    draw_soon();
}

function view_clamp() {
    view.scroll = Math.min(Math.max(view.scroll, 0), Math.max(0, tracks.height - (view.height - TOP)));
}

/* By a factor, below 1 closer; the time under x stays where it is. */
function view_zoom(factor, x = (GUTTER + view.width) / 2) {
    const at = view_time(Math.max(x, GUTTER)), span = Math.min(Math.max((view.end - view.start) * factor, SHORTEST), store.end * 1.04);
    const left = (at - view.start) / (view.end - view.start);
    view_set(at - left * span, at + (1 - left) * span);
}

/* By a part of what is seen. */
function view_pan(part) {
    const move = (view.end - view.start) * part;
    view_set(view.start + move, view.end + move);
}

function view_scroll(pixels) {
    view.scroll += pixels;
    view_clamp();
    draw_soon();
}

function view_all() {
    view_set(-store.end * 0.01, store.end * 1.01);
}

/* Bring a time into sight, and a track. */
function view_show(time, track) {
    const span = view.end - view.start;
    if (time < view.start + span * 0.05 || time > view.end - span * 0.05)
        view_set(time - span / 2, time + span / 2);
    if (track) {
        const room = view.height - TOP;
        if (track.y < view.scroll)
            view.scroll = track.y - GROUP_HEIGHT;
        else if (track.y + track.height > view.scroll + room)
            view.scroll = track.y + track.height - room + 8;
        view_clamp();
    }
    draw_soon();
}

function view_resize() {
    const canvas = document.getElementById("canvas"), box = canvas.parentElement.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    view.width = Math.floor(box.width);
    view.height = Math.floor(box.height);
    canvas.width = Math.round(view.width * ratio);
    canvas.height = Math.round(view.height * ratio);
    canvas.style.width = view.width + "px";
    canvas.style.height = view.height + "px";
    view.ratio = ratio;
    view.scale = Math.max(view.width - GUTTER, 1) / (view.end - view.start);
    view_clamp();
    draw_now(); /* a canvas is empty after its size was set */
}

/* ---- Frames ---- */

const frames = {asked: false, longest: 0, count: 0};

function draw_soon() {
    if (!frames.asked) {
        frames.asked = true;
        requestAnimationFrame(draw_now);
    }
}

function draw_now() {
    frames.asked = false;
    const before = performance.now();
    paint_all();
    frames.longest = Math.max(frames.longest, performance.now() - before);
    frames.count++;
}
