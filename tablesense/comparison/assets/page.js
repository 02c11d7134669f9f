"use strict";
/* Puts the page together: what is shown, which panels there are, theme and print. */

const AXES = { epoch: "epoch", time: "training time", step: "optimizer step" };
const WHOLE_INCREMENTS = [1, 2, 5].flatMap((n) => [n, n * 10, n * 100, n * 1e3, n * 1e4, n * 1e5, n * 1e6]).sort((a, b) => a - b);
const TIME_INCREMENTS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 432000, 864000, 4320000];

/** A place on an axis in words. */
function xAtText(x, axis) {
  if (axis === "time") return format.duration(x);
  return `${axis} ${Math.round(x).toLocaleString("en")}`;
}

const eob = "mean End-of-Block distance in cells, less is better.";
const scores = ["val/f1", "val/precision", "val/recall", "val/eob0_f1", "val/eob0_precision", "val/eob0_recall", "val/eob2_f1", "val/eob2_precision", "val/eob2_recall"];
const noWandb = "they are logged only where W&B was on (experiment.wandb_mode online or offline)";

const PANELS = [
  {
    id: "loss", title: "Loss", axis: "epoch", format: format.number, missing: "no epoch has ended",
    choices: [{ label: "train and val", keys: ["train/loss", "val/loss"] }, { label: "train/loss", keys: ["train/loss"] }, { label: "val/loss", keys: ["val/loss"], best: "min" }],
  },
  {
    id: "scores", title: "Scores", axis: "epoch", format: format.score, missing: "not measured",
    choices: [...scores.map((key) => ({ label: key, keys: [key], best: "max" })), { label: "val/eob_mean", keys: ["val/eob_mean"], best: "min", format: format.number, note: eob }],
  },
  { id: "lr", title: "Learning rate", axis: "epoch", format: format.number, missing: "not logged", choices: [{ label: "train/lr", keys: ["train/lr"] }] },
  {
    id: "gradients", title: "Gradient norms", axis: "step", format: format.number, missing: noWandb, log: true,
    choices: [{ label: "max", keys: ["train/max_grad_norm"], note: "Largest norm among the parameters." }, { label: "mean", keys: ["train/mean_grad_norm"], note: "Mean norm of the parameters." }],
  },
  {
    id: "memory", title: "Memory", axis: "epoch", format: format.megabytes, missing: "not logged",
    choices: [
      { label: "process (CPU)", keys: ["system/cpu_memory_mb"], note: "In MB." },
      { label: "GPU", keys: ["system/gpu_memory_mb"], note: "In MB." },
    ],
  },
  { id: "time", title: "Epoch time", axis: "epoch", format: format.duration, duration: true, missing: "not logged", choices: [{ label: "system/epoch_time_seconds", keys: ["system/epoch_time_seconds"] }] },
];

/** A panel for every metric that has no panel of its own. */
function furtherPanels(runs) {
  const known = new Set(PANELS.flatMap((panel) => panel.choices.flatMap((choice) => choice.keys)));
  const names = (get) => [...new Set(runs.flatMap((run) => Object.keys(get(run))))].filter((key) => !known.has(key)).sort();
  const panel = (axis) => (key, i) => ({ id: `${axis}-${i}`, title: key, axis, format: format.number, choices: [{ label: key, keys: [key] }], missing: "" });
  return [...names((run) => run.epochs.metrics).map(panel("epoch")), ...names((run) => run.steps).map(panel("step"))];
}

class Page {
  constructor({ runs, settings }) {
    Object.assign(this, { runs, settings, shown: new Set(runs.keys()), front: null, axis: "epoch", ranges: { epoch: null, time: null, step: null } });
    this.panels = [];
  }

  start() {
    document.getElementById("subtitle").textContent = this.runs.length === 1 ? "1 run" : `${this.runs.length} runs, the first is the baseline`;
    document.getElementById("runs").append(runsTable(this.runs));
    document.getElementById("notes").append(...runNotes(this.runs));
    document.getElementById("settings").append(...settingsTable(this.runs, this.settings));
    this.addChips();
    this.addControls();
    this.addPanels(PANELS, document.getElementById("main-panels"));
    this.addMore();
    addTheme(document.getElementById("theme"), () => this.redraw());
    this.watchSize();
    this.watchPrint();
  }

  addPanels(definitions, place) {
    const panels = definitions.map((definition) => new Panel(definition, this));
    place.append(...panels.map((panel) => panel.element));
    panels.forEach((panel) => panel.draw());
    this.panels.push(...panels);
  }

  /** The further metrics are drawn when they are first asked for. */
  addMore() {
    const [more, definitions] = [document.getElementById("more"), furtherPanels(this.runs)];
    more.hidden = definitions.length === 0;
    more.querySelector("summary").textContent = `More metrics (${definitions.length})`;
    more.addEventListener("toggle", () => this.addPanels(definitions, more.querySelector(".grid")), { once: true });
  }

  addChips() {
    const chip = (run, i) =>
      make("button", {
        type: "button", class: "chip", "aria-pressed": "true", title: `${run.name}: show or hide`,
        onclick: (event) => (event.shiftKey || event.detail === 2 ? this.showOnly(i) : this.toggle(i)),
        onmouseenter: () => this.bringToFront(i), onmouseleave: () => this.bringToFront(null),
      }, swatch(i), make("bdi", {}, run.name));
    this.chips = this.runs.map(chip);
    document.getElementById("chips").append(...this.chips);
  }

  addControls() {
    const axis = make("select", { "aria-label": "X axis", onchange: (event) => this.setAxis(event.target.value) },
      make("option", { value: "epoch" }, "by epoch"), make("option", { value: "time" }, "by training time"));
    this.all = make("button", { type: "button", class: "button", disabled: true, onclick: () => this.setShown(new Set(this.runs.keys())) }, "All runs");
    this.reset = make("button", { type: "button", class: "button", disabled: true, onclick: () => Object.keys(this.ranges).forEach((name) => this.zoom(name, null)) }, "Zoom out");
    const timed = this.runs.some((run) => run.epochs.time);
    document.getElementById("controls").append(...[timed && axis, this.runs.length > 1 && this.all, this.reset].filter(Boolean));
  }

  toggle(i) {
    const shown = new Set(this.shown);
    if (!shown.delete(i)) shown.add(i);
    this.setShown(shown);
  }

  showOnly(i) {
    this.setShown(new Set([i]));
  }

  setShown(shown) {
    this.shown = shown;
    if (this.front !== null && !shown.has(this.front)) this.front = null;
    this.all.disabled = shown.size === this.runs.length;
    this.chips.forEach((chip, i) => chip.setAttribute("aria-pressed", String(shown.has(i))));
    document.querySelectorAll("tr[data-run]").forEach((row) => row.classList.toggle("off", !shown.has(Number(row.dataset.run))));
    this.panels.forEach((panel) => panel.show());
  }

  /** Dims the other runs while the pointer is on one. */
  bringToFront(i) {
    const front = i !== null && this.shown.has(i) && this.runs.length > 1 ? i : null;
    if (front === this.front) return;
    this.front = front;
    this.panels.forEach((panel) => panel.show());
  }

  setAxis(axis) {
    this.axis = axis;
    this.panels.forEach((panel) => panel.draw());
  }

  /** One range for all panels with the same x; null is everything. */
  zoom(axis, range) {
    this.ranges[axis] = range;
    this.reset.disabled = Object.values(this.ranges).every((one) => one === null);
    this.panels.forEach((panel) => panel.setRange(axis, range));
  }

  /** For screen readers. */
  say(text) {
    document.getElementById("live").textContent = text;
  }

  redraw() {
    this.panels.forEach((panel) => panel.show());
  }

  watchSize() {
    const watcher = new ResizeObserver(() => this.panels.forEach((panel) => panel.plot?.resize()));
    watcher.observe(document.getElementById("main-panels"));
    watcher.observe(document.getElementById("more"));
  }

  /** Paper is white and narrower than the screen. */
  watchPrint() {
    const root = document.documentElement;
    const fit = () => {
      this.panels.forEach((panel) => panel.plot?.resize());
      this.redraw();
    };
    let before = "auto";
    addEventListener("beforeprint", () => {
      before = root.dataset.theme;
      root.dataset.theme = "light";
      root.classList.add("printing");
      fit();
    });
    addEventListener("afterprint", () => {
      root.dataset.theme = before;
      root.classList.remove("printing");
      fit();
    });
  }
}

const page = new Page(JSON.parse(document.getElementById("data").textContent));
page.start();
