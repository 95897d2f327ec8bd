/*
 * Colours are the style sheet's (variables, each for light and for dark); a canvas cannot use them, so
 * they are read, off an element that has them, when the theme changes.
 */
const colours = {domains: 6};

function domain_variable(domain) {
    return "--d-" + (domain % colours.domains);
}

function colours_read() {
    const probe = document.body.appendChild(document.createElement("i"));
    const read = (name) => {
        probe.style.color = `var(${name})`;
        return getComputedStyle(probe).color;
    };
    for (const name of ["paper", "raised", "ink", "soft", "faint", "line", "accent", "bad", "good", "selected", "found"])
        colours[name] = read("--" + name);
    colours.classes = CLASSES.map(({key}) => read("--c-" + key));
    colours.domain = Array.from({length: colours.domains}, (_, k) => read("--d-" + k));
    colours.states = {running: read("--s-running"), runnable: read("--s-runnable"), blocked: read("--s-blocked"), offline: read("--s-offline")};
    colours.arrows = [read("--c-event"), read("--c-ring"), read("--c-rule"), read("--c-call")];
    colours.on = read("--on"); /* text on a coloured slice */
    probe.remove();
}

function domain_colour(domain) {
    return colours.domain[domain % colours.domains];
}

function state_colour(state) {
    return colours.states[runstate_name(state)] || colours.faint;
}

function theme_now() {
    const chosen = document.documentElement.dataset.theme;
    return chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/* "light", "dark", or "": what the system says. */
function theme_set(theme) {
    if (theme)
        document.documentElement.dataset.theme = theme;
    else
        delete document.documentElement.dataset.theme;
    document.getElementById("theme").textContent = theme_now() === "dark" ? "Light" : "Dark";
    colours_read();
    state_save();
    draw_soon();
}

function theme_start() {
    document.getElementById("theme").addEventListener("click", () => theme_set(theme_now() === "dark" ? "light" : "dark"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme_set(document.documentElement.dataset.theme));
}
