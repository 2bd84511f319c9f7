/* Error by depth: how it grows, and where it comes from. */
"use strict";

DS.propagationOption = (layers, measure) => {
  const names = layers.map((l) => l.name);
  const value = (l) => {
    const v = DS.num(measure === "nsr" ? l.error.nsr : l.error.sqnrDb);
    return Number.isFinite(v) && (measure !== "nsr" || v > 0) ? v : null;
  };
  const values = layers.map(value);
  const OWN = "own error";
  const own = (l) => {
    const nsr = DS.ownNsr(l);
    return !(nsr > 0) || DS.data.feed === "local" ? null : measure === "nsr" ? nsr : DS.decibels(nsr);
  };
  // A factor is drawn by its logarithm, so that twice and half are as long.
  const gains = layers.map((l) => {
    const g = DS.num(l.error.gain);
    return g > 0 && Number.isFinite(g) ? Math.log10(g) : null;
  });
  const highest = Math.max(1, Math.ceil(Math.max(...gains.map((g) => g ?? 0))));
  const lowest = Math.min(-1, Math.floor(Math.min(...gains.map((g) => g ?? 0))));
  return {
    legend: { data: [...DS.kindLegend(DS.kindsPresent(layers)), ...(DS.data.feed === "local" ? [] : [{ name: OWN, icon: "rect" }])] },
    grid: [
      { left: 62, right: 10, top: 52, height: 210 },
      { left: 62, right: 10, top: 308, height: 120 },
    ],
    xAxis: [DS.layerAxis(names, 0, false), DS.layerAxis(names, 1, true)],
    yAxis: [
      DS.axis({
        type: measure === "nsr" ? "log" : "value",
        gridIndex: 0,
        name: DS.heading(measure === "nsr" ? "nsr" : "sqnrDb"),
        nameGap: 10,
        nameTextStyle: { align: "left", padding: [0, 0, 0, -56], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 },
        axisLabel: { formatter: (v) => DS.fmt(v, 3) },
      }),
      DS.axis({
        type: "value",
        gridIndex: 1,
        name: DS.heading("gain"),
        nameGap: 10,
        nameTextStyle: { align: "left", padding: [0, 0, 0, -56], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 },
        min: lowest,
        max: highest,
        interval: 1,
        axisLabel: { formatter: (g) => "×" + DS.fmt(10 ** g, 2) },
      }),
    ],
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (points) => {
        const l = layers[names.indexOf(points[0].axisValue)];
        return DS.tip(l.name + " (" + l.kind + ")", [
          [DS.word("sqnrDb"), DS.withUnit("sqnrDb", DS.fixed(DS.num(l.error.sqnrDb), 2))],
          ["Own error", own(l) === null ? "none" : measure === "nsr" ? DS.fmt(own(l)) : DS.withUnit("sqnrDb", DS.fixed(own(l), 2))],
          [DS.word("nsr"), DS.fmt(DS.num(l.error.nsr))],
          [DS.word("gain"), "× " + DS.fmt(DS.num(l.error.gain))],
          [DS.word("meanError"), DS.fmt(DS.num(l.error.meanError))],
          [DS.word("saturation"), DS.percent(DS.num(l.error.saturation), 2)],
        ]);
      },
    },
    series: [
      DS.band(0),
      DS.band(1),
      {
        // A line for each edge of the graph: where layers are read twice, there are two.
        type: "custom",
        silent: true,
        encode: { x: 0, y: -1, tooltip: [] },
        tooltip: { show: false },
        z: 2,
        data: layers.flatMap((l, i) =>
          l.inputs.map(DS.indexOf).filter((from) => from >= 0 && values[from] !== null && values[i] !== null).map((from) => [i, from]),
        ),
        renderItem: (params, api) => {
          const [to, from] = [api.value(0), api.value(1)];
          const [x1, y1] = api.coord([from, values[from]]);
          const [x2, y2] = api.coord([to, values[to]]);
          return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: DS.css("--faint"), lineWidth: 1.4, fill: null } };
        },
      },
      {
        name: OWN,
        type: "scatter",
        symbol: "rect",
        symbolSize: [9, 2.5],
        itemStyle: { color: DS.css("--ink") },
        data: layers.flatMap((l, i) => (own(l) === null ? [] : [[i, own(l)]])),
        z: 4,
      },
      ...DS.kindsPresent(layers).map((kind) => ({
        name: kind,
        type: "scatter",
        symbol: DS.SYMBOLS[kind],
        symbolSize: kind === "other" ? 7 : 10,
        itemStyle: { color: DS.css("--" + kind) },
        data: layers.flatMap((l, i) => (DS.kindOf(l) === kind && values[i] !== null ? [[i, values[i]]] : [])),
        z: 3,
      })),
      {
        type: "bar",
        xAxisIndex: 1,
        yAxisIndex: 1,
        barMaxWidth: 14,
        data: gains.map((g, i) => ({ value: g, itemStyle: { color: DS.css("--" + DS.kindOf(layers[i])), opacity: 0.85 } })),
      },
    ],
  };
};

/** Names of the sources of error, as the data have them. */
DS.SOURCES = DS.data.sources;

DS.sourcesOption = (layers, measure) => {
  const names = layers.map((l) => l.name);
  const energy = (l, source) => DS.num(l.error.energies?.[source]);
  // Of the images whose sources were recorded, which may be some of all.
  const signal = (l) => energy(l, "total") / DS.num(l.error.nsr);
  const four = (l) => DS.SOURCES.reduce((sum, s) => sum + (energy(l, s) || 0), 0);
  const arising = measure === "arising";
  const shown = DS.SOURCES.filter((s) => !arising || s !== "inherited");
  const everywhere = layers.reduce((sum, l) => sum + (DS.ownNsr(l) || 0), 0);
  const base = (l) => (measure === "share" ? four(l) : arising ? signal(l) * everywhere : signal(l));
  return {
    legend: { data: [...shown.map((name) => ({ name })), ...(arising ? [] : [{ name: "cross", icon: "diamond" }])] },
    grid: { left: 62, right: 10, top: 44, bottom: DS.roomForNames(names) },
    xAxis: DS.layerAxis(names, 0, true),
    yAxis: DS.axis({
      type: "value",
      max: measure === "share" ? (v) => Math.max(1, v.max) : undefined,
      axisLabel: { formatter: (v) => (measure === "nsr" ? DS.fmt(v) : DS.fixed(100 * v, 0) + " %") },
    }),
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (points) => {
        const l = layers[names.indexOf(points[0].axisValue)];
        return DS.tip(l.name + " (" + l.kind + ")", [
          ...DS.SOURCES.map((s) => [s, DS.percent(energy(l, s) / four(l))]),
          ["cross", DS.percent(energy(l, "cross") / four(l))],
          ["Of all that arises", DS.percent(DS.ownNsr(l) / everywhere)],
          ["All, over the signal", DS.fmt(DS.num(l.error.nsr))],
        ]);
      },
    },
    series: [
      DS.band(0),
      ...shown.map((source) => ({
        name: source,
        type: "bar",
        stack: "sources",
        barCategoryGap: "25%",
        itemStyle: { color: DS.css("--source-" + source) },
        data: layers.map((l) => (base(l) > 0 && Number.isFinite(energy(l, source)) ? energy(l, source) / base(l) : null)),
      })),
      {
        name: "cross",
        type: "scatter",
        symbol: "diamond",
        symbolSize: 8,
        itemStyle: { color: DS.css("--card"), borderColor: DS.css("--ink"), borderWidth: 1.3 },
        data: layers.flatMap((l, i) => {
          const v = arising ? NaN : energy(l, "cross") / base(l);
          return Number.isFinite(v) ? [[i, v]] : [];
        }),
        z: 4,
      },
    ],
  };
};

DS.propagationFigures = () => {
  const { data } = DS;
  const layers = data.layers;
  DS.byId("propagation-caption").textContent =
    data.feed === "local"
      ? "Feed local: each quantized layer reads fp32 values, so this is its own damage, without what it would inherit."
      : "Feed accumulated: each quantized layer reads the quantized network's values, so this is the error that has piled up. A bar upwards is a layer that multiplies it.";
  DS.figure({
    name: "propagation",
    layered: true,
    grids: 2,
    height: () => 428 + DS.roomForNames(layers.map((l) => l.name)),
    label: () => {
      const loudest = DS.widest(layers, (l) => -DS.num(l.error.sqnrDb));
      const last = layers.at(-1);
      const sqnr = (l) => DS.withUnit("sqnrDb", DS.fixed(DS.num(l.error.sqnrDb), 1));
      return (
        "SQNR by depth, feed " + data.feed + ". Lowest: " + loudest.name + ", " + sqnr(loudest) +
        "; last layer: " + sqnr(last) + "."
      );
    },
    switches: [{ name: "measure", label: "Measure", options: [["sqnr", DS.word("sqnrDb")], ["nsr", DS.word("nsr")]] }],
    option: (state) => DS.propagationOption(layers, state.measure),
    data: () => ({
      columns: ["layer", "kind", "feed", "sqnrDb", "nsr", "gain", "meanError", "saturation"],
      rows: layers.map((l) => [l.name, l.kind, data.feed, DS.num(l.error.sqnrDb), DS.num(l.error.nsr), DS.num(l.error.gain), DS.num(l.error.meanError), DS.num(l.error.saturation)]),
    }),
  });
};

DS.sourcesFigure = () => {
  const layers = DS.data.layers;
  if (!layers.some((l) => l.error.energies)) {
    // There is nothing to lead with.
    DS.byId("propagation").after(DS.byId("sources"));
    const link = (id) => document.querySelector('.contents a[href="#' + id + '"]').parentElement;
    link("propagation").after(link("sources"));
    document.querySelector(".skip").hash = "graph";
  }
  DS.figure({
    name: "sources",
    layered: true,
    height: () => 280 + DS.roomForNames(layers.map((l) => l.name)),
    note: () =>
      layers.some((l) => l.error.energies) ? null : "Not recorded in this run. Run analyze with --error-sources to split each layer's error into its sources.",
    label: () => {
      const worst = DS.widest(layers, (l) => DS.ownNsr(l));
      return "Sources of error in each layer. Most arises in " + worst.name + ".";
    },
    switches: [{ name: "measure", label: "Measure", options: [["arising", "Where it arises"], ["share", "Shares"], ["nsr", "Over the signal"]] }],
    option: (state) => DS.sourcesOption(layers, state.measure),
    data: () => ({
      columns: ["layer", "kind", "total", ...DS.SOURCES, "cross"],
      rows: layers.map((l) => [l.name, l.kind, ...["total", ...DS.SOURCES, "cross"].map((s) => DS.num(l.error.energies?.[s]))]),
    }),
  });
};
