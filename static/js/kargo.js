// The portal's own script: theme, copying, times, live updates, and arrow keys on the graph.
// Everything also works without it, except what only a script can do; no page depends on it.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Theme: the system's, until somebody chooses; remembered in a cookie that the server reads.
  const theme = document.getElementById("theme");
  if (theme) {
    theme.hidden = false;
    theme.addEventListener("click", () => {
      const isDark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
      document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    });
  }

  // Copy buttons, and menus that close when something else is clicked.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      event.preventDefault();
      navigator.clipboard?.writeText(button.dataset.copy).then(() => {
        button.classList.add("done");
        say("Copied");
        setTimeout(() => button.classList.remove("done"), 1500);
      });
    }
    for (const menu of all("details.menu[open], details.ask[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // Relative times, kept current. The words are those of the server's `ago` tag.
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  const words = (seconds) => {
    for (const [size, unit] of units) {
      if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
    }
    return seconds < 1 ? "just now" : `${Math.floor(seconds)} s ago`;
  };
  setInterval(() => {
    for (const time of all("time[data-ago]")) {
      const text = words((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  }, 5000);

  // A word for screen readers, and briefly for everybody.
  const note = document.getElementById("live-note");
  let silence;
  function say(text) {
    if (!note) return;
    note.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { note.textContent = ""; }, 2500);
  }

  // Live: the stream says which object changed; elements that name it fetch themselves again.
  // `data-live` holds names such as Stage/test, Promotion/test.* and Freight/*.
  const due = new Map();
  const inUse = (element) =>
    element.contains(document.activeElement) &&
    document.activeElement.matches("input:not([type=radio]), select, textarea");
  function refresh(element) {
    if (due.has(element)) return;
    due.set(element, setTimeout(() => {
      due.delete(element);
      if (!element.isConnected) return;
      if (inUse(element)) refresh(element);
      else window.htmx.trigger(element, "live");
    }, inUse(element) ? 2000 : 200));
  }
  const names = (token, id) =>
    token === id || (token.endsWith("*") && id.startsWith(token.slice(0, -1)));
  function changed({ kind, name }) {
    const id = `${kind}/${name}`;
    let isKnown = false;
    for (const element of all("[data-live]")) {
      const tokens = element.dataset.live.split(" ");
      if (tokens.includes(id)) isKnown = true;
      if (tokens.some((token) => names(token, id))) refresh(element);
    }
    if (isKnown) return;
    for (const element of all("[data-live-new]")) {
      if (element.dataset.liveNew.split(" ").includes(kind)) refresh(element);
    }
  }
  const address = document.querySelector("[data-events]")?.dataset.events;
  if (address && window.EventSource) {
    let stream;
    let isOpen = false;
    const connect = () => {
      stream = new EventSource(address);
      stream.addEventListener("ready", () => { isOpen = true; });
      stream.addEventListener("change", (event) => changed(JSON.parse(event.data)));
      stream.onerror = () => {
        isOpen = false;
        if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 10000);
      };
    };
    connect();
    setInterval(() => { if (!isOpen) all("[data-live]").forEach(refresh); }, 10000);
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  }

  // A swap keeps what was open, open; and where the keyboard was, there.
  let kept = { open: new Map(), focus: "" };
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const link = document.activeElement?.closest?.("a[href]");
    kept = {
      open: new Map(all("details[id]", detail.target).map((it) => [it.id, it.open])),
      focus: link && detail.target.contains(link) ? link.getAttribute("href") : "",
    };
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, isOpen] of kept.open) {
      const details = document.getElementById(id);
      if (details && isOpen) details.open = true;
    }
    if (kept.focus && document.activeElement === document.body) {
      all("main a[href]").find((it) => it.getAttribute("href") === kept.focus)
        ?.focus({ preventScroll: true });
    }
    kept = { open: new Map(), focus: "" };
  });
  document.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.xhr.status === 404 && detail.elt.closest(".card")) {
      window.htmx.trigger("#pipeline", "shape");
    }
  });

  document.querySelector(".step-failed")?.scrollIntoView({ block: "nearest" });

  // Freight under the pointer or the focus lights the stages that hold it.
  const light = (event) => {
    const name = event.target.closest?.("[data-freight]")?.dataset.freight;
    for (const card of all("[data-holds]")) {
      card.classList.toggle("lit", Boolean(name) && card.dataset.holds.split(" ").includes(name));
    }
  };
  document.addEventListener("mouseover", light);
  document.addEventListener("focusin", light);

  // Arrow keys on the graph: along the edges, and up and down a layer.
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.getElementById("search")?.focus();
      return;
    }
    const card = document.activeElement?.closest?.(".graph .card");
    if (!card || !event.key.startsWith("Arrow")) return;
    const next = neighbour(card, event.key);
    if (!next) return;
    event.preventDefault();
    const link = next.querySelector("h3 a");
    link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  function neighbour(card, key) {
    const edge = (from, to) => document
      .querySelector(`.curves path[data-${from}="${CSS.escape(card.id)}"]`)?.getAttribute(`data-${to}`);
    if (key === "ArrowRight") return document.getElementById(edge("from", "to"));
    if (key === "ArrowLeft") return document.getElementById(edge("to", "from"));
    const here = card.getBoundingClientRect();
    const sign = key === "ArrowDown" ? 1 : -1;
    return all(".graph .card")
      .map((it) => [it, it.getBoundingClientRect()])
      .filter(([, box]) => Math.abs(box.x - here.x) < 8 && sign * (box.y - here.y) > 8)
      .sort((a, b) => sign * (a[1].y - b[1].y))[0]?.[0];
  }
})();
