/*
 * What is under the pointer: of a track's marks the nearest within a few pixels, else the slice; each
 * leads to one record. Selecting is the one way to change what the page speaks about.
 */
const REACH = 6; /* pixels */

function nearest_mark(track, x) {
    const marks = track.shown, at = lower_bound(store.time, view_time(x));
    const k = lower_bound(marks, at);
    let best = -1, distance = REACH;
    for (const one of [k - 1, k]) {
        const away = one >= 0 && one < marks.length ? Math.abs(view_x(store.time[marks[one]]) - x) : Infinity;
        if (away < distance) {
            best = marks[one];
            distance = away;
        }
    }
    return best;
}

function slice_at(slices, time) {
    const k = slices ? lower_bound(slices.to, time) : -1;
    return k >= 0 && k < slices.from.length && slices.from[k] <= time ? slices.record[k] : -1;
}

/* The slices at this height of a track, as it is painted. */
function lanes_at(track, y) {
    if (track.kind === "vcpu")
        return y < 10 ? [track.states] : track.lanes;
    if (track.kind === "ring") {
        const lane = track.lanes[Math.floor((y - 4) / track.pitch)];
        return lane ? [lane] : [];
    }
    return track.lanes;
}

const MARKS_BELOW = {cpu: 21, vcpu: 28, port: 13};

function pick_record(x, y) {
    const at = y - TOP + view.scroll, track = track_at(at);
    if (!track || x < GUTTER || y < TOP)
        return -1;
    const inside = at - track.y, marks = MARKS_BELOW[track.kind] || track.height - 13;
    if (inside >= marks) {
        const mark = nearest_mark(track, x);
        if (mark >= 0)
            return mark;
    }
    for (const lane of lanes_at(track, inside)) {
        const record = slice_at(lane, view_time(x));
        if (record >= 0)
            return record;
    }
    return nearest_mark(track, x);
}

function record_select(i, bring = true, track = i >= 0 ? record_track(i) : null) {
    view.selected = i;
    view.track = track;
    if (i >= 0 && bring)
        view_show(store.time[i], track);
    details_show();
    tables_mark();
    state_save();
    draw_soon();
}

/* The track on which the selection is looked at: where it was clicked, if that is still there. */
function selected_track() {
    return view.track && view.track.placed ? view.track : record_track(view.selected);
}

/* The next or the last shown record of that track. */
function record_step(by) {
    if (view.selected < 0) {
        const first = lower_bound(store.time, Math.max(view.start, 0));
        return record_select(Math.min(first, store.count - 1));
    }
    const track = selected_track(), marks = track ? track.shown : [];
    let k = lower_bound(marks, view.selected);
    k = by > 0 && marks[k] === view.selected ? k + 1 : by < 0 ? k - 1 : k;
    if (k >= 0 && k < marks.length)
        record_select(marks[k], true, track);
}

/* Along an arrow: forward to what came of it, or back to its cause. Of several the first; the panel has all. */
function arrow_follow(forward) {
    if (view.selected < 0)
        return;
    const list = forward ? arrows_out(view.selected) : arrows_in(view.selected);
    if (list.length)
        record_select(forward ? store.arrows.to[list[0]] : store.arrows.from[list[0]]);
}
