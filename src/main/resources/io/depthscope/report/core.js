/* Data, text, theme, selection and downloads: what every other script of the page uses. */
"use strict";

const DS = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);

  /** A figure as the data hold it: null is NaN, infinities are words. */
  const num = (v) => (v === null || v === undefined ? NaN : Number(v));

  /** An element. Texts become text nodes, so that no name is ever read as HTML. */
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name.startsWith("on")) {
        element.addEventListener(name.slice(2), value);
      } else if (value === true) {
        element.setAttribute(name, "");
      } else if (value !== false && value !== null && value !== undefined) {
        element.setAttribute(name, value);
      }
    }
    element.append(...children.filter((c) => c !== null && c !== undefined));
    return element;
  }

  /** What figures are called for people, by their names in the data. */
  const WORDS = {
    top1Fp32: "Top-1, fp32",
    top1Quantized: "Top-1, quantized",
    relativeAccuracyDrop: "Relative drop",
    agreementTop1: "Agreement",
    logitSqnrDb: "Logit SQNR",
    qmse: "QMSE",
    qce: "QCE",
    sqnrDb: "SQNR",
    cosine: "Cosine",
    meanAbs: "Mean |e|",
    maxAbs: "Largest |e|",
    nsr: "NSR",
    mse: "MSE",
    gain: "Gain",
    meanError: "Mean error",
    saturation: "Clamped",
    variance: "Variance",
    channelRangeRatio: "ratio",
    effectiveLevels: "Levels",
    weightEffectiveLevels: "Weight levels",
    batchNormVariance: "BN variance",
    foldingFactor: "Folding factor",
  };
  const word = (name) => WORDS[name];

  /** The same over numbers that stand without their unit. */
  const heading = (name) => word(name) + (data.units[name] ? ", " + data.units[name] : "");

  /** A figure with its unit, as the data name it. */
  const withUnit = (name, text) => text + (data.units[name] ? " " + data.units[name] : "");

  const byId = (id) => document.getElementById(id);

  /** Significant digits, with a true minus sign. */
  function fmt(v, digits = 3) {
    if (v === null || v === undefined || Number.isNaN(v)) {
      return "–";
    }
    if (!Number.isFinite(v)) {
      return v > 0 ? "∞" : "−∞";
    }
    const magnitude = Math.abs(v);
    let text;
    if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e6)) {
      text = v.toExponential(digits - 1).replace("e+", "e").replace(/\.?0+e/, "e");
    } else if (magnitude >= 10 ** digits) {
      text = v.toFixed(0);
    } else {
      text = Number(v.toPrecision(digits)).toString();
    }
    return text.replace(/-/g, "−");
  }

  const fixed = (v, digits) =>
    Number.isFinite(v) ? v.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace("-", "−") : fmt(v);
  const percent = (v, digits = 1) => (Number.isNaN(v) ? "–" : fixed(100 * v, digits) + " %");
  const count = (v) => v.toLocaleString("en-US").replace(/,/g, " ");

  // Theme: what the system says, unless the reader chose.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const themeListeners = [];
  let wanted = "auto";
  try {
    wanted = localStorage.getItem("depthscope-theme") ?? "auto";
  } catch {
    // A page opened from a file may have no storage; the choice then lasts as long as the page.
  }

  const theme = () => document.documentElement.dataset.theme;

  function applyTheme(name) {
    if (theme() !== name) {
      document.documentElement.dataset.theme = name;
      themeListeners.forEach((f) => f());
    }
  }

  const resolved = () => (wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted);

  function setTheme(choice) {
    wanted = choice;
    try {
      localStorage.setItem("depthscope-theme", choice);
    } catch {
      // as above
    }
    applyTheme(resolved());
  }

  applyTheme(resolved());
  dark.addEventListener("change", () => applyTheme(resolved()));
  addEventListener("beforeprint", () => applyTheme("light"));
  addEventListener("afterprint", () => applyTheme(resolved()));

  const css = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** Radio buttons in a row. */
  function choice(legend, options, value, onChange, hideLegend) {
    const name = "choice-" + ++choice.made;
    const box = h("span", { class: "choice-options" });
    for (const [key, text] of options) {
      const input = h("input", {
        type: "radio",
        name,
        value: key,
        onchange: () => onChange(key),
      });
      input.checked = key === value;
      box.append(h("label", null, input, h("span", null, text)));
    }
    return h(
      "fieldset",
      { class: "choice" },
      h("legend", hideLegend ? { class: "visually-hidden" } : null, legend),
      box,
    );
  }
  choice.made = 0;

  function themeSwitch() {
    return choice(
      "Theme",
      [
        ["auto", "Auto"],
        ["light", "Light"],
        ["dark", "Dark"],
      ],
      wanted,
      setTheme,
      true,
    );
  }

  // The selected layer, by its index, and its selected channel; -1 is none.
  const selectListeners = [];
  let selected = -1;
  let channel = -1;

  function select(index, scroll, c = -1) {
    if (index >= 0 && index < data.layers.length && (index !== selected || c !== channel)) {
      const first = selected < 0;
      selected = index;
      channel = c < data.layers[index].shape[2] ? c : -1;
      selectListeners.forEach((f) => f(index));
      const name = data.layers[index].name;
      byId("status").textContent = "Layer " + name + (channel < 0 ? "" : ", channel " + channel) + " selected";
      if (!first) {
        history.replaceState(null, "", "#" + new URLSearchParams({ layer: name, ...(channel < 0 ? {} : { channel }) }));
      }
    }
    if (scroll) {
      byId("inspector").scrollIntoView();
    }
  }

  /** Selects what the address names: #layer=NAME&channel=3; false if it names no layer. */
  function selectAddressed() {
    const said = new URLSearchParams(location.hash.slice(1));
    const index = data.layers.findIndex((l) => l.name === said.get("layer"));
    if (index < 0) {
      return false;
    }
    const c = said.get("channel");
    select(index, true, /^\d+$/.test(c ?? "") ? Number(c) : -1);
    return true;
  }

  /** Saves text as a file, through the browser alone. */
  function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = h("a", { href: url, download: name.replace(/[^\w.-]+/g, "_") });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  function csv(table) {
    const field = (v) => {
      const text =
        typeof v === "number"
          ? String(v)
          : v === null || v === undefined
            ? ""
            : // A leading = + - @ would make a spreadsheet read a name as a formula.
              String(v).replace(/^[=+@-]/, "'$&");
      return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
    };
    return [table.columns, ...table.rows].map((r) => r.map(field).join(",")).join("\n") + "\n";
  }

  /** The roles that figures tell apart, by the words of their legends. */
  const DRAWN = { depthwise: "depthwise", pointwise: "pointwise", convolution: "conv" };
  const kindOf = (layer) => DRAWN[layer.role] ?? "other";

  function schemeText(run) {
    if (run.parametersAsWritten) {
      return "Parameters of every tensor as written in a file";
    }
    const format = (f) =>
      f === null
        ? "float32"
        : f.bits + "-bit " + (f.symmetric ? "symmetric" : "asymmetric");
    const s = run.scheme;
    const weights =
      s.weights === null ? "" : " " + s.granularity + ", range " + s.weightRange;
    const activations = s.activations === null ? "" : ", range " + s.activationRange;
    return (
      "weights " + format(s.weights) + weights + "; activations " + format(s.activations) + activations
    );
  }

  return {
    data,
    num,
    h,
    byId,
    fmt,
    word,
    heading,
    withUnit,
    fixed,
    percent,
    count,
    css,
    theme,
    themeSwitch,
    choice,
    select,
    selected: () => selected,
    selectedChannel: () => channel,
    selectAddressed,
    onSelect: (f) => selectListeners.push(f),
    onTheme: (f) => themeListeners.push(f),
    download,
    csv,
    kindOf,
    schemeText,
  };
})();
