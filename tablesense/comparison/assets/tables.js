"use strict";
/* The tables over the plots: the runs, and what differs between their configs. */

/** Names of a metric of the task the page is opened with most, as headings. */
const BEST_COLUMNS = [
  ["val/f1", "Best F1"],
  ["val/precision", "Precision"],
  ["val/recall", "Recall"],
  ["val/eob2_f1", "EoB-2 F1"],
];

function runColumns(runs) {
  const scores = BEST_COLUMNS.filter(([key]) => key === "val/f1" || runs.some((run) => run.best?.[key] !== undefined));
  return [
    { head: "Started", text: (run) => format.started(run.started) },
    { head: "Epochs", text: (run) => String(run.epochsDone), number: true },
    ...scores.map(([key, head]) => ({
      head,
      number: true,
      value: (run) => run.best?.[key],
      text: (run) => format.score(run.best?.[key]),
      aside: (run) => (key === "val/f1" && run.best ? `epoch ${run.best.epoch}` : null),
    })),
    { head: "Time", text: (run) => format.duration(run.seconds), number: true },
    { head: "Parameters", text: (run) => format.count(run.parameters), number: true },
  ];
}

/** The runs, a row each; the best score of a column is marked where the runs differ in it. */
function runsTable(runs) {
  const columns = runColumns(runs);
  const bests = columns.map((column) => {
    const values = column.value ? runs.map(column.value).filter((value) => value !== undefined) : [];
    return new Set(values).size > 1 ? Math.max(...values) : null;
  });
  const head = make("tr", {}, make("th", { scope: "col" }, "Run"), ...columns.map((column) => make("th", { scope: "col", class: column.number ? "number" : "" }, column.head)));
  const rows = runs.map((run, i) => {
    const name = make("th", { scope: "row", title: run.source }, make("span", { class: "run-name" }, swatch(i), make("bdi", {}, run.name)));
    const cells = columns.map((column, c) => {
      const best = bests[c] !== null && column.value(run) === bests[c];
      const aside = column.aside?.(run) ? make("small", { class: "muted" }, column.aside(run)) : null;
      const text = best ? make("strong", { class: "best", title: "best of these runs" }, column.text(run)) : column.text(run);
      return make("td", { "data-label": column.head, class: column.number ? "number" : "" }, text, aside);
    });
    return make("tr", { "data-run": i }, name, ...cells);
  });
  return make("table", { class: "runs" }, make("thead", {}, head), make("tbody", {}, ...rows));
}

/** What could not be read of runs, and how scores are to be read. */
function runNotes(runs) {
  const scores = runs.some((run) => run.best) ? ["All scores of a run are those of its epoch with the best F1."] : ["No run has measured val/f1 yet."];
  const own = runs.flatMap((run) => run.notes.map((note) => `${run.name}: ${note}`));
  return [...scores, ...own].map((text) => make("p", { class: "muted" }, text));
}

const LONG_VALUE = 90;

function settingValue(text) {
  if (text === null) return make("span", { class: "muted" }, "not set");
  if (text === "") return make("span", { class: "muted" }, "empty");
  if (text.length <= LONG_VALUE) return make("code", {}, ...breakable(text));
  return make("details", {}, make("summary", {}, make("code", {}, `${text.slice(0, LONG_VALUE)}…`)), make("code", {}, text));
}

function settingRow(setting) {
  const cells = setting.values.map((text, i) => {
    const changed = setting.changed[i];
    return make("td", { class: changed ? "changed" : "" }, settingValue(text), changed ? make("span", { class: "hidden-text" }, " (changed)") : null);
  });
  return make("tr", { class: setting.differs ? "" : "same", "data-key": setting.key.toLowerCase() }, make("th", { scope: "row" }, make("code", {}, ...breakable(setting.key))), ...cells);
}

/** The config keys of the runs: those that differ, and all on demand. */
function settingsTable(runs, settings) {
  const differing = settings.filter((setting) => setting.differs).length;
  const head = make("tr", {}, make("th", { scope: "col" }, "Key"), ...runs.map((run, i) =>
    make("th", { scope: "col" }, make("span", { class: "run-name" }, swatch(i), make("bdi", {}, run.name)), i === 0 && runs.length > 1 ? make("small", { class: "muted" }, "baseline") : null)));
  const rows = settings.map(settingRow);
  const table = make("table", { class: "settings" }, make("thead", {}, head), make("tbody", {}, ...rows));
  const place = make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Config values" }, table);
  const all = make("input", { type: "checkbox", id: "all-settings" });
  const filter = make("input", { type: "search", placeholder: "Filter keys", "aria-label": "Filter config keys" });
  const update = () => {
    const wanted = filter.value.trim().toLowerCase();
    rows.forEach((row) => (row.hidden = (row.classList.contains("same") && !all.checked) || !row.dataset.key.includes(wanted)));
    place.hidden = rows.every((row) => row.hidden);
  };
  all.addEventListener("change", update);
  filter.addEventListener("input", update);
  update();
  const text = runs.length === 1
    ? "One run: nothing to compare its config with."
    : differing === 0 ? "The configs are equal (names, places and display options aside)." : `${differing === 1 ? "1 key differs" : `${differing} keys differ`} (names, places and display options aside). Marked: other than in the baseline.`;
  const controls = make("div", { class: "controls" }, make("label", { class: "check" }, all, `all ${settings.length} keys`), filter);
  return [make("div", { class: "settings-head" }, make("p", { class: "muted" }, text), settings.length ? controls : null), place];
}
