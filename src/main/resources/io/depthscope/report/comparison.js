/* Several runs on shared axes, below the texts that belong to them. */
"use strict";

(() => {
  const { data, h, byId, num, fmt, fixed, percent } = DS;
  const runs = data.runs;
  const unique = (values) => [...new Set(values)];
  const groups = unique(runs.map((r) => r.group));
  const schemeOf = (r) => r.quantization;
  /** Bit widths by name; those of a file may differ from layer to layer. */
  const widths = (r) => (r.parametersAsWritten ? r.quantization : r.scheme.name);
  const bits = (r) => (r.parametersAsWritten ? [0, 0] : [r.scheme.weights?.bits ?? 32, r.scheme.activations?.bits ?? 32]);
  const byBits = (a, b) => bits(b)[0] - bits(a)[0] || bits(b)[1] - bits(a)[1];
  const schemes = unique([...runs].sort(byBits).map(schemeOf));
  const colour = (group) => DS.css("--group-" + (groups.indexOf(group) % 8));
  const kindOf = (role) => DS.kindOf({ role });

  byId("theme").append(DS.themeSwitch());
  byId("title").textContent = data.title;
  byId("subtitle").textContent =
    data.mend
      ? data.mend.scheme
      : DS.count(runs.length) + (runs.length === 1 ? " run, " : " runs, ") + groups.length + (groups.length === 1 ? " group" : " groups");

  data.sections.forEach((section, i) => {
    const id = "text-" + i;
    byId("contents-figures").before(h("li", null, h("a", { href: "#" + id }, section.title)));
    const rows = section.rows.map((row) =>
      // What reads as a number sorts as one.
      row.map((cell) => (/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(cell) ? Number(cell) : cell)),
    );
    byId("texts").append(
      h(
        "section",
        { id, class: "text-section", "aria-labelledby": id + "-h" },
        h("h2", { id: id + "-h" }, section.title),
        ...section.paragraphs.map((p) => h("p", null, p)),
        section.header.length
          ? DS.plainTable({ columns: section.header, rows }, section.title, data.title + "-" + section.title)
          : null,
      ),
    );
  });
  if (runs.length === 0) {
    byId("selection-of-runs").replaceChildren(h("p", { class: "empty" }, "There are no runs to draw."));
  }

  // Which runs the figures by depth show.
  const typical = schemes.includes("w8a8 per-tensor") ? "w8a8 per-tensor" : schemes[0];
  const chosen = {
    group: new Set(groups),
    scheme: new Set(runs.length > 6 && schemes.length > 2 ? [typical] : schemes),
  };
  const shown = () => runs.filter((r) => chosen.group.has(r.group) && chosen.scheme.has(schemeOf(r)));
  const redraw = () => {
    Object.values(DS.figures).forEach((f) => f.refresh());
    const n = shown().length;
    byId("status").textContent = n + (n === 1 ? " run shown" : " runs shown");
  };
  const filter = (legend, kind, values, swatch) =>
    h(
      "fieldset",
      null,
      h("legend", null, legend),
      ...values.map((value) => {
        const input = h("input", {
          type: "checkbox",
          "data-filter": kind,
          value,
          onchange: (e) => {
            chosen[kind][e.target.checked ? "add" : "delete"](value);
            redraw();
          },
        });
        input.checked = chosen[kind].has(value);
        return h("label", null, input, swatch?.(value), value);
      }),
    );
  const swatches = [];
  byId("filters").append(
    filter("Networks", "group", groups, (group) => {
      const box = h("span", { class: "swatch", "aria-hidden": "true" });
      swatches.push(() => (box.style.background = colour(group)));
      return box;
    }),
    filter("Schemes", "scheme", schemes),
  );
  const paint = () => swatches.forEach((f) => f());
  paint();
  DS.onTheme(paint);

  const nameStyle = () => ({ align: "left", padding: [0, 0, 0, -56], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 });
  const dash = (r) => (r.scheme.granularity === "per-channel" ? [6, 4] : "solid");

  /** A line a run, over the depth. */
  function byDepth(state, column, axis) {
    const relative = state.depth === "relative";
    const usable = (v) => (Number.isFinite(v) && (axis.type !== "log" || v > 0) ? v : null);
    const list = shown();
    return {
      legend: null,
      grid: { left: 62, right: 18, top: 34, bottom: 46 },
      xAxis: DS.axis({
        type: "value",
        min: 0,
        max: relative ? 1 : undefined,
        name: relative ? "relative depth" : "layer",
        nameLocation: "middle",
        nameGap: 28,
        splitLine: { show: false },
      }),
      yAxis: DS.axis({ nameGap: 10, nameTextStyle: nameStyle(), ...axis, axisLabel: { formatter: (v) => fmt(v, 3) } }),
      tooltip: {
        trigger: "item",
        formatter: (point) => {
          const [, , run, i] = point.data.value ?? point.data;
          const r = list[run];
          return (
            r &&
            DS.tip(r.label, [
              ["Layer", r.layers.name[i]],
              ["Kind", r.layers.kind[i]],
              [axis.name, fmt(num(r.layers[column][i]))],
            ])
          );
        },
      },
      series: list.map((r, run) => {
        const last = Math.max(1, r.layers.name.length - 1);
        return {
          name: r.label,
          type: "line",
          connectNulls: true,
          symbolSize: list.length > 12 ? 4 : 6.5,
          showAllSymbol: true,
          lineStyle: { color: colour(r.group), width: 1.5, type: dash(r) },
          itemStyle: { color: colour(r.group) },
          emphasis: { focus: "series", lineStyle: { width: 2.6 } },
          blur: { lineStyle: { opacity: 0.15 }, itemStyle: { opacity: 0.15 } },
          data: r.layers[column].map((v, i) => ({
            value: [relative ? i / last : i, usable(num(v)), run, i],
            symbol: DS.SYMBOLS[kindOf(r.layers.role[i])],
          })),
        };
      }),
    };
  }

  const depths = { name: "depth", label: "Depth", options: [["relative", "Relative depth"], ["layer", "Layer"]] };
  const tensors = { name: "tensor", label: "Tensor", options: [["weight", "Weights"], ["fp32", "Outputs"]] };
  const layerData = (column) => ({
    columns: ["run", "group", "layer", "index", "kind", column],
    rows: shown().flatMap((r) => r.layers.name.map((name, i) => [r.label, r.group, name, i, r.layers.kind[i], num(r.layers[column][i])])),
  });
  const described = () => shown().length + " runs of " + unique(shown().map((r) => r.group)).join(", ") + ".";
  const tall = (width) => (width < 600 ? 330 : 400);

  const labelled = runs.every((r) => r.labelled);
  const classes = runs.every((r) => r.classifier);
  // Two runs of one scheme have no accuracy by bits.
  const byBitWidth = labelled && !data.mend;
  if (!byBitWidth) {
    byId("accuracy").remove();
    byId("contents-accuracy").remove();
  }
  if (byBitWidth) DS.figure({
    name: "accuracy",
    height: tall,
    label: () => "Accuracy by scheme of " + groups.join(", ") + ".",
    switches: [{ name: "measure", label: "Measure", options: [["top1", "Top-1"], ["kept", "Kept"]] }],
    option: (state) => {
      const list = runs.filter((r) => chosen.group.has(r.group));
      const names = unique([...list].sort(byBits).map(widths));
      const value = (r) =>
        state.measure === "top1" ? num(r.network.top1Quantized) : num(r.network.top1Quantized) / num(r.network.top1Fp32);
      const lineOf = (r) => JSON.stringify([r.group, r.model, r.parametersAsWritten, r.scheme.granularity, r.scheme.weightRange, r.scheme.activationRange, r.feed]);
      const lines = unique(list.map(lineOf));
      return {
        legend: null,
        grid: { left: 62, right: 18, top: 34, bottom: 34 },
        xAxis: DS.axis({ type: "category", data: names, boundaryGap: true }),
        yAxis: DS.axis({
          type: "value",
          min: 0,
          max: state.measure === "top1" ? 1 : (v) => Math.max(1, v.max),
          name: state.measure === "top1" ? "top-1" : "share of top-1 kept",
          nameGap: 10,
          nameTextStyle: nameStyle(),
          axisLabel: { formatter: (v) => fixed(100 * v, 0) + " %" },
        }),
        tooltip: {
          trigger: "item",
          formatter: (point) => {
            const r = runs[point.data[2]];
            return DS.tip(r.label, [
              ["Top-1, fp32", percent(num(r.network.top1Fp32))],
              ["Top-1, quantized", percent(num(r.network.top1Quantized))],
              ["Agreement", percent(num(r.network.agreementTop1))],
            ]);
          },
        },
        series: lines.map((line) => {
          const own = list.filter((r) => lineOf(r) === line).sort(byBits);
          return {
            name: own[0].label,
            type: "line",
            symbol: own[0].scheme.granularity === "per-channel" ? "emptyCircle" : "circle",
            symbolSize: 7,
            lineStyle: { color: colour(own[0].group), width: 1.6, type: dash(own[0]) },
            itemStyle: { color: colour(own[0].group) },
            emphasis: { focus: "series" },
            blur: { lineStyle: { opacity: 0.15 }, itemStyle: { opacity: 0.15 } },
            data: own.map((r) => [names.indexOf(widths(r)), value(r), runs.indexOf(r)]),
          };
        }),
      };
    },
    data: () => ({
      columns: ["run", "group", "scheme", "granularity", "top1Fp32", "top1Quantized"],
      rows: runs
        .filter((r) => chosen.group.has(r.group))
        .map((r) => [r.label, r.group, widths(r), r.scheme.granularity, num(r.network.top1Fp32), num(r.network.top1Quantized)]),
    }),
  });
  DS.figure({
    name: "propagation",
    height: tall,
    label: described,
    switches: [{ name: "measure", label: "Measure", options: ["sqnrDb", "nsr"].map((name) => [name, DS.word(name)]) }, depths],
    option: (state) =>
      byDepth(state, state.measure, state.measure === "nsr" ? { type: "log", name: DS.heading("nsr") } : { type: "value", name: DS.heading("sqnrDb") }),
    data: (state) => layerData(state.measure),
  });
  DS.figure({
    name: "ranges",
    height: tall,
    label: described,
    switches: [tensors, depths],
    option: (state) => byDepth(state, state.tensor + "Range", { type: "log", name: "range" }),
    data: (state) => layerData(state.tensor + "Range"),
  });
  DS.figure({
    name: "ratio",
    height: tall,
    label: described,
    switches: [tensors, depths],
    option: (state) => byDepth(state, state.tensor + "Ratio", { type: "value", min: 0, max: 1, name: "channelRangeRatio" }),
    data: (state) => layerData(state.tensor + "Ratio"),
  });

  const figure = (name, format, label) => ({ name, label: label ?? DS.heading(name), number: true, value: (r) => num(r.network[name]), format });
  byId("run-table").append(
    DS.table(
      [
        { name: "run", label: "Run", value: (r) => r.label, wrap: true },
        { name: "group", label: "Group", value: (r) => r.group },
        { name: "scheme", label: "Scheme", value: widths },
        { name: "granularity", label: "Granularity", value: (r) => (r.parametersAsWritten ? "" : r.scheme.granularity) },
        figure("images", DS.count, "Images"),
        ...(labelled ? [
          figure("top1Fp32", (v) => percent(v)),
          figure("top1Quantized", (v) => percent(v), "quantized"),
          figure("relativeAccuracyDrop", (v) => percent(v), "Drop"),
        ] : []),
        ...(classes ? [
          figure("agreementTop1", (v) => percent(v)),
          figure("logitSqnrDb", (v) => fixed(v, 1)),
          figure("qmse", (v) => fmt(v)),
          figure("qce", (v) => fmt(v)),
        ] : [
          {
            name: "outputSqnr",
            label: "Lowest SQNR of the outputs, dB",
            number: true,
            value: (r) => Math.min(...r.outputs.map((o) => num(o.sqnrDb))),
            format: (v) => fixed(v, 1),
          },
        ]),
      ],
      runs,
      { label: "All runs", file: data.title + "-runs", search: (r) => r.label + " " + r.group + " " + schemeOf(r) },
    ).element,
  );
})();
