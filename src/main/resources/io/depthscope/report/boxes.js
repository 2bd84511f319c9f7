/* The range of each channel of the selected layer, of its weights and of its outputs. */
"use strict";

DS.boxesFigure = () => {
  const { layers } = DS.data;
  const layer = () => layers[Math.max(0, DS.selected())];
  const tensors = (l) => [
    ...(l.weights ? [["Weights", "weightMin", "weightMax", l.weights]] : []),
    ["Outputs", "min", "max", l.fp32],
  ];
  const HIGH = 128;
  return DS.figure({
    name: "boxes",
    renderer: "canvas",
    height: () => 34 + tensors(layer()).length * (HIGH + 44),
    label: () => "Smallest and largest value of each channel of layer " + layer().name + ".",
    click: (point) => DS.select(DS.selected(), false, point.dataIndex),
    option: () => {
      const l = layer();
      const all = tensors(l);
      const channels = Array.from({ length: DS.channelCount(l) }, (_, c) => c);
      return {
        legend: null,
        grid: all.map((_, k) => ({ left: 66, right: 16, top: 34 + k * (HIGH + 44), height: HIGH })),
        xAxis: all.map((_, k) => DS.axis({ type: "category", data: channels.map(String), gridIndex: k, axisLabel: { interval: "auto" } })),
        yAxis: all.map(([title], k) =>
          DS.axis({
            type: "value",
            gridIndex: k,
            name: title,
            nameGap: 8,
            nameTextStyle: { align: "left", padding: [0, 0, 0, -58], color: DS.css("--ink"), fontSize: 12.5, fontWeight: 600 },
            splitNumber: 3,
            axisLabel: { formatter: (v) => DS.fmt(v) },
          }),
        ),
        tooltip: {
          trigger: "item",
          formatter: (point) => {
            const c = point.dataIndex;
            return DS.tip("Channel " + c + (DS.isDead(l, c) ? " (dead)" : ""), all.map(([title, min, max]) => [title, DS.fmt(DS.channel(l, min, c)) + " … " + DS.fmt(DS.channel(l, max, c))]));
          },
        },
        series: all.map(([title, min, max, tensor], k) => ({
          name: title,
          type: "custom",
          xAxisIndex: k,
          yAxisIndex: k,
          encode: { x: 0, y: [1, 2] },
          progressive: 0,
          data: channels.map((c) => [c, DS.channel(l, min, c), DS.channel(l, max, c)]),
          markLine: {
            silent: true,
            symbol: "none",
            label: { show: false },
            lineStyle: { color: DS.css("--faint"), type: [4, 3], width: 1 },
            data: [DS.num(tensor.min), DS.num(tensor.max)].filter(Number.isFinite).map((yAxis) => ({ yAxis })),
          },
          renderItem: (params, api) => {
            const c = api.value(0);
            const [x, low] = api.coord([c, api.value(1)]);
            const high = api.coord([c, api.value(2)])[1];
            const step = api.size([1, 0])[0];
            const wide = Math.max(1, Math.min(18, step * 0.7));
            if (!Number.isFinite(low) || !Number.isFinite(high)) {
              return null;
            }
            const chosen = c === DS.selectedChannel();
            return {
              type: "group",
              children: [
                ...(chosen ? [{ type: "rect", silent: true, shape: { x: x - Math.max(step, 4) / 2, y: params.coordSys.y, width: Math.max(step, 4), height: params.coordSys.height }, style: { fill: DS.css("--band") } }] : []),
                {
                  type: "rect",
                  shape: { x: x - wide / 2, y: Math.min(low, high), width: wide, height: Math.max(1.5, Math.abs(low - high)) },
                  style: { fill: DS.css(DS.isDead(l, c) ? "--dead" : chosen ? "--accent" : "--conv") },
                },
              ],
            };
          },
        })),
      };
    },
    data: () => {
      const l = layer();
      return {
        columns: ["channel", ...tensors(l).flatMap(([, min, max]) => [min, max])],
        rows: Array.from({ length: DS.channelCount(l) }, (_, c) => [c, ...tensors(l).flatMap(([, min, max]) => [DS.channel(l, min, c), DS.channel(l, max, c)])]),
      };
    },
  });
};
