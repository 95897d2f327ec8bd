/*
 * Arrows from what caused to what came of it: sends to their upcalls, interceptions, and requests to
 * their responses. Where so many are in sight that nobody could follow one, those at the selected record
 * remain and the others fade; arrows that would lie on each other are drawn once. (A hypercall and its
 * result are not an arrow to look at: they are a slice.)
 */
const MOST_ARROWS = 300;
const ARROW_BEND = 40;

/* Where an arrow of this record begins or ends: {x, y}, or null if its track is not there. */
function record_point(i) {
    const track = record_track(i);
    return track ? {x: view_x(store.time[i]), y: screen_y(track) + track.height - 9} : null;
}

function ring_point(i) {
    const track = track_of("ring", record_word(i, "ring"));
    return track ? {x: view_x(store.time[i]), y: screen_y(track) + track.height - 8} : null;
}

function arrow_ends(k) {
    const a = store.arrows, point = a.kind[k] === ARROW.RING ? ring_point : record_point;
    const from = point(a.from[k]), to = point(a.to[k]);
    return from && to ? {from, to, kind: a.kind[k]} : null;
}

/* Arrows whose ends are not on the same side of the window, and which the filter leaves. */
function arrows_visible() {
    const a = store.arrows, low = lower_bound(store.time, view.start), high = lower_bound(store.time, view.end);
    const found = [], seen = new Set();
    for (let k = 0; k < a.count && found.length <= MOST_ARROWS * 4; k++) {
        if (a.kind[k] === ARROW.CALL || a.to[k] < low || a.from[k] >= high)
            continue;
        if (!filter.mask[a.from[k]] && !filter.mask[a.to[k]])
            continue;
        const ends = arrow_ends(k);
        if (!ends)
            continue;
        const place = `${ends.from.x >> 1},${ends.from.y},${ends.to.x >> 1},${ends.to.y}`;
        if (!seen.has(place)) {
            seen.add(place);
            found.push({...ends, k});
        }
    }
    return found;
}

function arrow_paint({from, to, kind}, width, alpha) {
    const c = paint.c, bend = Math.min(ARROW_BEND, Math.max(12, (to.x - from.x) / 2));
    const rise = from.y === to.y ? Math.min(22, 6 + (to.x - from.x) / 8) : 0;
    c.globalAlpha = alpha;
    c.strokeStyle = c.fillStyle = colours.arrows[kind];
    c.lineWidth = width;
    c.beginPath();
    c.moveTo(from.x, from.y);
    c.bezierCurveTo(from.x + bend, from.y - rise, to.x - bend, to.y - rise, to.x, to.y);
    c.stroke();
    c.beginPath();
    c.moveTo(to.x + 1, to.y);
    c.lineTo(to.x - 6, to.y - 3.5);
    c.lineTo(to.x - 6, to.y + 3.5);
    c.fill();
    c.globalAlpha = 1;
}

function arrows_paint() {
    const c = paint.c, chosen = view.selected < 0 ? [] : arrows_out(view.selected).concat(arrows_in(view.selected));
    c.save();
    c.beginPath();
    c.rect(GUTTER, TOP, view.width - GUTTER, view.height - TOP);
    c.clip();
    const visible = arrows_visible();
    arrows.drawn = visible.length > MOST_ARROWS ? [] : visible.map((one) => one.k);
    if (visible.length <= MOST_ARROWS)
        for (const arrow of visible)
            arrow_paint(arrow, 1.2, visible.length > 60 ? 0.4 : 0.75);
    for (const k of chosen) {
        const ends = store.arrows.kind[k] === ARROW.CALL ? null : arrow_ends(k);
        if (ends) {
            arrow_paint(ends, 2.4, 1);
            arrows.drawn.push(k);
        }
    }
    c.restore();
}

/* The numbers of the arrows that the last frame drew: what the browser test looks at. */
const arrows = {drawn: []};
