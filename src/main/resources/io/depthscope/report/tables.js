/* Tables that sort and filter. */
"use strict";

/**
 * A table with its bar: filter, number of rows, CSV.
 *
 * columns: {name, label, number, format(value), cell(row, value), value(row)}
 * options: {label, file, sort: [name, "descending"], most, filter: [[name, text, test(row)]],
 *   search(row) -> text, selected(row), first(row): stands above the others}
 */
DS.table = (columns, rows, options) => {
  const { h } = DS;
  let all = rows;
  let [sortBy, direction] = options.sort ?? [null, "ascending"];
  let most = options.most ?? Infinity;
  let kind = options.filter?.[0]?.[0];
  const search = h("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": "Filter: " + options.label,
    oninput: () => fill(),
  });
  const shown = h("span", { class: "table-count" });
  const more = h("button", { type: "button", onclick: () => { most = Infinity; fill(); } }, "Show all");
  const head = h("tr");
  const body = h("tbody");

  for (const column of columns) {
    const button = h(
      "button",
      {
        type: "button",
        onclick: () => {
          const flip = sortBy === column.name && direction === "descending";
          const first = column.number ? "descending" : "ascending";
          direction = sortBy !== column.name ? first : flip ? "ascending" : "descending";
          sortBy = column.name;
          fill();
        },
      },
      column.label,
    );
    head.append(h("th", { scope: "col", class: column.number ? "number" : null, "data-column": column.name }, button));
  }

  function matching() {
    const words = search.value.trim().toLowerCase();
    const test = options.filter?.find(([name]) => name === kind)?.[2] ?? (() => true);
    const found = all.filter(
      (row) => test(row) && (!words || options.search(row).toLowerCase().includes(words)),
    );
    const column = columns.find((c) => c.name === sortBy);
    if (column) {
      const sign = direction === "ascending" ? 1 : -1;
      // What has no value comes last either way.
      const missing = (v) => v === null || v === undefined || Number.isNaN(v);
      found.sort((a, b) => {
        const x = column.value(a);
        const y = column.value(b);
        if (missing(x) || missing(y)) {
          return missing(x) - missing(y);
        }
        return sign * (typeof x === "string" ? x.localeCompare(y) : x < y ? -1 : x > y ? 1 : 0);
      });
    }
    if (options.first) {
      found.sort((a, b) => options.first(b) - options.first(a));
    }
    return found;
  }

  function fill() {
    const found = matching();
    const visible = found.slice(0, most);
    body.replaceChildren(
      ...visible.map((row) =>
        h(
          "tr",
          { class: options.selected?.(row) ? "selected" : null },
          ...columns.map((c) => {
            const value = c.value(row);
            const content = c.cell ? c.cell(row, value) : c.format ? c.format(value) : String(value ?? "");
            return h("td", { class: [c.number ? "number" : "", c.wrap ? "wrap" : ""].join(" ").trim() || null }, content);
          }),
        ),
      ),
    );
    for (const th of head.children) {
      if (th.dataset.column === sortBy) {
        th.setAttribute("aria-sort", direction);
      } else {
        th.removeAttribute("aria-sort");
      }
    }
    const of = found.length === all.length ? "" : " of " + DS.count(all.length);
    shown.textContent =
      visible.length < found.length
        ? DS.count(visible.length) + " of " + DS.count(found.length) + " rows"
        : DS.count(found.length) + of + (found.length === 1 && !of ? " row" : " rows");
    more.hidden = visible.length === found.length;
  }

  const bar = h("div", { class: "table-bar" });
  if (options.filter) {
    bar.append(
      DS.choice(
        "Show",
        options.filter.map(([name, text]) => [name, text]),
        kind,
        (value) => {
          kind = value;
          fill();
        },
        true,
      ),
    );
  }
  if (options.search) {
    bar.append(search);
  }
  bar.append(
    shown,
    more,
    h(
      "button",
      {
        type: "button",
        onclick: () =>
          DS.download(
            options.file + ".csv",
            "text/csv",
            DS.csv({ columns: columns.map((c) => c.name), rows: matching().map((r) => columns.map((c) => c.value(r))) }),
          ),
      },
      "CSV",
    ),
  );
  const scroll = h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": options.label },
    h("table", null, h("caption", { class: "visually-hidden" }, options.label), h("thead", null, head), body),
  );
  fill();
  return {
    element: h("div", { class: "data-table" }, bar, scroll),
    refill: fill,
    rows(next) {
      all = next;
      most = options.most ?? Infinity;
      search.value = "";
      fill();
    },
  };
};

/** A plain table of any {columns, rows}; numbers to four digits. */
DS.plainTable = (table, label, file) =>
  DS.table(
    table.columns.map((name, i) => {
      const number = table.rows.some((r) => typeof r[i] === "number");
      return {
        name,
        label: name,
        number,
        wrap: table.rows.some((r) => String(r[i] ?? "").length > 40),
        value: (r) => r[i],
        format: (v) => (typeof v === "number" ? DS.fmt(v, 4) : v),
        cell: (r, v) => (typeof v === "number" ? DS.fmt(v, 4) : String(v ?? "")),
      };
    }),
    table.rows,
    { label, file, most: 200 },
  ).element;
