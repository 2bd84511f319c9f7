/* What all figures share: their frame with switches, table, CSV and SVG; axes, markers, tooltips. */
"use strict";

DS.SYMBOLS = { depthwise: "triangle", pointwise: "circle", conv: "diamond", other: "rect" };
DS.KINDS = ["depthwise", "pointwise", "conv", "other"];

/** A box for a tooltip: a heading and pairs of label and text. */
DS.tip = (heading, pairs) =>
  DS.h(
    "div",
    { class: "tip" },
    DS.h("b", null, heading),
    ...pairs.map(([label, text]) => DS.h("div", null, DS.h("span", null, label), DS.h("span", null, text))),
  );

/** Style of everything that is not data. */
DS.baseOption = () => ({
  animation: false,
  backgroundColor: "transparent",
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: DS.css("--ink") },
  tooltip: {
    confine: true,
    backgroundColor: DS.css("--card"),
    borderColor: DS.css("--line"),
    borderWidth: 1,
    padding: [7, 10],
    textStyle: { color: DS.css("--ink"), fontSize: 12.5 },
    extraCssText: "box-shadow: 0 3px 14px rgba(10,16,24,.16); border-radius: 6px;",
  },
  legend: {
    top: 0,
    left: 0,
    icon: "rect",
    itemWidth: 12,
    itemHeight: 9,
    itemGap: 16,
    textStyle: { color: DS.css("--soft"), fontSize: 12 },
    inactiveColor: DS.css("--line"),
  },
});

/** Lines and labels of an axis; more settings on top. */
DS.axis = (more) => ({
  axisLine: { show: true, lineStyle: { color: DS.css("--line") } },
  axisTick: { show: false },
  splitLine: { show: more.type !== "category", lineStyle: { color: DS.css("--grid") } },
  nameTextStyle: { color: DS.css("--soft"), fontSize: 12 },
  ...more,
  axisLabel: { color: DS.css("--soft"), fontSize: 11, hideOverlap: true, ...more.axisLabel },
});

/** The depth: one place a layer. */
DS.layerAxis = (names, gridIndex, labelled) => {
  // Slanted names need so many pixels each, or some are left out.
  const each = (DS.byId("main").clientWidth - 116) / names.length;
  return DS.axis({
    type: "category",
    data: names,
    gridIndex,
    axisLabel: { show: labelled, rotate: 55, interval: Math.ceil(13 / Math.max(1, each)) - 1, width: 110, overflow: "truncate" },
    axisPointer: { type: "shadow", shadowStyle: { color: DS.css("--band") }, label: { show: false } },
  });
};

/** Room below the lowest grid for slanted names. */
DS.roomForNames = (names) => {
  const longest = Math.min(16, Math.max(...names.map((n) => n.length)));
  return Math.round(18 + 5.6 * longest);
};

/** The column of a custom series' value, from the bottom of the figure to its top. */
DS.column = (params, api) => {
  const { y, height } = params.coordSys;
  const width = api.size([1, 0])[0];
  return { x: api.coord([api.value(0), 0])[0] - width / 2, y, width, height };
};

/** The upright band behind the selected layer. */
DS.band = (axisIndex, id) => ({
  id: id ?? "band" + axisIndex,
  type: "custom",
  silent: true,
  xAxisIndex: axisIndex,
  yAxisIndex: axisIndex,
  encode: { x: 0, y: -1, tooltip: [] },
  tooltip: { show: false },
  z: 0,
  data: DS.selected() < 0 ? [] : [[DS.selected()]],
  renderItem: (params, api) => ({ type: "rect", shape: DS.column(params, api), style: { fill: DS.css("--band") } }),
});

/** Outline of a marker in the middle of a square, as a graphic element. */
DS.marker = (kind, x, y, size, style) => {
  const r = size / 2;
  switch (DS.SYMBOLS[kind]) {
    case "circle":
      return { type: "circle", shape: { cx: x, cy: y, r }, style };
    case "triangle":
      return { type: "polygon", shape: { points: [[x, y - r], [x + r, y + r], [x - r, y + r]] }, style };
    case "diamond":
      return { type: "polygon", shape: { points: [[x, y - r * 1.2], [x + r * 1.2, y], [x, y + r * 1.2], [x - r * 1.2, y]] }, style };
    default:
      return { type: "rect", shape: { x: x - r, y: y - r, width: size, height: size }, style };
  }
};

/**
 * A scale that shows both signs and many powers of ten: linear up to the unit, logarithmic beyond.
 * Whole numbers of it are 0, the unit, ten units, ...
 */
DS.symlog = (unit) => ({
  of: (v) => (Math.abs(v) <= unit ? v / unit : Math.sign(v) * (1 + Math.log10(Math.abs(v) / unit))),
  back: (t) => (Math.abs(t) <= 1 ? t * unit : Math.sign(t) * unit * 10 ** (Math.abs(t) - 1)),
});

DS.kindLegend = (kinds) =>
  kinds.map((kind) => ({ name: kind, icon: DS.SYMBOLS[kind] === "rect" ? "rect" : DS.SYMBOLS[kind] }));

DS.kindsPresent = (layers) => DS.KINDS.filter((k) => layers.some((l) => DS.kindOf(l) === k));

/** Width of a figure on paper, in CSS pixels: that of A4 and Letter less margins. */
DS.PAPER = 660;

/** All figures of the page, by name. */
DS.figures = {};

/** Drawn one after another, so that the page can be read from the first on. */
DS.drawQueue = (() => {
  const waiting = [];
  let running = false;
  function next() {
    const task = waiting.shift();
    if (task) {
      task();
      setTimeout(next, 0);
    } else {
      running = false;
      document.documentElement.dataset.drawn = "all";
      performance.mark("depthscope-drawn");
    }
  }
  return (task) => {
    waiting.push(task);
    if (!running) {
      running = true;
      setTimeout(next, 0);
    }
  };
})();

/**
 * A figure of the page.
 *
 * spec: {name, height(), label() text for those who cannot see it, switches: [{name, label, options}],
 *   option(state), data(state) -> {columns, rows}, layered: a click selects the layer in that column,
 *   grids: number of grids, click(params), renderer, note() instead of a drawing; or, without a chart,
 *   paint(plot, state) and svg(); changed(name, value) of a switch}
 */
DS.figure = (spec) => {
  const { h } = DS;
  const frame = DS.byId("figure-" + spec.name);
  const title = frame.querySelector("h3").textContent;
  const state = {};
  const fileName = () => (DS.data.model ?? DS.data.title) + "-" + spec.name;
  const caption = frame.querySelector("figcaption");

  const note = spec.note?.();
  if (note) {
    caption.after(h("p", { class: "figure-note" }, note));
    frame.dataset.drawn = "note";
    return null;
  }

  const plot = h("div", {
    class: "plot" + (spec.layered ? " plot-select" : ""),
    role: "img",
    "aria-label": title + ". " + spec.label(),
  });
  const tableBox = h("div", { class: "figure-data", hidden: true });
  const bar = h("div", { class: "figure-bar" });
  for (const s of spec.switches ?? []) {
    state[s.name] = s.value ?? s.options[0][0];
    bar.append(
      s.options.length > 4
        ? h(
            "label",
            { class: "field" },
            s.label,
            h(
              "select",
              { onchange: (e) => change(s.name, e.target.value), "data-switch": s.name },
              ...s.options.map(([value, text]) => h("option", { value, selected: value === state[s.name] }, text)),
            ),
          )
        : DS.choice(s.label, s.options, state[s.name], (value) => change(s.name, value), true),
    );
  }
  const tableButton = h(
    "button",
    { type: "button", "aria-expanded": "false", "aria-label": "Table of " + title, onclick: () => toggleTable() },
    "Table",
  );
  bar.append(
    h(
      "span",
      { class: "figure-tools" },
      tableButton,
      h(
        "button",
        {
          type: "button",
          "aria-label": "Save the data of " + title + " as CSV",
          onclick: () => DS.download(fileName() + ".csv", "text/csv", DS.csv(spec.data(state))),
        },
        "CSV",
      ),
      h(
        "button",
        {
          type: "button",
          "aria-label": "Save " + title + " as SVG",
          onclick: () => DS.download(fileName() + ".svg", "image/svg+xml", figure.svg()),
        },
        "SVG",
      ),
    ),
  );
  caption.after(bar, plot, tableBox);

  let chart = null;
  let legendRoom = 0;
  const height = () => spec.height(plot.clientWidth) + legendRoom;

  /** Lines that a legend takes at this width. */
  function legendLines(legend) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = "12px " + getComputedStyle(document.body).fontFamily;
    let lines = 1;
    let used = 0;
    for (const entry of legend.data) {
      const wide = 12 + 5 + pen.measureText(entry.name ?? entry).width + 16;
      if (used > 0 && used + wide > plot.clientWidth - 10) {
        lines++;
        used = 0;
      }
      used += wide;
    }
    return lines;
  }

  function option() {
    const own = spec.option(state, plot.clientWidth);
    const base = DS.baseOption();
    // Further lines of the legend push what is below down.
    legendRoom = own.legend?.data && own.legend.left !== "auto" ? 22 * (legendLines(own.legend) - 1) : 0;
    if (legendRoom > 0) {
      own.grid = [own.grid].flat().map((g) => ({ ...g, top: g.top + legendRoom }));
    }
    return { ...base, ...own, tooltip: { ...base.tooltip, ...own.tooltip }, legend: own.legend === null ? undefined : { ...base.legend, ...own.legend } };
  }

  /** A figure that paints itself, again whenever its width changes. */
  function paint() {
    spec.paint(plot, state);
    if (frame.dataset.drawn !== "chart") {
      let width = plot.clientWidth;
      new ResizeObserver(() => {
        if (plot.clientWidth !== width && plot.clientWidth > 0) {
          width = plot.clientWidth;
          spec.paint(plot, state);
        }
      }).observe(plot);
    }
    frame.dataset.drawn = "chart";
  }

  function draw() {
    if (spec.paint) {
      paint();
      return;
    }
    const drawn = option();
    plot.style.height = height() + "px";
    if (!chart) {
      chart = echarts.init(plot, null, { renderer: spec.renderer ?? "svg" });
      if (spec.layered) {
        chart.getZr().on("click", (e) => {
          for (let grid = 0; grid < (spec.grids ?? 1); grid++) {
            if (chart.containPixel({ gridIndex: grid }, [e.offsetX, e.offsetY])) {
              DS.select(chart.convertFromPixel({ gridIndex: grid }, [e.offsetX, e.offsetY])[0]);
            }
          }
        });
      }
      if (spec.click) {
        chart.on("click", spec.click);
      }
      let width = plot.clientWidth;
      new ResizeObserver(() => {
        if (plot.clientWidth !== width && plot.clientWidth > 0) {
          width = plot.clientWidth;
          draw();
        }
      }).observe(plot);
    } else {
      chart.resize();
    }
    chart.setOption(drawn, { notMerge: true });
    chart.getZr().flush(); // not in the next frame, which a printer does not wait for
    frame.dataset.drawn = "chart";
  }

  function change(name, value) {
    state[name] = value;
    spec.changed?.(name, value);
    refresh();
  }

  function refresh() {
    if (spec.paint && frame.dataset.drawn === "chart") {
      paint();
    }
    if (chart) {
      draw();
      plot.setAttribute("aria-label", title + ". " + spec.label());
    }
    if (!tableBox.hidden) {
      fillTable();
    }
  }

  function fillTable() {
    tableBox.replaceChildren(DS.plainTable(spec.data(state), "Data of " + title, fileName()));
  }

  function toggleTable() {
    tableBox.hidden = !tableBox.hidden;
    tableButton.setAttribute("aria-expanded", String(!tableBox.hidden));
    if (!tableBox.hidden) {
      fillTable();
    }
  }

  const figure = {
    refresh,
    state,
    chart: () => chart,
    /** The figure as a drawing of its own, with its title. */
    svg() {
      if (spec.svg) {
        return spec.svg();
      }
      const width = Math.max(720, plot.clientWidth);
      const content = option();
      const drawing = echarts.init(null, null, { renderer: "svg", ssr: true, width, height: height() });
      drawing.setOption({ ...content, backgroundColor: DS.css("--card") });
      const text = drawing.renderToSVGString();
      drawing.dispose();
      return text;
    },
  };
  DS.figures[spec.name] = figure;
  DS.drawQueue(draw);
  DS.onTheme(() => refresh());
  addEventListener("beforeprint", () => {
    plot.style.width = Math.min(DS.PAPER, plot.clientWidth) + "px";
    refresh();
  });
  addEventListener("afterprint", () => {
    plot.style.width = "";
    refresh();
  });
  if (spec.layered) {
    DS.onSelect((index) => {
      const series = [];
      for (let grid = 0; grid < (spec.grids ?? 1); grid++) {
        series.push({ id: "band" + grid, data: [[index]] });
      }
      if (spec.outlined) {
        series.push({ id: "outline", data: [[index]] });
      }
      chart?.setOption({ series });
    });
  }
  return figure;
};
