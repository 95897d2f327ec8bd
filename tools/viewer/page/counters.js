/*
 * What changes over time: counters as areas below the tracks, and the overview on top, which shows how
 * many records there are where, what was found, and which part is in sight.
 */

/* The highest value in each pixel, as an area; how much it is at the pointer, and at most. */
function counter_paint(series, y, height) {
    const c = paint.c, {time, value, top} = series, room = height - 20, floor = y + height - 4;
    let k = Math.max(lower_bound(time, view.start) - 1, 0), x = GUTTER;
    const level = (v) => (top ? (v / top) * room : 0);
    c.beginPath();
    c.moveTo(GUTTER, floor);
    let now = time[k] <= view.start ? value[k] : 0;
    while (x < view.width) {
        /* All that begins in this pixel; then straight on to the pixel of the next change. */
        let most = now;
        const end = view_time(x + 1);
        for (; k < time.length && time[k] < end; k++)
            most = Math.max(most, (now = value[k]));
        c.lineTo(x, floor - level(most));
        c.lineTo(x + 1, floor - level(most));
        c.lineTo(x + 1, floor - level(now));
        x = k < time.length ? Math.max(x + 1, Math.floor(view_x(time[k]))) : view.width;
        c.lineTo(Math.min(x, view.width), floor - level(now));
    }
    c.lineTo(view.width, floor);
    c.globalAlpha = 0.35;
    c.fillStyle = colours.accent;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = colours.accent;
    c.lineWidth = 1;
    c.stroke();
    counter_text(series, y);
}

function counter_value(series, time) {
    const k = lower_bound(series.time, time + 1e-6) - 1;
    return k >= 0 ? series.value[k] : 0;
}

function counter_number(series, value) {
    return series.unit === "ns" ? span_text(value) : number_text(value);
}

function counter_text(series, y) {
    const c = paint.c, most = `highest ${counter_number(series, series.top)}`;
    const here = view.hover === null || series.points ? "" : `${counter_number(series, counter_value(series, view.hover))} at the pointer, `;
    const text = here + most;
    c.font = FONT;
    c.textAlign = "right";
    const width = c.measureText(text).width;
    c.globalAlpha = 0.85;
    c.fillStyle = colours.paper;
    c.fillRect(view.width - width - 16, y + 2, width + 12, 15);
    c.globalAlpha = 1;
    c.fillStyle = colours.soft;
    c.fillText(text, view.width - 10, y + 10);
    c.textAlign = "left";
}

/* ---- The overview ---- */

const overview = {};

/* Records by pixel of the whole trace; made anew when the filter or the width changes. */
function overview_count() {
    const width = Math.max(view.width - GUTTER, 1);
    overview.bins = new Uint32Array(width);
    for (let i = 0; i < store.count; i++)
        overview.bins[Math.min(width - 1, Math.floor((store.time[i] / store.end) * width))] += filter.mask[i];
    overview.top = overview.bins.reduce((a, b) => Math.max(a, b), 1);
    overview.width = width;
    overview.left = filter.left;
}

function overview_x(time) {
    return GUTTER + (time / store.end) * (view.width - GUTTER);
}

function overview_paint() {
    if (!overview.bins || overview.width !== Math.max(view.width - GUTTER, 1) || overview.left !== filter.left)
        overview_count();
    const c = paint.c, floor = OVERVIEW - 4;
    c.fillStyle = colours.raised;
    c.fillRect(0, 0, view.width, OVERVIEW);
    c.fillStyle = colours.faint;
    overview.bins.forEach((n, k) => {
        const tall = n ? Math.max(1, (Math.log1p(n) / Math.log1p(overview.top)) * (OVERVIEW - 12)) : 0;
        c.fillRect(GUTTER + k, floor - tall, 1, tall);
    });
    search_paint_overview();
    const x = Math.max(GUTTER, overview_x(view.start)), end = Math.min(view.width, overview_x(view.end));
    c.fillStyle = colours.accent;
    c.globalAlpha = 0.18;
    c.fillRect(x, 2, Math.max(end - x, 2), OVERVIEW - 4);
    c.globalAlpha = 1;
    c.fillRect(x, 2, 1.5, OVERVIEW - 4);
    c.fillRect(Math.max(end - 1.5, x + 1.5), 2, 1.5, OVERVIEW - 4);
    if (view.selected >= 0) {
        c.fillStyle = colours.selected;
        c.fillRect(overview_x(store.time[view.selected]), 0, 1.5, OVERVIEW);
    }
    c.font = FONT;
    c.fillStyle = colours.soft;
    c.textAlign = "left";
    c.fillText(`all ${span_text(store.end)}`, 12, OVERVIEW / 2);
}
