/* Puts the page of one run together. */
"use strict";

(() => {
  const { h, byId, data } = DS;
  DS.overview();
  DS.sourcesFigure();
  DS.graphFigure();
  DS.channelFigure();
  DS.rangeFigures();
  DS.propagationFigures();
  DS.inspector();
  DS.images();
  DS.layerTable();
  DS.provenance();

  // The layer that matters most is open from the start: the first finding's, or the noisiest.
  const named = data.findings.map((f) => data.layers.findIndex((l) => l.name === f.layer)).find((i) => i >= 0);
  const noisiest = data.layers.indexOf(DS.widest(data.layers, (l) => -DS.num(l.error.sqnrDb)));
  if (!DS.selectAddressed()) {
    DS.select(named ?? Math.max(0, noisiest));
  }
  addEventListener("hashchange", DS.selectAddressed);

  // A bar that follows the reader, from the first choice on.
  const bar = byId("selection");
  const name = h("span", { class: "name" });
  const step = (by) => DS.select(Math.min(data.layers.length - 1, Math.max(0, DS.selected() + by)));
  bar.append(
    name,
    h("button", { type: "button", "aria-label": "Previous layer", onclick: () => step(-1) }, "‹"),
    h("button", { type: "button", "aria-label": "Next layer", onclick: () => step(1) }, "›"),
    h("a", { href: "#inspector" }, "Inspect"),
    h("button", { type: "button", "aria-label": "Hide this bar", onclick: () => (bar.hidden = true) }, "×"),
  );
  DS.onSelect((index) => {
    name.textContent = data.layers[index].name;
    bar.hidden = false;
  });

  // The contents show where the reader is.
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  const seen = new Set();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
      }
      const first = [...links.keys()].find((id) => seen.has(id));
      links.forEach((a, id) => (id === first ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
    },
    { rootMargin: "-15% 0px -60% 0px" },
  );
  links.forEach((_, id) => observer.observe(byId(id)));
})();
