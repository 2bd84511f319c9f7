/* The network as a graph: what each layer adds to the error, and what it hands on. */
"use strict";

/** Error that a layer adds by itself, over its signal: as measured, or what it leaves beyond what it reads. */
DS.ownNsr = (layer) => {
  const { num, data } = DS;
  const e = layer.error.energies;
  if (data.feed === "local") {
    return num(layer.error.nsr);
  }
  if (e) {
    const signal = num(layer.fp32.count) * (num(layer.fp32.variance) + num(layer.fp32.mean) ** 2);
    return (num(e.weights) + num(e.clipping) + num(e.rounding)) / signal;
  }
  const read = layer.inputs.map((name) => num(data.layers[DS.indexOf(name)]?.error.nsr)).filter(Number.isFinite);
  return Math.max(0, num(layer.error.nsr) - Math.max(0, ...read));
};
DS.indexOf = (() => {
  const places = new Map(DS.data.layers.map((l, i) => [l.name, i]));
  return (name) => places.get(name) ?? -1;
})();
DS.decibels = (nsr) => -10 * Math.log10(nsr);

/**
 * Nodes in topological order cut into parts that hang together by one tensor: nothing but the output
 * of one node is read across a cut. nodes: [{id, reads: [id]}]
 */
DS.parts = (nodes) => {
  const place = new Map(nodes.map((n, i) => [n.id, i]));
  const last = nodes.map((_, i) => i);
  nodes.forEach((n, i) => n.reads.forEach((r) => (last[place.get(r)] = Math.max(last[place.get(r)], i))));
  const parts = [[]];
  const open = new Set();
  nodes.forEach((n, i) => {
    parts.at(-1).push(n);
    open.add(i);
    open.forEach((o) => last[o] <= i && open.delete(o));
    if (open.size <= 1 && i + 1 < nodes.length) {
      parts.push([]);
    }
  });
  return parts;
};

/** How many nodes stand beside each other at least. */
DS.depthOf = (part) => {
  const depth = new Map();
  part.forEach((n) => depth.set(n.id, 1 + Math.max(0, ...n.reads.map((r) => depth.get(r) ?? 0))));
  return Math.max(...depth.values());
};

/** Places of nodes and edges: rows of parts like lines of text, each laid out from left to right. */
DS.layOut = (nodes, width) => {
  const WIDE = 106;
  const HIGH = 35;
  const APART = 18;
  const MARGIN = 22;
  const most = Math.max(1, Math.floor((width - 2 * MARGIN - 10) / (WIDE + APART)));
  const rows = [];
  let used = Infinity;
  for (const part of DS.parts(nodes)) {
    const deep = DS.depthOf(part);
    if (used + deep > most) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1).push(...part);
    used += deep;
  }
  const at = new Map();
  const edges = [];
  let top = 34;
  let right = width;
  for (const row of rows) {
    const g = new dagre.graphlib.Graph();
    g.setGraph({ rankdir: "LR", nodesep: 10, ranksep: APART, edgesep: 6, marginx: MARGIN, marginy: 0 });
    g.setDefaultEdgeLabel(() => ({}));
    const inside = new Set(row.map((n) => n.id));
    const ports = new Set();
    row.forEach((n) => g.setNode(n.id, { width: WIDE, height: HIGH }));
    row.forEach((n) =>
      n.reads.forEach((r) => {
        const from = inside.has(r) ? r : "from " + r;
        if (!inside.has(r) && !ports.has(r)) {
          ports.add(r);
          g.setNode(from, { width: 1, height: 1 });
        }
        g.setEdge(from, n.id);
      }),
    );
    dagre.layout(g);
    const { width: wide, height: high } = g.graph();
    right = Math.max(right, wide + 14);
    row.forEach((n) => {
      const p = g.node(n.id);
      at.set(n.id, { x: p.x, y: top + p.y, width: WIDE, height: HIGH });
    });
    // The output of a row before comes around the right and left ends of the rows.
    for (const r of ports) {
      const p = g.node("from " + r);
      const s = at.get(r);
      edges.push({ from: r, points: [[s.x + s.width / 2, s.y], ["right", s.y], ["right", top - 12], [8, top - 12], [8, top + p.y], [p.x, top + p.y]], sharp: true });
    }
    g.edges().forEach((e) => {
      const source = e.v.startsWith("from ") && !inside.has(e.v) ? e.v.slice(5) : e.v;
      edges.push({ from: source, to: e.w, points: g.edge(e).points.map((p) => [p.x, top + p.y]) });
    });
    top += high + 26;
  }
  edges.forEach((e) => e.points.forEach((p) => p[0] === "right" && (p[0] = right - 6)));
  return { at, edges, width: right, height: top - 8 };
};

DS.graphFigure = () => {
  const { data, h, num, fixed } = DS;
  const layers = data.layers;
  const own = layers.map(DS.ownNsr);
  const s = (tag, attributes, ...children) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes ?? {}).forEach(([k, v]) => v !== undefined && e.setAttribute(k, v));
    e.append(...children);
    return e;
  };
  // Without the sources of error nothing is known of a layer that leaves no more than it reads.
  const nothing = layers.some((l) => l.error.energies) || data.feed === "local" ? "none" : "–";
  const db = (nsr) => (nsr === 0 ? nothing : Number.isNaN(nsr) ? "–" : DS.withUnit("sqnrDb", fixed(DS.decibels(nsr), 0)));

  // From hardly any error to as much error as signal.
  const LEAST = 50;
  const share = (nsr) => (Number.isNaN(nsr) ? 0 : Math.min(1, Math.max(0, 1 - DS.decibels(nsr) / LEAST)));
  let heat = [];
  const mixed = (t) => {
    const i = Math.min(heat.length - 2, Math.floor(t * (heat.length - 1)));
    const part = t * (heat.length - 1) - i;
    return heat[i].map((c, k) => Math.round(c + part * (heat[i + 1][k] - c)));
  };
  const rgb = (c) => "rgb(" + c.join(",") + ")";
  const dark = (c) => 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2] < 140;
  const measure = document.createElement("canvas").getContext("2d");
  const fitted = (text, size, weight, room) => {
    measure.font = weight + " " + size + "px " + getComputedStyle(document.body).fontFamily;
    let shown = text;
    for (let keep = text.length - 1; measure.measureText(shown).width > room && keep > 2; keep--) {
      shown = text.slice(0, Math.ceil(keep / 2)) + "…" + text.slice(text.length - Math.floor(keep / 2));
    }
    return shown;
  };

  // Blocks: parts with more than one way through them.
  const all = layers.map((l, i) => ({ id: "n" + i, layers: [i], reads: l.inputs.map((name) => "n" + DS.indexOf(name)).filter((id) => id !== "n-1") }));
  const blocks = DS.parts(all)
    .filter((part) => part.length > 1)
    .map((part) => ({ id: "b" + part.at(-1).layers[0], nodes: part }));
  const closed = new Set();
  function shown() {
    const into = new Map();
    blocks.filter((b) => closed.has(b.id)).forEach((b) => b.nodes.forEach((n) => into.set(n.id, b)));
    const nodes = [];
    for (const n of all) {
      const block = into.get(n.id);
      if (!block) {
        nodes.push({ ...n, reads: [...new Set(n.reads.map((r) => into.get(r)?.id ?? r))] });
      } else if (n === block.nodes[0]) {
        const inside = new Set(block.nodes.map((m) => m.id));
        const reads = block.nodes.flatMap((m) => m.reads.filter((r) => !inside.has(r)).map((r) => into.get(r)?.id ?? r));
        nodes.push({ id: block.id, block, layers: block.nodes.map((m) => m.layers[0]), reads: [...new Set(reads)] });
      }
    }
    return nodes;
  }

  let drawn = [];
  let found = "";
  let box = null;
  const search = h("input", {
    type: "search",
    placeholder: "Find a layer",
    "aria-label": "Find a layer in the graph",
    oninput: () => {
      found = search.value.trim().toLowerCase();
      mark();
    },
    onkeydown: (e) => {
      const first = layers.findIndex((l) => found && l.name.toLowerCase().includes(found));
      if (e.key === "Enter" && first >= 0) {
        DS.select(first);
      }
    },
  });

  function mark() {
    for (const { node, group, frame } of drawn) {
      const selected = node.layers.includes(DS.selected());
      frame.setAttribute("stroke", DS.css(selected ? "--accent" : "--line"));
      frame.setAttribute("stroke-width", selected ? 3 : 1);
      group.setAttribute("opacity", !found || node.layers.some((i) => layers[i].name.toLowerCase().includes(found)) ? 1 : 0.18);
    }
  }

  function toggle(block) {
    closed[closed.has(block.id) ? "delete" : "add"](block.id);
    figure.refresh();
  }

  /** A small square with a sign that opens or closes a block. */
  function sign(block, x, y) {
    const open = !closed.has(block.id);
    return s(
      "g",
      { class: "graph-sign" },
      s("rect", { x, y, width: 13, height: 13, rx: 3, fill: DS.css("--card"), stroke: DS.css("--faint") }),
      s("path", { d: "M" + (x + 3.5) + " " + (y + 6.5) + "h6" + (open ? "" : "m-3 -3v6"), stroke: DS.css("--soft"), fill: "none" }),
      s("title", null, (open ? "Close" : "Open") + " this block of " + block.nodes.length + " layers"),
    );
  }

  function drawNode(node, at) {
    const worst = node.layers.reduce((a, b) => (own[b] > own[a] || Number.isNaN(own[a]) ? b : a));
    const fill = mixed(share(own[worst]));
    const ink = dark(fill) ? "#ffffff" : "#15191e";
    const first = layers[node.layers[0]];
    const lastOne = layers[node.layers.at(-1)];
    const name = node.block ? lastOne.name : first.name;
    const kind = node.block ? node.layers.length + " layers," : DS.kindOf(first) === "other" ? first.kind.replace("residual-", "") : DS.kindOf(first);
    const x = at.x - at.width / 2;
    const y = at.y - at.height / 2;
    const frame = s("rect", { x, y, width: at.width, height: at.height, rx: node.block ? 2 : 6, fill: rgb(fill) });
    const text = (dy, size, weight, words) => s("text", { x: x + 7, y: y + dy, "font-size": size, "font-weight": weight, fill: ink }, fitted(words, size, weight, at.width - 12));
    const group = s(
      "g",
      { class: "graph-node", "data-layers": node.layers.join(" ") },
      s(
        "title",
        null,
        (node.block ? first.name + " to " + lastOne.name + ", " + node.layers.length + " layers; most error of its own in " + layers[worst].name : name + " (" + first.kind + ")") +
          "\nown error " + db(own[worst]) + ", error of the output " + db(num(lastOne.error.nsr)),
      ),
      frame,
      ...(node.block ? [s("line", { x1: x + 3.5, y1: y + 3, x2: x + 3.5, y2: y + at.height - 3, stroke: ink, "stroke-width": 1 })] : []),
      text(15, 11.5, 600, name),
      text(28, 10.5, 400, kind + " " + db(own[worst])),
    );
    group.addEventListener("click", () => DS.select(node.block ? worst : node.layers[0]));
    drawn.push({ node, group, frame });
    return group;
  }

  function drawEdge(edge, nsr, ends) {
    const t = 0.2 + 0.8 * share(nsr);
    const colour = rgb(mixed(t));
    const p = edge.points;
    let d = "M" + p[0].join(" ");
    if (edge.sharp) {
      d += p.slice(1).map((q) => "L" + q.join(" ")).join("");
    } else {
      for (let i = 1; i + 1 < p.length; i++) {
        d += "Q" + p[i].join(" ") + " " + (i + 2 < p.length ? [(p[i][0] + p[i + 1][0]) / 2, (p[i][1] + p[i + 1][1]) / 2] : p[i + 1]).join(" ");
      }
    }
    const [x, y] = p.at(-1);
    return [
      s("path", { d, fill: "none", stroke: colour, "stroke-width": fixed(1 + 2.2 * t, 1), "stroke-linejoin": "round" }),
      ...(ends ? [s("path", { d: "M" + (x + 1) + " " + y + "l-7 -4v8z", fill: colour })] : []),
    ];
  }

  function paint(plot) {
    heat = [0, 1, 2, 3, 4, 5].map((i) => DS.css("--heat-" + i).match(/[0-9a-f]{2}/gi).map((c) => parseInt(c, 16)));
    drawn = [];
    const nodes = shown();
    const byId = new Map(nodes.map((n) => [n.id, n]));
    const placed = DS.layOut(nodes, Math.max(300, plot.clientWidth - 2));
    const nsrOf = (id) => num(layers[byId.get(id).layers.at(-1)].error.nsr);
    const svg = s("svg", { xmlns: "http://www.w3.org/2000/svg", width: placed.width, height: placed.height, viewBox: "0 0 " + placed.width + " " + placed.height, "font-family": getComputedStyle(document.body).fontFamily });
    // What colours mean.
    const steps = 24;
    for (let i = 0; i < steps; i++) {
      svg.append(s("rect", { x: 116 + i * 4, y: 4, width: 4.5, height: 9, fill: rgb(mixed((i + 0.5) / steps)) }));
    }
    const wide = plot.clientWidth > 560;
    const key = (x, words, anchor) => s("text", { x, y: 12.5, "font-size": 11, "text-anchor": anchor, fill: DS.css("--soft") }, words);
    svg.append(key(110, "≥ " + LEAST + " dB" + (wide ? ", hardly any" : ""), "end"), key(116 + steps * 4 + 6, "≤ 0 dB" + (wide ? ", error as large as signal" : ""), "start"));
    for (const block of blocks.filter((b) => !closed.has(b.id))) {
      const places = block.nodes.map((n) => placed.at.get(n.id));
      const left = Math.min(...places.map((a) => a.x - a.width / 2)) - 6;
      const up = Math.min(...places.map((a) => a.y - a.height / 2)) - 5;
      const wide = Math.max(...places.map((a) => a.x + a.width / 2)) + 6 - left;
      const high = Math.max(...places.map((a) => a.y + a.height / 2)) + 5 - up;
      svg.append(s("rect", { x: left, y: up, width: wide, height: high, rx: 7, fill: DS.css("--paper"), stroke: DS.css("--line"), "stroke-dasharray": "4 3" }));
    }
    placed.edges.forEach((e) => svg.append(...drawEdge(e, nsrOf(e.from), e.to !== undefined)));
    nodes.forEach((n) => svg.append(drawNode(n, placed.at.get(n.id))));
    for (const block of blocks) {
      const places = closed.has(block.id) ? [placed.at.get(block.id)] : block.nodes.map((n) => placed.at.get(n.id));
      const x = Math.min(...places.map((a) => a.x - a.width / 2)) - (closed.has(block.id) ? 4 : 12);
      const y = Math.min(...places.map((a) => a.y - a.height / 2)) - (closed.has(block.id) ? 5 : 11);
      const button = sign(block, x, y);
      button.addEventListener("click", () => toggle(block));
      svg.append(button);
    }
    plot.replaceChildren(svg);
    box = plot;
    mark();
  }

  const figure = DS.figure({
    name: "graph",
    paint,
    height: () => 0,
    label: () => {
      const worst = layers[own.indexOf(Math.max(...own.filter(Number.isFinite)))];
      return layers.length + " layers as a graph. Most error of its own: " + (worst?.name ?? "none") + ". Arrow keys step through the layers.";
    },
    switches: blocks.length ? [{ name: "blocks", label: "Blocks", options: [["open", "Blocks open"], ["closed", "closed"]] }] : [],
    changed: (name, value) => blocks.forEach((b) => closed[value === "closed" ? "add" : "delete"](b.id)),
    svg: () => {
      const copy = box.querySelector("svg").cloneNode(true);
      copy.prepend(s("rect", { width: "100%", height: "100%", fill: DS.css("--card") }));
      return new XMLSerializer().serializeToString(copy);
    },
    data: () => ({
      columns: ["layer", "kind", "reads", "ownNsr", "ownDb", "nsr", "sqnrDb"],
      rows: layers.map((l, i) => [l.name, l.kind, l.inputs.join(" "), own[i], DS.decibels(own[i]), num(l.error.nsr), num(l.error.sqnrDb)]),
    }),
  });
  const plot = DS.byId("figure-graph").querySelector(".plot");
  plot.classList.add("plot-graph");
  plot.tabIndex = 0;
  plot.addEventListener("keydown", (e) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    if (by) {
      e.preventDefault();
      DS.select(Math.min(layers.length - 1, Math.max(0, DS.selected() + by)));
    }
  });
  DS.byId("figure-graph").querySelector(".figure-tools").before(search);
  DS.onSelect(() => {
    mark();
    // Within its own frame alone: the page stays where the reader is.
    const group = drawn.find((d) => d.node.layers.includes(DS.selected()))?.group;
    if (group && box) {
      const a = group.getBoundingClientRect();
      const b = box.getBoundingClientRect();
      if (a.top < b.top || a.bottom > b.bottom) {
        box.scrollTop += a.top - b.top - b.height / 2;
      }
      if (a.left < b.left || a.right > b.right) {
        box.scrollLeft += a.left - b.left - b.width / 2;
      }
    }
  });
};
