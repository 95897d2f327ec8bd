/*
 * Draws the window: axis, tracks with their slices and marks, labels. The trick that keeps a frame short
 * with any number of records: what is narrower than a pixel is not looked at one by one; a binary search
 * finds what the next pixel begins with, so a track costs at most its width in searches.
 */
const paint = {widths: new Map()};
const FONT = "11px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
const FONT_BOLD = "600 11px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif";
const LABEL_ROOM = 26; /* a slice as wide as this has its name in it */

function paint_all() {
    const canvas = document.getElementById("canvas"), c = canvas.getContext("2d");
    paint.c = c;
    c.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    c.fillStyle = colours.paper;
    c.fillRect(0, 0, view.width, view.height);
    c.textBaseline = "middle";
    c.save();
    c.beginPath();
    c.rect(0, TOP, view.width, view.height - TOP);
    c.clip();
    paint_grid();
    for (const group of tracks.groups)
        paint_group(group);
    arrows_paint();
    paint_selected();
    c.restore();
    paint_labels();
    paint_axis();
    overview_paint();
}

/* Text that ends where its room ends; each text is measured once. */
function text_cut(text, room) {
    const key = paint.c.font + text;
    if (!paint.widths.has(key))
        paint.widths.set(key, paint.c.measureText(text).width);
    const width = paint.widths.get(key);
    if (width <= room)
        return text;
    const most = Math.floor((text.length * (room - 10)) / width); /* 10: for the dots */
    return most < 2 ? "" : text.slice(0, most) + "…";
}

function screen_y(track) {
    return TOP + track.y - view.scroll;
}

function on_screen(y, height) {
    return y + height > TOP && y < view.height;
}

/* ---- Axis and grid ---- */

function axis_step() {
    const least = 110 / view.scale, power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least);
}

function axis_lines() {
    const step = axis_step(), lines = [];
    for (let k = Math.ceil(view.start / step); k * step < view.end; k++)
        lines.push(k * step);
    return {step, lines};
}

function paint_grid() {
    paint.c.fillStyle = colours.line;
    for (const time of axis_lines().lines)
        if (view_x(time) >= GUTTER)
            paint.c.fillRect(Math.round(view_x(time)), TOP, 1, view.height - TOP);
}

function paint_axis() {
    const c = paint.c, {step, lines} = axis_lines();
    c.fillStyle = colours.raised;
    c.fillRect(0, OVERVIEW, view.width, AXIS);
    c.fillStyle = colours.line;
    c.fillRect(0, TOP - 1, view.width, 1);
    c.font = FONT;
    c.fillStyle = colours.soft;
    c.textAlign = "left";
    c.fillText(`${span_text(view.end - view.start)} in sight`, 12, OVERVIEW + AXIS / 2);
    for (const time of lines) {
        const x = Math.round(view_x(time));
        if (x < GUTTER || x > view.width - 84)
            continue;
        c.fillStyle = colours.faint;
        c.fillRect(x, TOP - 7, 1, 6);
        c.fillStyle = colours.soft;
        c.fillText(axis_text(time, step, view.end), x + 4, OVERVIEW + AXIS / 2);
    }
}

/* ---- Slices ---- */

/* Slices as [x, width) of one colour; narrow ones by sampling the middle of their pixel. */
function paint_slices(slices, y, height, colour_of, label_of) {
    const {from, to, tag} = slices, c = paint.c;
    let k = lower_bound(to, view.start), runX = 0, runEnd = -1, runColour = "";
    const flush = () => {
        if (runEnd > runX) {
            c.fillStyle = runColour;
            c.fillRect(runX, y, runEnd - runX, height);
        }
        runEnd = runX; /* it is drawn: what is put on it stays */
    };
    while (k < from.length && from[k] < view.end) {
        let x = Math.max(view_x(from[k]), GUTTER), end = Math.min(view_x(to[k]), view.width), next = k + 1, shown = k;
        if (end - x < 1) {
            const pixel = Math.floor(x);
            next = lower_bound(to, view_time(pixel + 1), k + 1);
            shown = Math.min(Math.max(k, lower_bound(to, view_time(pixel + 0.5), k, next)), next - 1);
            x = pixel;
            end = pixel + 1;
        }
        const colour = colour_of(tag[shown], shown);
        if (colour === runColour && x <= runEnd + 0.01 && end - x < 3) {
            runEnd = Math.max(runEnd, end);
        } else {
            flush();
            runX = x;
            /* Neighbours of one colour, wide enough to be seen apart, have a gap between them. */
            runEnd = end - x > 4 ? end - 1 : end;
            runColour = colour;
        }
        if (label_of && end - x > LABEL_ROOM) {
            flush();
            paint_slice_label(label_of(tag[k], k), x, end, y + height / 2, colour);
        }
        k = next;
    }
    flush();
}

function paint_slice_label(text, x, end, y, colour) {
    const c = paint.c;
    c.font = FONT;
    const cut = text_cut(text, end - x - 8);
    c.textAlign = "left";
    c.fillStyle = colour === colours.states.blocked ? colours.soft : colours.on;
    c.fillText(cut, x + 4, y + 0.5);
}

/* ---- Marks ---- */

/* Records as ticks; where there are more than pixels, one per pixel, higher for more. */
function paint_marks(marks, y, height) {
    const c = paint.c, low = lower_bound(store.time, view.start), high = lower_bound(store.time, view.end);
    let k = lower_bound(marks, low), end = lower_bound(marks, high);
    if (end - k <= (view.width - GUTTER) / 3) {
        for (; k < end; k++) {
            const x = view_x(store.time[marks[k]]);
            if (x < GUTTER)
                continue;
            c.fillStyle = colours.classes[filter.kind[marks[k]]];
            c.fillRect(x - 1, y, 2, height);
        }
        return;
    }
    while (k < end) {
        const pixel = Math.floor(view_x(store.time[marks[k]]));
        const next = lower_bound(marks, lower_bound(store.time, view_time(pixel + 1), marks[k]), k + 1, end);
        if (pixel >= GUTTER) {
            const tall = Math.min(height, height * (0.4 + 0.15 * Math.log2(next - k)));
            c.fillStyle = colours.classes[filter.kind[marks[(k + next) >> 1]]];
            c.fillRect(pixel, y + height - tall, 1, tall);
        }
        k = next;
    }
}

/* ---- Tracks ---- */

function paint_group(group) {
    if (group.hidden)
        return;
    const c = paint.c, y = screen_y(group);
    if (on_screen(y, GROUP_HEIGHT)) {
        c.fillStyle = colours.raised;
        c.fillRect(0, y, view.width, GROUP_HEIGHT);
    }
    for (const track of group.tracks)
        if (track.placed && on_screen(screen_y(track), track.height))
            paint_track(track, screen_y(track));
}

function paint_track(track, y) {
    const c = paint.c;
    c.fillStyle = colours.line;
    c.fillRect(0, y + track.height - 1, view.width, 1);
    PAINTERS[track.kind](track, y);
}

/* A call in which a vcpu sleeps takes long, and nobody's time. */
function call_colour(number) {
    return call_name(number) === "sched_op" ? colours.states.blocked : colours.classes[class_index("hypercall")];
}

const PAINTERS = {
    cpu(track, y) {
        paint_slices(track.lanes[0], y + 4, 16, (who) => domain_colour(domain_of(who)), who_name);
        paint_marks(track.shown, y + 23, 7);
    },
    vcpu(track, y) {
        if (track.states)
            paint_slices(track.states, y + 4, 4, state_colour);
        if (filter.classes.has(class_index("hypercall")))
            for (const lane of track.lanes)
                paint_slices(lane, y + 11, 16, call_colour, (_, k) => call_short(lane.record[k]));
        paint_marks(track.shown, y + 30, 10);
    },
    port(track, y) {
        for (const lane of track.lanes)
            paint_slices(lane, y + 4, 8, () => colours.classes[class_index("send")]);
        paint_marks(track.shown, y + 14, 8);
    },
    ring(track, y) {
        const {lanes, pitch} = track;
        lanes.forEach((lane, k) => paint_slices(lane, y + 4 + pitch * k, pitch > 4 ? pitch - 2 : Math.max(pitch, 1), () => colours.classes[class_index("ring_request")]));
        paint_marks(track.shown, y + track.height - 12, 8);
    },
    counter: (track, y) => counter_paint(track.series, y, track.height),
};

function paint_labels() {
    const c = paint.c;
    c.save();
    c.beginPath();
    c.rect(0, TOP, GUTTER, view.height - TOP);
    c.clip();
    c.fillStyle = colours.paper;
    c.fillRect(0, TOP, GUTTER, view.height - TOP);
    c.textAlign = "left";
    for (const group of tracks.groups) {
        if (group.hidden)
            continue;
        group_label_paint(group, screen_y(group));
        for (const track of group.tracks)
            if (track.placed && on_screen(screen_y(track), track.height))
                track_label_paint(track, screen_y(track));
    }
    c.restore();
    c.fillStyle = colours.line;
    c.fillRect(GUTTER - 1, TOP, 1, view.height - TOP);
}

function group_label_paint(group, y) {
    const c = paint.c;
    c.fillStyle = colours.raised;
    c.fillRect(0, y, GUTTER, GROUP_HEIGHT);
    c.font = FONT_BOLD;
    c.fillStyle = colours.ink;
    c.fillText(`${group.open ? "▾" : "▸"}  ${group.title}`, 10, y + GROUP_HEIGHT / 2);
    c.font = FONT;
    c.fillStyle = colours.soft;
    c.textAlign = "right";
    c.fillText(String(group.count), GUTTER - 12, y + GROUP_HEIGHT / 2);
    c.textAlign = "left";
}

function track_label_paint(track, y) {
    const c = paint.c, chosen = view.selected >= 0 && selected_track() === track;
    if (track.domain >= 0) {
        c.fillStyle = domain_colour(track.domain);
        c.fillRect(10, y + track.height / 2 - 4, 4, 8);
    }
    c.fillStyle = colours.line;
    c.fillRect(0, y + track.height - 1, GUTTER, 1);
    c.font = chosen ? FONT_BOLD : FONT;
    c.fillStyle = chosen ? colours.accent : colours.ink;
    c.fillText(text_cut(track.label, GUTTER - 34), 22, y + track.height / 2);
}

function paint_selected() {
    if (view.selected < 0)
        return;
    const c = paint.c, x = view_x(store.time[view.selected]), track = selected_track();
    if (x < GUTTER || x > view.width)
        return;
    c.fillStyle = colours.selected;
    c.fillRect(Math.round(x), TOP, 1, view.height - TOP);
    if (track) {
        c.strokeStyle = colours.selected;
        c.lineWidth = 2;
        c.strokeRect(Math.round(x) - 4, screen_y(track) + 2, 9, track.height - 5);
    }
}
