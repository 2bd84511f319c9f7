/* The heat map of every channel, and what a channel's figures are called. */
"use strict";

/** One channel's figures by name; NaN where there are none. */
DS.channel = (layer, name, c) => DS.num(layer.channels[name]?.[c]);
DS.channelCount = (layer) => layer.shape[2];
DS.isDead = (layer, c) => layer.dead.includes(c);

/** What the heat map can show: the figure of a channel, coloured by its scale; small ones mean trouble.
   Values beyond the range have the colour of its end; open says that there are some above. */
DS.MEASURES = {
  sqnr: {
    text: DS.heading("sqnrDb"),
    figure: (l, c) => DS.channel(l, "sqnrDb", c),
    scale: (v) => v,
    range: [0, 50],
    open: true,
    label: (v) => DS.withUnit("sqnrDb", DS.fixed(v, 0)),
    caption: "Strong colour marks channels with much error for their signal.",
  },
  range: {
    text: "Output range, share of the layer's",
    figure: (l, c) => (DS.channel(l, "max", c) - DS.channel(l, "min", c)) / (DS.num(l.fp32.max) - DS.num(l.fp32.min)),
    scale: Math.log10,
    range: [-2, 0],
    label: (v) => DS.fmt(100 * 10 ** v, 2) + " %",
    caption: "Strong colour marks channels whose output uses a small part of the layer's range.",
  },
  weightRange: {
    text: "Weight range, share of the layer's",
    figure: (l, c) =>
      (DS.channel(l, "weightMax", c) - DS.channel(l, "weightMin", c)) / (DS.num(l.weights?.max) - DS.num(l.weights?.min)),
    scale: Math.log10,
    range: [-2.5, 0],
    label: (v) => DS.fmt(100 * 10 ** v, 2) + " %",
    caption: "Strong colour marks channels whose weights use a small part of the layer's range.",
  },
  levels: {
    text: "Levels of the output",
    figure: (l, c) => DS.channel(l, "effectiveLevels", c),
    scale: Math.log2,
    range: [0, 8],
    open: true,
    label: (v) => DS.fmt(2 ** v, 3),
    caption: "Strong colour marks channels whose output is left with few of the codes.",
  },
  weightLevels: {
    text: "Levels of the weights",
    figure: (l, c) => DS.channel(l, "weightEffectiveLevels", c),
    scale: Math.log2,
    range: [0, 8],
    open: true,
    label: (v) => DS.fmt(2 ** v, 3),
    caption: "Strong colour marks channels whose weights are left with few of the codes.",
  },
};

DS.MOST_CELLS = 192;

/** Cells of one layer: [channel, value, number of channels, dead]. */
DS.heatCells = (layer, measure, order) => {
  let cells = [];
  for (let c = 0; c < DS.channelCount(layer); c++) {
    cells.push([c, measure.scale(measure.figure(layer, c)), 1, DS.isDead(layer, c)]);
  }
  const missing = (v) => (Number.isNaN(v) ? 1 : 0);
  const byValue = (a, b) => missing(a[1]) - missing(b[1]) || (a[3] === b[3] ? (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[0] - b[0]) : b[3] - a[3]);
  if (order === "sorted") {
    cells.sort(byValue);
  }
  if (cells.length > DS.MOST_CELLS) {
    const merged = [];
    for (let i = 0; i < DS.MOST_CELLS; i++) {
      const some = cells.slice(Math.floor((i * cells.length) / DS.MOST_CELLS), Math.floor(((i + 1) * cells.length) / DS.MOST_CELLS));
      const [c, value, , dead] = some.slice().sort(byValue)[0];
      merged.push([c, value, some.length, dead]);
    }
    cells = merged;
  }
  return cells;
};

DS.channelsOption = (layers, state, width) => {
  const narrow = width < 600;
  const names = layers.map((l) => l.name);
  const measure = DS.MEASURES[state.measure];
  const [low, high] = measure.range;
  const live = [];
  const dead = [];
  layers.forEach((layer, i) => {
    const cells = DS.heatCells(layer, measure, state.order);
    const all = cells.reduce((n, cell) => n + cell[2], 0);
    let from = 0;
    for (const [c, value, channels, isDead] of cells) {
      const to = from + channels;
      if (isDead) {
        dead.push([i, from / all, to / all, 0, c, channels]);
      } else if (!Number.isNaN(value)) {
        live.push([i, from / all, to / all, Math.min(high, Math.max(low, value)), c, channels]);
      }
      from = to;
    }
  });
  const renderItem = (params, api) => {
    const [x, top] = api.coord([api.value(0), api.value(1)]);
    const bottom = api.coord([api.value(0), api.value(2)])[1];
    const wide = api.size([1, 0])[0] * 0.86;
    // Cells end on whole pixels: no seams shine through.
    const y0 = Math.round(Math.min(top, bottom));
    const y1 = Math.max(y0 + 1, Math.round(Math.max(top, bottom)));
    return {
      type: "rect",
      shape: { x: Math.round(x - wide / 2), y: y0, width: Math.round(wide), height: y1 - y0 },
      style: { fill: api.visual("color") },
    };
  };
  const series = (name, data, more) => ({
    name,
    type: "custom",
    data,
    encode: { x: 0, y: [1, 2], tooltip: [] },
    renderItem,
    progressive: 0,
    ...more,
  });
  const heat = [0, 1, 2, 3, 4, 5].map((i) => DS.css("--heat-" + i));
  return {
    legend: { data: dead.length ? [{ name: "dead channels" }] : [], left: "auto", right: 0, top: narrow ? 24 : 4 },
    grid: { left: 62, right: 10, top: 48, bottom: DS.roomForNames(names) },
    xAxis: DS.layerAxis(names, 0, true),
    yAxis: DS.axis({
      type: "value",
      min: 0,
      max: 1,
      inverse: true,
      splitLine: { show: false },
      axisLabel: { formatter: (v) => (v === 0 ? (state.order === "sorted" ? "worst" : "first") : v === 1 ? (state.order === "sorted" ? "best" : "last") : "") },
    }),
    visualMap: {
      type: "continuous",
      seriesIndex: 1,
      dimension: 3,
      min: low,
      max: high,
      calculable: false,
      orient: "horizontal",
      left: narrow ? 0 : 62,
      top: 0,
      itemWidth: 10,
      itemHeight: narrow ? 90 : 150,
      padding: [4, 0],
      text: [(measure.open ? "≥ " : "") + measure.label(high), "≤ " + measure.label(low)],
      textStyle: { color: DS.css("--soft"), fontSize: 12 },
      inRange: { color: heat.toReversed() },
    },
    tooltip: {
      trigger: "item",
      formatter: (point) => {
        const [i, , , , c, channels] = point.data;
        const layer = layers[i];
        return DS.tip(layer.name + ", channel " + c + (DS.isDead(layer, c) ? " (dead)" : ""), [
          [measure.text, measure.label(measure.scale(measure.figure(layer, c)))],
          ["Output", DS.fmt(DS.channel(layer, "min", c)) + " … " + DS.fmt(DS.channel(layer, "max", c))],
          ...(layer.weights ? [["Weights", DS.fmt(DS.channel(layer, "weightMin", c)) + " … " + DS.fmt(DS.channel(layer, "weightMax", c))]] : []),
          [DS.word("sqnrDb"), DS.withUnit("sqnrDb", DS.fixed(DS.channel(layer, "sqnrDb", c), 1))],
          ...(channels > 1 ? [["Worst of", channels + " channels"]] : []),
        ]);
      },
    },
    series: [
      DS.band(0),
      series("channels", live, {}),
      series("dead channels", dead, { itemStyle: { color: DS.css("--dead") } }),
      DS.outline(),
    ],
  };
};

/** A frame around the selected layer's column. */
DS.outline = () => ({
  ...DS.band(0, "outline"),
  z: 9,
  renderItem(params, api) {
    const { x, y, width, height } = DS.column(params, api);
    return {
      type: "rect",
      shape: { x: Math.round(x), y: y - 2, width: Math.round(width), height: height + 4 },
      style: { fill: null, stroke: DS.css("--accent"), lineWidth: 2 },
    };
  },
});

/** What to show first: the levels of the weights, where those are the cause. */
DS.firstMeasure = (wanted) => {
  const { layers, findings } = DS.data;
  const sum = (source) => layers.reduce((all, l) => all + (DS.num(l.error.energies?.[source]) / DS.num(l.error.energies?.total) || 0), 0);
  const [worst] = findings;
  const blamed = worst && ["dead_channels", "dominant_channels", "few_levels"].includes(worst.kind) && worst.evidence.ofWeights !== false;
  const cause = layers.some((l) => l.error.energies) ? sum("weights") > sum("rounding") + sum("clipping") : blamed;
  return cause && wanted.some(([name]) => name === "weightLevels") ? "weightLevels" : "sqnr";
};

DS.channelFigure = () => {
  const layers = DS.data.layers;
  const has = (name) => layers.some((l) => l.channels[name]);
  const wanted = Object.entries(DS.MEASURES).filter(
    ([name]) => (name !== "levels" || has("effectiveLevels")) && (name !== "weightLevels" || has("weightEffectiveLevels")) && (name !== "weightRange" || has("weightMin")),
  );
  const caption = (name) => {
    DS.byId("channels-caption").textContent = DS.MEASURES[name].caption;
  };
  const first = DS.firstMeasure(wanted);
  caption(first);
  DS.figure({
    name: "channels",
    layered: true,
    outlined: true,
    // Behind the click that selects the layer.
    click: (point) => Array.isArray(point.data) && point.data.length > 4 && DS.select(point.data[0], false, point.data[4]),
    renderer: "canvas",
    height: (width) => (width < 600 ? 330 : 400) + DS.roomForNames(layers.map((l) => l.name)),
    label: () => {
      let dead = 0;
      layers.forEach((l) => {
        for (let c = 0; c < DS.channelCount(l); c++) {
          dead += DS.isDead(l, c) ? 1 : 0;
        }
      });
      return "Heat map of layers by channels. Dead channels: " + dead + ".";
    },
    switches: [
      { name: "measure", label: "Show", value: first, options: [...wanted.map(([name, m]) => [name, m.text])] },
      { name: "order", label: "Order", options: [["sorted", "Worst first"], ["given", "In order"]] },
    ],
    option: (state, width) => {
      caption(state.measure);
      return DS.channelsOption(layers, state, width);
    },
    data: (state) => ({
      columns: ["layer", "channel", state.measure, "dead"],
      rows: layers.flatMap((l) =>
        Array.from({ length: DS.channelCount(l) }, (_, c) => [
          l.name,
          c,
          DS.MEASURES[state.measure].figure(l, c),
          DS.isDead(l, c) ? 1 : 0,
        ]),
      ),
    }),
  });
};
