// Without this script the page says the same; with it, figures that have changed are fetched and put in place.
"use strict";
(() => {
    const shown = () => document.getElementById("figures");
    if (!shown() || !window.EventSource || !window.fetch || !window.DOMParser) return;
    const words = shown().dataset;
    let cursor = words.cursor, isWanted = false, isFetching = false, isPaused = false, last = Date.now();

    // What moves by itself can be stopped.
    const line = document.createElement("p");
    const state = document.createElement("span");
    const button = document.createElement("button");
    line.className = "live";
    button.type = "button";
    line.append(state, button);
    shown().before(line);
    const say = () => {
        state.textContent = isPaused ? words.paused : words.live;
        button.textContent = isPaused ? words.resume : words.pause;
        line.classList.toggle("paused", isPaused);
    };
    button.addEventListener("click", () => {
        isPaused = !isPaused;
        say();
        refresh();
    });
    say();

    const open = () => [...shown().querySelectorAll("details")].map((details) => details.open);
    const path = (element) => {
        const link = element && element.closest("#figures a, #figures summary, #figures [tabindex]");
        if (!link) return -1;
        return [...shown().querySelectorAll("a, summary, [tabindex]")].indexOf(link);
    };

    async function refresh() {
        if (!isWanted || isFetching || isPaused || document.hidden) return;
        isFetching = true;
        isWanted = false;
        try {
            // Not more often than a reader can follow.
            await new Promise((done) => setTimeout(done, Math.max(0, last + 2000 - Date.now())));
            const answer = await fetch(location.href, { cache: "no-store" });
            if (answer.ok) {
                const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("figures");
                if (fresh && !isPaused) {
                    const [wasOpen, focus] = [open(), path(document.activeElement)];
                    const scrolls = [...shown().querySelectorAll(".scroll")].map((box) => box.scrollLeft);
                    cursor = fresh.dataset.cursor;
                    shown().replaceWith(document.adoptNode(fresh));
                    shown().querySelectorAll("details").forEach((details, place) => { details.open = Boolean(wasOpen[place]); });
                    shown().querySelectorAll(".scroll").forEach((box, place) => { box.scrollLeft = scrolls[place] || 0; });
                    const target = shown().querySelectorAll("a, summary, [tabindex]")[focus];
                    if (target) target.focus({ preventScroll: true });
                }
            }
        } catch {
            // The server is away; the next event brings what was missed.
        }
        last = Date.now();
        isFetching = false;
        refresh();
    }

    document.addEventListener("visibilitychange", refresh);
    const events = new EventSource("/events");
    events.addEventListener("message", (event) => {
        if (event.data === cursor) return;
        isWanted = true;
        refresh();
    });
    window.addEventListener("pagehide", () => events.close());
})();
