/* Header, key figures, findings, table of layers, provenance. */
"use strict";

DS.overview = () => {
  const { data, h, byId, num, fmt, fixed, percent } = DS;
  const n = data.network;
  byId("theme").append(DS.themeSwitch());
  byId("title").textContent = data.model + ", " + data.quantization;
  byId("subtitle").textContent =
    DS.schemeText(data) +
    (data.parametersAsWritten ? ". Measured on " : ". Ranges from " + DS.count(data.calibrationImages) + " images, measured on ") +
    DS.count(n.images) +
    (n.skippedImages ? " (" + DS.count(n.skippedImages) + " skipped)" : "") +
    ". Feed: " +
    data.feed +
    ".";

  byId("verdict").textContent = data.verdict.replaceAll(" %", "\u00a0%");

  // Figures of right and wrong exist where labels do, those of classes where the network is a classifier.
  const drop = num(n.relativeAccuracyDrop);
  const labelled = (...tile) => (data.labelled ? [tile] : []);
  const classes = (...tile) => (data.classifier ? [tile] : []);
  const lowest = Math.min(...data.outputs.map((o) => num(o.sqnrDb)));
  const tiles = [
    ...labelled(DS.word("top1Fp32"), percent(num(n.top1Fp32))),
    ...labelled(DS.word("top1Quantized"), percent(num(n.top1Quantized)), drop > 0.05),
    ...labelled(DS.word("relativeAccuracyDrop"), percent(drop), drop > 0.05),
    ...classes(DS.word("agreementTop1"), percent(num(n.agreementTop1))),
    ...labelled("Top-5, fp32 and quantized", fixed(100 * num(n.top5Fp32), 1) + ", " + fixed(100 * num(n.top5Quantized), 1), false, "%"),
    ...classes(DS.word("logitSqnrDb"), fixed(num(n.logitSqnrDb), 1), false, data.units.logitSqnrDb),
    ...classes(DS.word("qmse"), fmt(num(n.qmse))),
    ...classes(DS.word("qce"), fmt(num(n.qce))),
    ...(data.classifier ? [] : [
      ["Images", DS.count(n.images)],
      [data.outputs.length === 1 ? "SQNR of the output" : "Lowest SQNR of " + data.outputs.length + " outputs", fixed(lowest, 1), lowest < 20, data.units.sqnrDb],
    ]),
  ];
  byId("tiles").append(
    ...tiles.map(([label, value, bad, unit]) =>
      h(
        "div",
        { class: bad ? "bad" : null },
        h("dt", null, label),
        h("dd", null, value, unit ? h("small", null, " " + unit) : null),
      ),
    ),
  );

  if (data.classifier) {
    byId("outputs").remove();
    document.querySelectorAll(".of-outputs").forEach((e) => e.remove());
    if (!data.labelled) {
      document.querySelectorAll(".of-labels").forEach((e) => e.remove());
    }
  } else {
    document.querySelectorAll(".of-classes").forEach((e) => e.remove());
    byId("outputs").append(DS.outputTable());
  }

  const list = byId("finding-list");
  if (data.findings.length === 0) {
    list.replaceWith(h("p", { class: "empty" }, "No findings are listed for this run."));
  }
  const marked = new Set(data.marked);
  const dB = (v) => DS.fixed(num(v), 1) + " dB";
  if (data.withoutCause) {
    list.before(h("p", null, data.withoutCause[0].toUpperCase() + data.withoutCause.slice(1) + "."));
  }
  if (data.next.command) {
    list.before(
      h("p", { class: "next" }, "Next: ", h("code", null, data.next.command), ", with the options of this run that say how images are read. Predicted for the output: " + dB(data.next.sqnrDb) + " → " + dB(data.next.predictedSqnrDb) + "."),
    );
  }
  const sampled = num(data.manifest.errorSourceImages);
  if (sampled > 0) {
    list.before(h("p", { class: "definition" }, "A finding's share is what its cause has of the energy of the error at the network's output, by the sources recorded on " + DS.count(sampled) + " of " + DS.count(n.images) + " images. * marks the layers that add most by themselves."));
  }
  // What comes from a cause, each kind with its layers.
  const comes = (finding) => {
    const kinds = new Map();
    for (const c of finding.consequences) {
      kinds.set(c.kind, [...(kinds.get(c.kind) ?? []), c.layer]);
    }
    return [...kinds].map(([kind, layers]) => kind.replaceAll("_", " ") + " in " + layers.slice(0, 4).join(", ") + (layers.length > 4 ? " and " + (layers.length - 4) + " more" : "")).join("; ");
  };
  const said = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : fmt(num(value), 4));
  for (const finding of data.findings) {
    const at = data.layers.findIndex((l) => l.name === finding.layer);
    const evidence = Object.entries(finding.evidence);
    const words = finding.kind.replaceAll("_", " ");
    const where =
      at >= 0
        ? h("button", { type: "button", class: "link", onclick: () => DS.select(at, true), "data-layer": finding.layer }, finding.layer)
        : h("span", null, finding.layer || "whole network");
    const lists = [
      ["Channels", finding.channels.map(String)],
      ["Images", finding.images.map((i) => DS.imageName(i))],
    ].filter(([, items]) => items.length);
    list.append(
      h(
        "li",
        { class: "finding" },
        h(
          "div",
          { class: "finding-head" },
          h("span", { class: "severity " + finding.severity }, finding.severity),
          h("span", { class: "kind" }, words[0].toUpperCase() + words.slice(1)),
          where,
          marked.has(finding.layer) ? h("span", { title: "One of the layers that add most error" }, "*") : null,
          num(finding.evidence.errorShare) > 0 ? h("span", null, percent(num(finding.evidence.errorShare)) + " of the error at the output") : null,
        ),
        h("p", null, finding.statement),
        finding.consequences.length ? h("p", null, "From it comes: " + comes(finding) + ".") : null,
        finding.remedy
          ? h(
              "p",
              { class: "remedy" },
              finding.remedy +
                (finding.mends ? " Predicted for the output: " + dB(finding.evidence.sqnrOfOutputDb) + " → " + dB(finding.evidence.predictedSqnrDb) + "." : ""),
            )
          : null,
        evidence.length + lists.length
          ? h(
              "details",
              { class: "definition" },
              h("summary", null, "Evidence"),
              ...lists.map(([label, items]) =>
                h("p", null, label + ": " + items.slice(0, 40).join(", ") + (items.length > 40 ? ", and " + (items.length - 40) + " more" : "")),
              ),
              evidence.length
                ? h("p", null, evidence.map(([name, value]) => name + " " + said(value)).join(", "))
                : null,
            )
          : null,
      ),
    );
  }
};

/** The figures of the network's outputs, whatever they mean. */
DS.outputTable = () => {
  const { data, h, num, fmt } = DS;
  const figure = (name, label, format) => ({ name, label: label ?? DS.heading(name), number: true, value: (o) => num(o[name]), format: format ?? ((v) => fmt(v)) });
  return DS.table(
    [
      {
        name: "layer",
        label: "Output",
        value: (o) => o.layer,
        cell: (o) => h("button", { type: "button", class: "link", onclick: () => DS.select(data.layers.findIndex((l) => l.name === o.layer), true) }, o.layer),
      },
      figure("sqnrDb", null, (v) => DS.fixed(v, 1)),
      figure("cosine", null, (v) => DS.fixed(v, 5)),
      figure("meanAbs"),
      figure("maxAbs"),
      figure("min", "fp32 min"),
      figure("max", "max"),
    ],
    data.outputs,
    { label: "Outputs of the network", file: data.model + "-outputs" },
  ).element;
};

DS.layerTable = () => {
  const { data, h, num, fmt, fixed } = DS;
  const rows = data.layers.map((layer, index) => ({ layer, index }));
  const figure = (name, label, value, format) => ({
    name,
    label,
    number: true,
    value: (r) => value(r.layer),
    format: format ?? ((v) => fmt(v)),
  });
  const columns = [
    figure("index", "#", () => NaN, (v) => String(v)),
    {
      name: "layer",
      label: "Layer",
      value: (r) => r.layer.name,
      cell: (r) => h("button", { type: "button", class: "link", onclick: () => DS.select(r.index, true) }, r.layer.name),
    },
    { name: "kind", label: "Kind", value: (r) => r.layer.kind },
    { name: "shape", label: "Output", value: (r) => r.layer.shape.join(" × ") },
    figure("weightMin", "Weight min", (l) => num(l.weights?.min)),
    figure("weightMax", "max", (l) => num(l.weights?.max)),
    figure("weightChannelRangeRatio", "Weight " + DS.word("channelRangeRatio"), (l) => num(l.weights?.channelRangeRatio)),
    figure("fp32Min", "Output min", (l) => num(l.fp32.min)),
    figure("fp32Max", "max", (l) => num(l.fp32.max)),
    figure("fp32ChannelRangeRatio", "Output " + DS.word("channelRangeRatio"), (l) => num(l.fp32.channelRangeRatio)),
    figure("sqnrDb", DS.heading("sqnrDb"), (l) => num(l.error.sqnrDb), (v) => fixed(v, 1)),
    figure("gain", DS.heading("gain"), (l) => num(l.error.gain)),
    {
      name: "ownShare",
      label: "Own share",
      number: true,
      value: (r) => num(data.errorShares[r.index]),
      cell: (r, v) => (data.marked.includes(r.layer.name) ? "* " : "") + DS.percent(v),
    },
    figure("meanError", DS.heading("meanError"), (l) => num(l.error.meanError)),
    figure("saturation", DS.heading("saturation"), (l) => num(l.error.saturation), (v) => DS.percent(v, 2)),
  ];
  columns[0].value = (r) => r.index;
  const table = DS.table(columns, rows, {
    label: "All layers",
    file: data.model + "-layers",
    search: (r) => r.layer.name + " " + r.layer.kind,
    selected: (r) => r.index === DS.selected(),
  });
  DS.byId("layer-table").append(table.element);
  DS.onSelect(() => table.refill());
};

DS.provenance = () => {
  const { data, h } = DS;
  const text = (v) =>
    Array.isArray(v)
      ? v.length === 0 ? "none" : v.map(text).join(", ")
      : v !== null && typeof v === "object"
        ? Object.entries(v).map(([k, x]) => k + " " + text(x)).join(", ")
        : String(v);
  const words = (name) => {
    const spaced = name.replace(/([a-z0-9])([A-Z])/g, (_, a, b) => a + " " + b.toLowerCase());
    return spaced[0].toUpperCase() + spaced.slice(1);
  };
  DS.byId("provenance-table").append(
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Provenance" },
      h(
        "table",
        null,
        h("caption", { class: "visually-hidden" }, "Where the numbers come from"),
        h(
          "tbody",
          null,
          ...Object.entries(data.manifest).map(([name, value]) =>
            h("tr", null, h("th", { scope: "row" }, words(name)), h("td", { class: "wrap" }, text(value))),
          ),
        ),
      ),
    ),
  );
};
