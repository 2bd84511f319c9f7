/* Images: which changed their class, and which set the ranges. */
"use strict";

DS.imageNames = null;

/** Name of an image by its index in the data set. */
DS.imageName = (index) => {
  const { index: indices, image } = DS.data.predictions;
  DS.imageNames ??= new Map(indices.map((i, at) => [i, image[at]]));
  return DS.imageNames.get(index) ?? "image " + index;
};

/** A class by its index, with the folder that its images lie in, where all of them lie in one. */
DS.className = (() => {
  const { image, label } = DS.data.predictions;
  const folders = new Map();
  if (DS.data.labelled) {
    image.forEach((name, i) => {
      const folder = name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
      folders.set(label[i], (folders.get(label[i]) ?? folder) === folder ? folder : "");
    });
  }
  return (c) => (folders.get(c) ? c + " " + folders.get(c) : String(c));
})();

/** What became of an image, with the look of its marker; without labels nobody knows what was right. */
DS.FATES = [
  { name: "same class", symbol: "circle", colour: "--faint", test: (p) => p.fp32 === p.quantized },
  ...(DS.data.labelled ? [
  { name: "right to wrong", symbol: "triangle", colour: "--high", test: (p) => p.fp32 === p.label },
  { name: "wrong to right", symbol: "diamond", colour: "--good", test: (p) => p.quantized === p.label },
  { name: "wrong to wrong", symbol: "rect", colour: "--medium", test: () => true },
  ] : [
  { name: "class changed", symbol: "triangle", colour: "--high", test: () => true },
  ]),
];

DS.predictionRows = () => {
  const p = DS.data.predictions;
  return p.image.map((image, i) => {
    const row = {
      image,
      index: p.index[i],
      label: p.label[i],
      fp32: p.fp32[i],
      quantized: p.quantized[i],
      margin: DS.num(p.margin[i]),
      noise: DS.num(p.logitNoise[i]),
      sqnrDb: DS.num(p.sqnrDb[i]),
    };
    row.fate = DS.FATES.findIndex((f) => f.test(row));
    return row;
  });
};

DS.images = () => {
  const rows = DS.predictionRows();
  if (DS.data.classifier) {
    DS.classes(rows);
  } else {
    DS.worst(rows);
  }
  DS.extremes();
};

/** Of a network without classes: the images by how far its outputs are off. */
DS.worst = (rows) => {
  DS.byId("worst-table").append(
    DS.table(
      [
        { name: "image", label: "Image", value: (r) => r.image, wrap: true },
        { name: "sqnrDb", label: DS.heading("sqnrDb"), number: true, value: (r) => r.sqnrDb, format: (v) => DS.fixed(v, 1) },
      ],
      rows,
      {
        label: "Images with the largest errors",
        file: DS.data.model + "-images",
        most: 20,
        sort: ["sqnrDb", "ascending"],
        search: (r) => r.image,
      },
    ).element,
  );
};

/** Of a classifier: margins, noise, and whose class changed. */
DS.classes = (rows) => {
  const { data, fmt, byId } = DS;
  const known = (label) => (data.labelled ? [label] : []);
  const all = data.predictions.all;
  const counts = DS.FATES.map((_, i) => rows.filter((r) => r.fate === i).length);
  byId("images-caption").textContent =
    DS.count(data.predictions.flipped) + " of " + DS.count(all) +
    " images changed their class. Above the dashed line the noise on the logits is larger than the margin that kept the fp32 class first." +
    (rows.length < all ? " " + DS.count(rows.length) + " images are shown, spread evenly over the data set." : "");

  DS.figure({
    name: "images",
    renderer: "canvas",
    height: (width) => (width < 600 ? 340 : 420),
    label: () => DS.FATES.map((f, i) => f.name + " " + counts[i]).join(", ") + ".",
    option: () => {
      const finite = rows.filter((r) => Number.isFinite(r.margin) && Number.isFinite(r.noise));
      const top = Math.max(1e-9, ...finite.map((r) => r.noise));
      const right = Math.max(1e-9, ...finite.map((r) => r.margin));
      const end = Math.min(top * 1.05, right);
      return {
        legend: { data: DS.FATES.map((f) => ({ name: f.name, icon: f.symbol })) },
        grid: { left: 62, right: 20, top: 52, bottom: 46 },
        xAxis: DS.axis({ type: "value", name: "margin of the fp32 network", nameLocation: "middle", nameGap: 28, min: 0 }),
        yAxis: DS.axis({
          type: "value",
          name: "logit noise",
          min: 0,
          nameGap: 10,
          nameTextStyle: { align: "left", padding: [0, 0, 0, -56], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 },
        }),
        tooltip: {
          trigger: "item",
          formatter: (point) => {
            const r = finite[point.data?.[2]];
            return r && DS.tip(r.image, [
              ...known(["Label", DS.className(r.label)]),
              ["fp32", DS.className(r.fp32)],
              ["Quantized", DS.className(r.quantized)],
              ["Margin", fmt(r.margin)],
              ["Logit noise", fmt(r.noise)],
            ]);
          },
        },
        series: [
          {
            type: "line",
            silent: true,
            symbol: "none",
            data: [[0, 0], [end, end]],
            lineStyle: { type: [5, 5], width: 1.2, color: DS.css("--soft") },
            tooltip: { show: false },
          },
          ...DS.FATES.map((fate, kind) => ({
            name: fate.name,
            type: "scatter",
            symbol: fate.symbol,
            symbolSize: fate.symbol === "circle" ? 6 : 7,
            itemStyle: { color: DS.css(fate.colour), opacity: finite.length > 2000 ? 0.45 : 0.75 },
            data: finite.flatMap((r, i) => (r.fate === kind ? [[r.margin, r.noise, i]] : [])),
          })),
        ],
      };
    },
    data: () => ({
      columns: ["index", "image", ...known("label"), "predictedFp32", "predictedQuantized", "margin", "logitNoise", "change"],
      rows: rows.map((r) => [r.index, r.image, ...known(r.label), r.fp32, r.quantized, r.margin, r.noise, DS.FATES[r.fate].name]),
    }),
  });

  const flipped = rows.filter((r) => r.fate !== 0);
  const ofClass = (name, label) => ({ name, label, value: (r) => r[name], format: DS.className, wrap: true });
  const number = (name, label) => ({ name, label, number: true, value: (r) => r[name], format: (v) => fmt(v) });
  byId("flipped-table").append(
    flipped.length
      ? DS.table(
          [
            { name: "image", label: "Image", value: (r) => r.image, wrap: true },
            { name: "change", label: "Change", value: (r) => DS.FATES[r.fate].name },
            ...known(ofClass("label", "Label")),
            ofClass("fp32", "fp32"),
            ofClass("quantized", "Quantized"),
            number("margin", "Margin"),
            number("noise", "Logit noise"),
          ],
          flipped,
          {
            label: "Images whose class changed",
            file: data.model + "-flipped",
            most: 100,
            sort: ["margin", "descending"],
            search: (r) => r.image + " " + known(DS.className(r.label)).join() + " " + DS.className(r.fp32) + " " + DS.className(r.quantized),
            filter: !data.labelled ? undefined : [["all", "All", () => true], ...DS.FATES.slice(1).map((f, i) => [f.name, f.name, (r) => r.fate === i + 1])],
          },
        ).element
      : DS.h("p", { class: "empty" }, "No image changed its class."),
  );
};

/** How often an image holds a layer's extreme value alone. */
DS.extremeRows = () => {
  const byImage = new Map();
  for (const layer of DS.data.layers) {
    for (const [end, list] of [["highest", layer.highest], ["lowest", layer.lowest]]) {
      if (list.length === 0 || (list.length > 1 && list[0][1] === list[1][1])) {
        continue;
      }
      const row = byImage.get(list[0][0]) ?? { index: list[0][0], highest: [], lowest: [] };
      row[end].push(layer.name);
      byImage.set(list[0][0], row);
    }
  }
  return [...byImage.values()];
};

DS.extremes = () => {
  const rows = DS.extremeRows();
  DS.byId("extremes-table").append(
    rows.length
      ? DS.table(
          [
            { name: "image", label: "Image", value: (r) => DS.imageName(r.index), wrap: true },
            { name: "times", label: "Times", number: true, value: (r) => r.highest.length + r.lowest.length, format: String },
            { name: "highest", label: "Highest value of", value: (r) => r.highest.join(", "), wrap: true },
            { name: "lowest", label: "Lowest value of", value: (r) => r.lowest.join(", "), wrap: true },
          ],
          rows,
          {
            label: "Images that set the ranges",
            file: DS.data.model + "-extreme-images",
            most: 50,
            sort: ["times", "descending"],
            search: (r) => DS.imageName(r.index) + " " + r.highest.join(" ") + " " + r.lowest.join(" "),
          },
        ).element
      : DS.h("p", { class: "empty" }, "No image alone reaches the end of a layer's range."),
  );
};
