/* Dynamic ranges by depth, and the share of them that channels use. */
"use strict";

/** The two panels of ranges: line, boxes and markers of each layer. */
DS.rangeOption = (layers, scale) => {
  const names = layers.map((l) => l.name);
  const panels = [
    ["Weights", (l) => l.weights, (l) => l.weightSpread],
    ["Outputs, fp32", (l) => l.fp32, (l) => l.fp32Spread],
  ];
  const option = {
    legend: { data: DS.kindLegend(DS.kindsPresent(layers)) },
    grid: [
      { left: 62, right: 10, top: 52, height: 190 },
      { left: 62, right: 10, top: 288, height: 190 },
    ],
    xAxis: [DS.layerAxis(names, 0, false), DS.layerAxis(names, 1, true)],
    yAxis: [],
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (points) => DS.rangeTip(layers[names.indexOf(points[0].axisValue)]),
    },
    series: [],
  };
  panels.forEach(([title, tensor, spread], grid) => {
    const values = layers.flatMap((l) => (tensor(l) ? [DS.num(tensor(l).min), DS.num(tensor(l).max)] : [])).filter(Number.isFinite);
    const typical = layers
      .filter((l) => spread(l))
      .map((l) => Math.max(Math.abs(DS.num(spread(l).min[1])), Math.abs(DS.num(spread(l).max[1]))))
      .filter((v) => v > 0)
      .sort((a, b) => a - b);
    const unit = 10 ** Math.floor(Math.log10(typical[Math.floor(typical.length / 2)] ?? 1));
    const log = DS.symlog(unit);
    const at = scale === "log" ? log.of : (v) => v;
    const axis = DS.axis({
      type: "value",
      gridIndex: grid,
      name: title,
      nameLocation: "end",
      nameGap: 10,
      nameTextStyle: { align: "left", padding: [0, 0, 0, -56], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 },
      scale: true,
    });
    if (scale === "log") {
      axis.min = Math.floor(Math.min(0, ...values.map(log.of)));
      axis.max = Math.ceil(Math.max(0, ...values.map(log.of)));
      axis.interval = 1;
      axis.axisLabel.formatter = (t) => DS.fmt(log.back(t), 4);
    } else {
      axis.axisLabel.formatter = (v) => DS.fmt(v, 4);
    }
    option.yAxis.push(axis);
    option.series.push(DS.band(grid));
    for (const kind of DS.kindsPresent(layers)) {
      option.series.push({
        name: kind,
        type: "custom",
        xAxisIndex: grid,
        yAxisIndex: grid,
        itemStyle: { color: DS.css("--" + kind) },
        encode: { x: 0, y: [1, 2] },
        data: layers.flatMap((l, i) => {
          const t = tensor(l);
          const s = spread(l);
          return DS.kindOf(l) === kind && t
            ? [[i, t.min, t.max, ...(s ? [...s.min, ...s.max] : [t.min, t.min, t.min, t.max, t.max, t.max])].map((v, j) => (j ? at(DS.num(v)) : v))]
            : [];
        }),
        renderItem(params, api) {
          const x = api.coord([api.value(0), 0])[0];
          const y = (dimension) => api.coord([api.value(0), api.value(dimension)])[1];
          const wide = Math.min(16, 0.62 * api.size([1, 0])[0]);
          const fill = api.visual("color");
          const box = (low, high, width, opacity) => ({
            type: "rect",
            shape: { x: x - width / 2, y: y(high), width, height: Math.max(1, y(low) - y(high)) },
            style: { fill, opacity },
          });
          return {
            type: "group",
            children: [
              { type: "line", shape: { x1: x, y1: y(1), x2: x, y2: y(2) }, style: { stroke: fill, lineWidth: 1.3 } },
              box(3, 8, wide, 0.28),
              box(4, 7, wide, 0.75),
              DS.marker(kind, x, y(1), Math.min(7, wide), { fill }),
              DS.marker(kind, x, y(2), Math.min(7, wide), { fill }),
            ],
          };
        },
      });
    }
  });
  return option;
};

DS.rangeTip = (l) => {
  const range = (t) => DS.fmt(DS.num(t.min)) + " … " + DS.fmt(DS.num(t.max));
  const median = (s) => DS.fmt(DS.num(s.min[1])) + " … " + DS.fmt(DS.num(s.max[1]));
  return DS.tip(l.name + " (" + l.kind + ")", [
    ...(l.weights ? [["Weights", range(l.weights)]] : []),
    ...(l.weights && l.weightSpread ? [["Median channel's", median(l.weightSpread)]] : []),
    ["Output", range(l.fp32)],
    ...(l.fp32Spread ? [["Median channel's", median(l.fp32Spread)]] : []),
  ]);
};

DS.rangeData = (layers) => ({
  columns: [
    "layer", "kind", "weightMin", "weightMax", "medianChannelWeightMin", "medianChannelWeightMax",
    "fp32Min", "fp32Max", "medianChannelMin", "medianChannelMax",
  ],
  rows: layers.map((l) => [
    l.name, l.kind, DS.num(l.weights?.min), DS.num(l.weights?.max),
    DS.num(l.weightSpread?.min[1]), DS.num(l.weightSpread?.max[1]),
    DS.num(l.fp32.min), DS.num(l.fp32.max), DS.num(l.fp32Spread?.min[1]), DS.num(l.fp32Spread?.max[1]),
  ]),
});

DS.widest = (layers, value) => {
  const best = layers.reduce((a, l) => (value(l) > value(a) || Number.isNaN(value(a)) ? l : a));
  return best;
};

DS.rangeFigures = () => {
  const layers = DS.data.layers;
  const weightRange = (l) => DS.num(l.weights?.max) - DS.num(l.weights?.min);
  DS.figure({
    name: "ranges",
    layered: true,
    grids: 2,
    height: () => 478 + DS.roomForNames(layers.map((l) => l.name)),
    label: () => {
      const widest = DS.widest(layers, weightRange);
      return "Minimum and maximum of " + layers.length + " layers by depth. Widest weights: " + widest.name + ", range " + DS.fmt(weightRange(widest)) + ".";
    },
    switches: [{ name: "scale", label: "Scale", options: [["log", "Symmetric log"], ["linear", "Linear"]] }],
    option: (state) => DS.rangeOption(layers, state.scale),
    data: () => DS.rangeData(layers),
  });
  DS.figure({
    name: "ratio",
    layered: true,
    height: () => 262 + DS.roomForNames(layers.map((l) => l.name)),
    label: () => {
      const ratio = (l) => -DS.num(l.weights?.channelRangeRatio);
      const least = DS.widest(layers, ratio);
      return "channelRangeRatio by depth. Smallest of weights: " + least.name + ", " + DS.fmt(-ratio(least)) + ".";
    },
    switches: [{ name: "scale", label: "Scale", options: [["linear", "Linear"], ["log", "Logarithmic"]] }],
    option: (state, width) => DS.ratioOption(layers, state.scale, width),
    data: () => ({
      columns: ["layer", "kind", "weightChannelRangeRatio", "fp32ChannelRangeRatio"],
      rows: layers.map((l) => [l.name, l.kind, DS.num(l.weights?.channelRangeRatio), DS.num(l.fp32.channelRangeRatio)]),
    }),
  });
};

DS.ratioOption = (layers, scale, width) => {
  const names = layers.map((l) => l.name);
  const usable = (v) => (Number.isFinite(v) && (scale === "linear" || v > 0) ? v : null);
  const weights = layers.map((l) => usable(DS.num(l.weights?.channelRangeRatio)));
  const outputs = layers.map((l) => usable(DS.num(l.fp32.channelRangeRatio)));
  const line = (name, values, type, filled) => [
    {
      name,
      type: "line",
      data: values,
      connectNulls: true,
      symbol: "none",
      lineStyle: { type, width: 1.4, color: DS.css("--faint") },
      itemStyle: { color: DS.css("--faint") },
      z: 2,
    },
    ...DS.kindsPresent(layers).map((kind) => ({
      name: kind,
      type: "scatter",
      symbol: DS.SYMBOLS[kind],
      symbolSize: kind === "other" ? 7 : 9,
      itemStyle: filled
        ? { color: DS.css("--" + kind) }
        : { color: DS.css("--card"), borderColor: DS.css("--" + kind), borderWidth: 1.6 },
      data: layers.flatMap((l, i) => (DS.kindOf(l) === kind && values[i] !== null ? [[i, values[i]]] : [])),
      z: 3,
    })),
  ];
  return {
    legend: {
      data: [
        { name: "weights (filled)", icon: "roundRect" },
        { name: "outputs (hollow, dashed)", icon: "emptyRoundRect" },
        ...DS.kindLegend(DS.kindsPresent(layers)).map((k) => ({ ...k, itemStyle: { color: DS.css("--" + k.name), borderWidth: 0 } })),
      ],
    },
    grid: { left: 62, right: 10, top: 44, bottom: DS.roomForNames(names) },
    xAxis: DS.layerAxis(names, 0, true),
    yAxis: DS.axis({ type: scale === "log" ? "log" : "value", min: scale === "log" ? undefined : 0, max: 1 }),
    tooltip: {
      trigger: "axis",
      formatter: (points) => {
        const i = names.indexOf(points[0].axisValue);
        return DS.tip(names[i] + " (" + layers[i].kind + ")", [
          ["Weights", DS.fmt(DS.num(layers[i].weights?.channelRangeRatio))],
          ["Output", DS.fmt(DS.num(layers[i].fp32.channelRangeRatio))],
        ]);
      },
    },
    series: [
      DS.band(0),
      ...line("weights (filled)", weights, "solid", true),
      ...line("outputs (hollow, dashed)", outputs, [4, 4], false),
    ],
  };
};
