/* What was tried on a network: the verdict, the remedies as a waterfall, their figures, their accounts. */
"use strict";

(() => {
  const { h, byId, num, fmt, fixed, percent } = DS;
  const mend = DS.data.mend;
  const ends = { kept: true, total: true };
  const rows = [
    { name: "as it was", words: "the network as it was", measured: mend.before, ...ends },
    ...mend.steps.map((s) => ({ ...s, name: s.remedy })),
    { name: "mended", words: "the mended network", measured: mend.after, ...ends },
  ];
  const MEASURES = {
    accuracy: { label: "Top-1", of: (j) => num(j.accuracy), text: (v) => percent(v), delta: (v) => fixed(100 * v, 1) },
    same_class: { label: "Same class", of: (j) => num(j.sameClass), text: (v) => percent(v), delta: (v) => fixed(100 * v, 1) },
    sqnr: { label: "SQNR", of: (j) => num(j.sqnrDb), text: (v) => DS.withUnit("sqnrDb", fixed(v, 1)), delta: (v) => fixed(v, 1) },
  };
  const known = Object.keys(MEASURES).filter((name) => Number.isFinite(MEASURES[name].of(mend.before)) || name === "sqnr");

  byId("contents").prepend(h("li", null, h("a", { href: "#mend" }, "What came of it")));
  byId("mend-verdict").textContent = (mend.verdict[0].toUpperCase() + mend.verdict.slice(1) + ".").replaceAll(" %", "\u00a0%");
  byId("mend-certainty").textContent = mend.certainty;

  /** Where each row's bar begins and ends: behind what was kept before it. */
  function spans(of) {
    let level = 0;
    return rows.map((row, i) => {
      const value = of(row.measured);
      const from = row.total ? 0 : level;
      if (row.kept && (i === 0 || !row.total)) {
        level = value;
      }
      return { from, to: value };
    });
  }

  const rowHeight = 32;
  DS.figure({
    name: "waterfall",
    height: () => 74 + rowHeight * rows.length,
    label: () => mend.verdict + ". " + rows.map((r) => r.name + (r.kept ? "" : " (dropped)") + ": " + MEASURES[known[0]].text(MEASURES[known[0]].of(r.measured))).join(", ") + ".",
    switches: [{ name: "measure", label: "Measure", value: known.includes(mend.measure) ? mend.measure : known[0], options: known.map((name) => [name, MEASURES[name].label]) }],
    option: (state, width) => {
      const measure = MEASURES[state.measure];
      const decibels = state.measure === "sqnr";
      const all = spans(measure.of);
      const left = width < 600 ? 104 : 178;
      const right = width < 600 ? 112 : 128;
      const float32 = state.measure === "accuracy" ? num(mend.before.fp32Accuracy) : NaN;
      const values = [...all.flatMap((s) => [s.from, s.to]), ...(decibels ? mend.steps.flatMap((s) => [num(s.predictedSqnrDb), num(s.calibrationSqnrDb)]) : [])].filter(Number.isFinite);
      const colour = (i) => DS.css(rows[i].total ? "--conv" : !rows[i].kept ? "--faint" : all[i].to >= all[i].from ? "--good" : "--high");
      const text = (x, y, words, more) => ({ type: "text", style: { x, y, text: words, verticalAlign: "middle", fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily, fill: DS.css("--ink"), ...more } });
      const points = (name, symbol, of) => ({
        name,
        type: "scatter",
        symbol,
        symbolSize: 9,
        z: 5,
        itemStyle: { color: DS.css("--card"), borderColor: DS.css("--ink"), borderWidth: 1.4 },
        data: rows.flatMap((r, i) => (r.total || !Number.isFinite(of(r)) ? [] : [[of(r), i]])),
      });
      return {
        legend: decibels ? { data: [{ name: "predicted", icon: "diamond" }, { name: "on calibration", icon: "circle" }], itemStyle: { color: DS.css("--card"), borderColor: DS.css("--ink"), borderWidth: 1.4 }, itemHeight: 10 } : null,
        grid: { left, right, top: 34, bottom: 30 },
        xAxis: DS.axis({
          type: "value",
          min: decibels ? Math.floor(Math.min(0, ...values)) : 0,
          max: decibels ? Math.ceil(Math.max(1, ...values)) : 1,
          splitNumber: width < 600 ? 3 : 6,
          axisLabel: { formatter: (v) => (decibels ? DS.withUnit("sqnrDb", fixed(v, 0)) : fixed(100 * v, 0) + " %") },
        }),
        yAxis: DS.axis({
          type: "category",
          inverse: true,
          data: rows.map((r) => r.name),
          splitLine: { show: false },
          axisLabel: { interval: 0, width: left - 12, overflow: "truncate", color: DS.css("--ink"), fontSize: 12, hideOverlap: false },
        }),
        tooltip: {
          trigger: "item",
          formatter: (point) => {
            const row = rows[point.seriesType === "custom" ? point.dataIndex : point.data[1]];
            return DS.tip(row.words + (row.kept ? "" : " (dropped)"), [
              ...known.map((name) => [MEASURES[name].label, MEASURES[name].text(MEASURES[name].of(row.measured))]),
              ...(row.total ? [] : [["SQNR predicted", MEASURES.sqnr.text(num(row.predictedSqnrDb))], ["on calibration", MEASURES.sqnr.text(num(row.calibrationSqnrDb))]]),
            ]);
          },
        },
        series: [
          {
            name: "remedies",
            type: "custom",
            clip: false,
            encode: { x: [0, 1], y: 2 },
            data: all.map((s, i) => [s.from, s.to, i]),
            markLine: Number.isFinite(float32)
              ? {
                  symbol: "none",
                  silent: true,
                  lineStyle: { color: DS.css("--ink"), type: [5, 4], width: 1.2 },
                  label: { formatter: "float32 " + percent(float32), position: "start", color: DS.css("--ink"), fontSize: 12 },
                  data: [{ xAxis: float32 }],
                }
              : undefined,
            renderItem: (params, api) => {
              const i = api.value(2);
              const row = rows[i];
              const [x0, y] = api.coord([api.value(0), i]);
              const [x1] = api.coord([api.value(1), i]);
              const box = params.coordSys;
              const known = Number.isFinite(x0) && Number.isFinite(x1);
              const bar = known ? { x: Math.min(x0, x1), y: y - 9, width: Math.max(1.5, Math.abs(x1 - x0)), height: 18 } : { x: box.x, y: y - 9, width: 0, height: 18 };
              // To the next row begins where this one leaves the network.
              const leaves = row.kept ? x1 : x0;
              const delta = row.total ? "" : (api.value(1) >= api.value(0) ? "+" : "") + measure.delta(api.value(1) - api.value(0));
              return {
                type: "group",
                children: [
                  { type: "rect", shape: bar, style: row.kept ? { fill: colour(i) } : { fill: "transparent", stroke: colour(i), lineWidth: 1.4, lineDash: [4, 3] } },
                  ...(i + 1 < rows.length && Number.isFinite(leaves)
                    ? [{ type: "line", silent: true, shape: { x1: leaves, y1: y + (row.kept ? 9 : -9), x2: leaves, y2: y + rowHeight - 9 }, style: { stroke: DS.css("--faint"), lineWidth: 1 } }]
                    : []),
                  text(box.x + box.width + 8, y, measure.text(api.value(1)), { fontWeight: row.total ? 600 : 400 }),
                  text(box.x + box.width + right - 6, y, delta, { fill: DS.css("--soft"), align: "right" }),
                ],
              };
            },
          },
          ...(decibels ? [points("predicted", "diamond", (r) => num(r.predictedSqnrDb)), points("on calibration", "circle", (r) => num(r.calibrationSqnrDb))] : []),
        ],
      };
    },
    data: () => table(),
  });

  function table() {
    return {
      columns: ["step", "kept", "predictedSqnrDb", "calibrationSqnrDb", "sqnrDb", "accuracy", "sameClass", "fp32Accuracy", "fp32Change", "seconds"],
      rows: rows.map((r) => {
        const j = r.measured;
        return [r.name, r.total ? "" : r.kept ? "yes" : "no", num(r.predictedSqnrDb), num(r.calibrationSqnrDb), num(j.sqnrDb), num(j.accuracy), num(j.sameClass), num(j.fp32Accuracy), num(j.fp32Change), num(r.seconds)];
      }),
    };
  }

  const column = (name, label, at, format) => ({ name, label, number: true, value: (r) => r[at], format: (v) => (Number.isNaN(v) ? "" : format(v)) });
  const decibel = (v) => fixed(v, 1);
  const data = table();
  byId("mend-table").append(
    DS.table(
      [
        { name: "step", label: "Step", value: (r) => r[0] },
        { name: "kept", label: "Kept", value: (r) => r[1] },
        column("predictedSqnrDb", "Predicted, dB", 2, decibel),
        column("calibrationSqnrDb", "On calibration, dB", 3, decibel),
        column("sqnrDb", "SQNR, dB", 4, decibel),
        ...(known.includes("accuracy") ? [column("accuracy", "Top-1", 5, (v) => percent(v))] : []),
        ...(known.includes("same_class") ? [column("sameClass", "Same class", 6, (v) => percent(v))] : []),
        ...(known.includes("accuracy") ? [column("fp32Accuracy", "Top-1, fp32", 7, (v) => percent(v))] : []),
        column("fp32Change", "fp32 change", 8, (v) => fmt(v, 2)),
        column("seconds", "Seconds", 9, (v) => fixed(v, 1)),
      ],
      data.rows,
      { label: "Steps of the mending", file: DS.data.title + "-steps" },
    ).element,
  );

  byId("mend-steps").append(
    ...mend.steps.map((s) =>
      h(
        "li",
        null,
        h(
          "details",
          { class: s.kept ? null : "dropped" },
          h("summary", null, h("b", null, s.remedy), s.kept ? ", kept" : ", dropped", s.summary ? ": " + s.summary : ""),
          ...(s.account.length ? s.account.map((line) => h("p", null, line)) : [h("p", null, "There was nothing to do.")]),
        ),
      ),
    ),
  );
  byId("mend-images").append(
    h("div", null, h("dt", null, "Remedies learned from"), h("dd", null, mend.learned)),
    h("div", null, h("dt", null, "The result is judged on"), h("dd", null, DS.count(mend.after.images) + " images: " + mend.judged)),
    h("div", null, h("dt", null, "Scheme"), h("dd", null, mend.scheme)),
  );
  byId("mend-commands").append(
    ...mend.commands.flatMap((c) => [h("dt", null, c.what), h("dd", null, h("code", null, c.command))]),
  );
})();
