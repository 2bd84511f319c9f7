/* One layer from near: its figures, the distribution of its output, its channels. */
"use strict";

/** Counts of fp32 values as [from, to, count], ascending; bins as BitHistogram has them. */
DS.histogramBins = (histogram) => {
  const view = new DataView(new ArrayBuffer(4));
  const edge = (bits) => {
    view.setUint32(0, bits >>> 0);
    return view.getFloat32(0);
  };
  const INFINITY_BIN = 0x7f800000 >>> 17;
  const NEGATIVE = 1 << 14;
  const bins = [];
  let bin = 0;
  histogram.steps.forEach((step, i) => {
    bin += step;
    const magnitude = bin % NEGATIVE;
    if (magnitude < INFINITY_BIN) {
      const inner = edge((magnitude << 17) >>> 0);
      const outer = magnitude === 0 ? 0 : edge(((magnitude + 1) << 17) >>> 0);
      const [from, to] = bin >= NEGATIVE ? [-outer, -inner] : [inner, outer];
      bins.push([from, Number.isFinite(to) ? to : from, histogram.counts[i]]);
    }
  });
  return bins.sort((a, b) => a[0] - b[0]);
};

/** Deals counts of intervals out to places of equal width; what lies beyond goes to the ends. */
DS.dealOut = (bins, start, width, places) => {
  const counts = new Array(places).fill(0);
  const place = (v) => Math.min(places - 1, Math.max(0, Math.floor((v - start) / width)));
  for (const [from, to, count] of bins) {
    const first = place(from);
    const last = place(to);
    if (first === last || to === from) {
      counts[first] += count;
      continue;
    }
    for (let i = first; i <= last; i++) {
      const low = i === first ? from : start + i * width;
      const high = i === last ? to : start + (i + 1) * width;
      counts[i] += (count * (high - low)) / (to - from);
    }
  }
  return counts;
};

/** Shares of the layer's values: [value, share fp32, share quantized or null]. */
DS.distribution = (layer) => {
  const bins = DS.histogramBins(layer.histogram);
  const all = bins.reduce((sum, b) => sum + b[2], 0) || 1;
  if (layer.codes === null || layer.output === null) {
    const low = DS.num(layer.fp32.min);
    const width = (DS.num(layer.fp32.max) - low) / 256 || 1;
    return DS.dealOut(bins, low, width, 256).map((n, i) => [low + (i + 0.5) * width, n / all, null]);
  }
  const { scale, zeroPoint } = layer.output;
  const { qmin, width, counts } = layer.codes;
  // Values from half a code below to half a code above round to it.
  const start = (qmin - zeroPoint - 0.5) * scale;
  const places = DS.dealOut(bins, start, width * scale, counts.length);
  const quantized = counts.reduce((a, b) => a + b, 0) || 1;
  return counts.map((n, i) => [
    (qmin + i * width + (width - 1) / 2 - zeroPoint) * scale,
    places[i] / all,
    n / quantized,
  ]);
};

DS.inspector = () => {
  const { data, h, byId, num, fmt, fixed } = DS;
  const layers = data.layers;
  const selectBox = h(
    "select",
    { "aria-label": "Layer", id: "layer-select", onchange: (e) => DS.select(Number(e.target.value)) },
    ...layers.map((l, i) => h("option", { value: i }, i + "  " + l.name + " (" + l.kind + ")")),
  );
  const step = (by) => DS.select(Math.min(layers.length - 1, Math.max(0, DS.selected() + by)));
  const before = h("button", { type: "button", onclick: () => step(-1) }, "Previous");
  const after = h("button", { type: "button", onclick: () => step(1) }, "Next");
  byId("inspector-bar").append(h("label", { class: "field" }, "Layer", selectBox), before, after);

  const range = (t) => fmt(num(t.min)) + " … " + fmt(num(t.max));
  function facts(l) {
    const out = [
      ["Kind", l.kind + (l.activation === "none" ? "" : ", " + l.activation)],
      ["Output", l.shape.join(" × ")],
      ["Reads", l.inputs.join(", ") || "the image"],
      ["Multiply-accumulates", DS.count(l.macs)],
      ["Output range, fp32", range(l.fp32)],
      ["Scale, zero point", l.output ? fmt(l.output.scale, 4) + ", " + l.output.zeroPoint : "not quantized"],
      [DS.word("sqnrDb"), DS.withUnit("sqnrDb", fixed(num(l.error.sqnrDb), 2))],
      [DS.word("gain"), "× " + fmt(num(l.error.gain))],
      [DS.word("meanError"), fmt(num(l.error.meanError))],
      [DS.word("saturation"), DS.percent(num(l.error.saturation), 3)],
      ["Output " + DS.word("channelRangeRatio"), fmt(num(l.fp32.channelRangeRatio))],
    ];
    if (l.weights) {
      out.push(
        ["Folded weights", range(l.weights)],
        ["Before folding", fmt(num(l.weights.unfoldedMin)) + " … " + fmt(num(l.weights.unfoldedMax))],
        ["Weight " + DS.word("sqnrDb"), DS.withUnit("sqnrDb", fixed(num(l.weights.sqnrDb), 2))],
        ["Weight " + DS.word("channelRangeRatio"), fmt(num(l.weights.channelRangeRatio))],
      );
    }
    return out;
  }

  const figure = DS.figure({
    name: "histogram",
    height: () => 330,
    label: () => "Share of values by code, fp32 against quantized, of layer " + layers[Math.max(0, DS.selected())].name + ".",
    switches: [{ name: "scale", label: "Shares", options: [["log", "Logarithmic"], ["linear", "Linear"]] }],
    option: (state) => {
      const layer = layers[Math.max(0, DS.selected())];
      const points = DS.distribution(layer);
      const usable = (v) => (v === null || (state.scale === "log" && v <= 0) ? null : v);
      const least = Math.min(...points.flatMap((p) => [p[1], p[2] ?? 1]).filter((v) => v > 0));
      const series = (name, column, colour, fill) => ({
        name,
        type: "line",
        step: "middle",
        symbol: "none",
        data: points.map((p) => [p[0], usable(p[column])]),
        lineStyle: { color: DS.css(colour), width: fill ? 1 : 1.5 },
        itemStyle: { color: DS.css(colour) },
        areaStyle: fill ? { color: DS.css(colour), opacity: 0.3, origin: "start" } : undefined,
      });
      return {
        legend: { data: ["fp32", ...(layer.codes ? ["quantized"] : [])] },
        grid: { left: 66, right: 16, top: 54, bottom: 46 },
        xAxis: DS.axis({
          type: "value",
          name: "value",
          nameLocation: "middle",
          nameGap: 28,
          min: points[0][0],
          max: points.at(-1)[0] > points[0][0] ? points.at(-1)[0] : points[0][0] + 1,
          axisLabel: { formatter: (v) => fmt(v), showMinLabel: false, showMaxLabel: false },
          splitLine: { show: false },
        }),
        yAxis: DS.axis({
          type: state.scale === "log" ? "log" : "value",
          name: "share of values",
          nameGap: 10,
          nameTextStyle: { align: "left", padding: [0, 0, 0, -58], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 },
          min: state.scale === "log" ? 10 ** Math.floor(Math.log10(least)) : 0,
          max: state.scale === "log" ? 1 : undefined,
          axisLabel: { formatter: (v) => fmt(v, 2) },
        }),
        tooltip: {
          trigger: "axis",
          formatter: (at) => {
            const p = points[at[0].dataIndex];
            return DS.tip(fmt(p[0], 4), [
              ["fp32", DS.percent(p[1], 4)],
              ...(p[2] === null ? [] : [["quantized", DS.percent(p[2], 4)]]),
            ]);
          },
        },
        series: [
          series("fp32", 1, "--faint", true),
          ...(layer.codes ? [series("quantized", 2, "--depthwise", false)] : []),
        ],
      };
    },
    data: () => ({
      columns: ["value", "shareFp32", "shareQuantized"],
      rows: DS.distribution(layers[Math.max(0, DS.selected())]),
    }),
  });

  const boxes = DS.boxesFigure();

  const column = (name, format, label) => ({
    name,
    label: label ?? DS.heading(name),
    number: true,
    value: (r) => DS.channel(r.layer, name, r.c),
    format: (v) => (format ?? fmt)(v),
  });
  const columns = [
    {
      name: "channel",
      label: "Channel",
      number: true,
      value: (r) => r.c,
      cell: (r, v) => (DS.isDead(r.layer, r.c) ? h("span", { class: "tag-dead" }, v + " dead") : String(v)),
    },
    column("sqnrDb", (v) => fixed(v, 1)),
    column("mse"),
    column("meanError"),
    column("weightMin", fmt, "Weight min"),
    column("weightMax", fmt, "max"),
    column("weightEffectiveLevels"),
    column("min", fmt, "Output min"),
    column("max", fmt, "max"),
    column("mean", fmt, "mean"),
    column("variance"),
    column("effectiveLevels"),
    column("saturation", (v) => DS.percent(v, 2)),
    column("batchNormVariance"),
    column("foldingFactor"),
  ];
  let table = null;
  DS.onSelect((index) => {
    const layer = layers[index];
    selectBox.value = index;
    before.disabled = index === 0;
    after.disabled = index === layers.length - 1;
    byId("inspector-facts").replaceChildren(
      ...facts(layer).map(([label, text]) => h("div", null, h("dt", null, label), h("dd", null, text))),
    );
    const rows = Array.from({ length: DS.channelCount(layer) }, (_, c) => ({ layer, c }));
    const present = columns.filter((c) => c.name === "channel" || layer.channels[c.name]);
    table = DS.table(present, rows, {
      label: "Channels of " + layer.name,
      file: data.model + "-" + layer.name + "-channels",
      sort: ["mse", "descending"],
      most: 50,
      filter: [
        ["all", "All", () => true],
        ["live", "Live", (r) => !DS.isDead(r.layer, r.c)],
        ["dead", "Dead", (r) => DS.isDead(r.layer, r.c)],
      ],
      search: (r) => String(r.c) + (DS.isDead(r.layer, r.c) ? " dead" : ""),
      first: (r) => r.c === DS.selectedChannel(),
      selected: (r) => r.c === DS.selectedChannel(),
    });
    byId("channel-table").replaceChildren(table.element);
    figure.refresh();
    boxes.refresh();
  });
};
