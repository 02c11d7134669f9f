"use strict";
/* A metric's place on the page: heading, choices, chart, values under the cursor, what is missing. */

const SMOOTHING = [0, 0.9, 0.97, 0.99, 0.997];

class Panel {
  /**
   * `definition`: {id, title, axis ("epoch" or "step"), choices [{label, keys, best}], format, missing (why a run may
   * not have it)}. `page` holds the runs and what all panels share: shown runs, run in front, axis, ranges.
   */
  constructor(definition, page) {
    Object.assign(this, { definition, page, log: definition.log ?? false, smoothing: definition.axis === "step" ? 0.97 : 0 });
    this.choices = definition.choices.filter((choice) => choice.keys.some((key) => this.runsWith(key).length > 0));
    this.choice = this.choices[0] ?? null;
    this.element = make("section", { class: "panel", id: `panel-${definition.id}`, "aria-labelledby": `title-${definition.id}` });
    this.element.append(this.head());
    if (this.choice === null) this.element.append(make("p", { class: "empty" }, `No ${definition.title.toLowerCase()} in these runs: ${definition.missing}.`));
    else this.addChart();
  }

  runsWith(key) {
    const { axis } = this.definition;
    return this.page.runs.filter((run) => (axis === "step" ? run.steps[key] : run.epochs.metrics[key]));
  }

  head() {
    const { title, id } = this.definition;
    const head = make("div", { class: "panel-head" }, make("h3", { id: `title-${id}` }, title));
    if (this.choice === null) return head;
    this.chosen = make("span", { class: "print-only" });
    head.append(this.chosen);
    if (this.choices.length > 1) head.append(this.select("Metric", this.choices.map((choice) => choice.label), 0, (i) => (this.choice = this.choices[i])));
    if (this.definition.axis === "step") {
      const labels = SMOOTHING.map((weight) => (weight ? `smooth ${weight}` : "no smoothing"));
      head.append(this.select("Smoothing", labels, SMOOTHING.indexOf(this.smoothing), (i) => (this.smoothing = SMOOTHING[i])));
    }
    const box = make("input", { type: "checkbox", checked: this.log, onchange: (event) => this.change(() => (this.log = event.target.checked)) });
    head.append(make("label", { class: "check" }, box, "log"));
    return head;
  }

  select(name, labels, chosen, set) {
    const options = labels.map((label, i) => make("option", { value: i, selected: i === chosen }, label));
    const label = `${name} of ${this.definition.title}`;
    return make("select", { "aria-label": label, onchange: (event) => this.change(() => set(Number(event.target.value))) }, ...options);
  }

  change(action) {
    action();
    this.draw();
  }

  addChart() {
    this.tip = make("div", { class: "tip", hidden: true });
    this.host = make("div", {
      class: "chart",
      tabindex: 0,
      role: "group",
      "aria-roledescription": "plot",
      onkeydown: (event) => this.key(event),
      onblur: () => (this.tip.hidden = true),
      onmouseleave: () => (this.tip.hidden = true),
    });
    this.note = make("p", { class: "muted note" });
    this.element.append(make("div", { class: "chart-place" }, this.host, this.tip), this.note);
  }

  /** Epochs or time as the page says, steps where the metric is one of optimizer steps. */
  axis() {
    return this.definition.axis === "step" ? "step" : this.page.axis;
  }

  lines() {
    const { keys } = this.choice;
    return this.page.runs.flatMap((run, i) =>
      keys.flatMap((key, k) => {
        const line = this.axis() === "step" ? stepLine(run, key, this.smoothing) : epochLine(run, key, this.axis());
        return line && line.x.length ? [{ ...line, run: i, label: key, thin: keys.length > 1 && k === 0 }] : [];
      }),
    );
  }

  draw() {
    if (this.choice === null) return;
    this.plot?.destroy();
    const lines = this.lines();
    const [axis, format_] = [this.axis(), this.choice.format ?? this.definition.format];
    this.plot = new Plot(this.host, {
      lines,
      range: this.page.ranges[axis],
      log: this.log,
      markBest: this.choice.best ?? null,
      syncKey: axis,
      xTexts: axis === "time" ? timeTexts : tickTexts,
      xIncrements: axis === "time" ? TIME_INCREMENTS : WHOLE_INCREMENTS,
      yTexts: this.definition.duration ? timeTexts : this.log ? logTexts : tickTexts,
      yIncrements: this.definition.duration ? TIME_INCREMENTS : undefined,
      yRoom: this.definition.duration ? 72 : 58,
      onHover: (positions) => this.showTip(positions),
      onZoom: (range) => this.page.zoom(axis, range),
    });
    this.format = format_;
    this.host.setAttribute("aria-label", `${this.definition.title}: ${this.choice.label} by ${AXES[axis]}, ${this.page.runs.length} runs. Arrow keys read values.`);
    this.chosen.textContent = `${this.choice.label}${this.log ? ", log scale" : ""}`;
    this.show();
    this.note.replaceChildren(...this.notes(lines).map((text) => make("span", {}, text)));
  }

  show() {
    this.plot?.showRuns(this.page.shown, this.page.front);
  }

  setRange(axis, range) {
    if (this.plot && axis === this.axis()) this.plot.setRange(range);
  }

  /** What the reader must know of the lines: how they are drawn and what is not there. */
  notes(lines) {
    const { keys } = this.choice;
    const lacking = this.page.runs.filter((run, i) => !lines.some((line) => line.run === i));
    const names = lacking.map((run) => run.name).join(", ");
    const noTimes = this.axis() === "time" && "Runs without epoch times have no place on this axis.";
    const perStep = lines.some((line) => line.low) && `Line: mean, band: lowest to highest${this.page.runs.length > MOST_BANDS ? `; bands with up to ${MOST_BANDS} runs shown, or for the run under the pointer` : ""}.`;
    const coarse = this.page.runs.filter((run) => keys.some((key) => run.steps[key]?.per > 1));
    const left = this.log && lines.some((line) => line.y.some((value) => value <= 0));
    return [
      keys.length > 1 && `Thin: ${keys[0]}, thick: ${keys[1]}.`,
      this.choice.note,
      this.choice.best && "Ring: best epoch.",
      perStep,
      coarse.length > 0 && `Kept by groups of up to ${Math.max(...coarse.map((run) => run.steps[keys[0]]?.per ?? 1))} steps, extremes included.`,
      left && "Values of zero or less have no place on a log scale.",
      lacking.length > 0 && `Not in ${names}${this.definition.missing ? `: ${this.definition.missing}` : ""}.`,
      lacking.length > 0 && noTimes,
    ].filter(Boolean);
  }

  key(event) {
    if (event.target !== this.host || event.ctrlKey || event.metaKey || event.altKey) return;
    const [from, to] = this.plot.range;
    const width = to - from;
    const ranges = {
      "+": [from + width / 4, to - width / 4],
      "=": [from + width / 4, to - width / 4],
      "-": [from - width / 2, to + width / 2],
      Escape: null,
      ...(event.shiftKey && { ArrowLeft: [from - width / 4, to - width / 4], ArrowRight: [from + width / 4, to + width / 4] }),
    };
    const moves = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last" };
    if (event.key in ranges) this.page.zoom(this.axis(), ranges[event.key]);
    else if (event.key in moves) this.plot.moveCursor(moves[event.key]);
    else return;
    event.preventDefault();
  }

  /** Values of all shown runs at the cursor; charts that only follow another's cursor show no text. */
  showTip(positions) {
    const mine = this.host.matches(":hover") || document.activeElement === this.host;
    this.tip.hidden = positions === null || !mine || positions.entries.length === 0;
    if (this.tip.hidden) return;
    const xText = (x) => xAtText(x, this.axis());
    const rows = positions.entries.map((entry) => {
      const span = entry.span && entry.span[0] !== entry.span[1] ? ` (${this.format(entry.span[0])} to ${this.format(entry.span[1])})` : "";
      const elsewhere = entry.x !== null && xText(entry.x) !== xText(positions.x) ? ` at ${xText(entry.x)}` : "";
      const label = this.choice.keys.length > 1 ? `${entry.line.label} ` : "";
      return { entry, name: this.page.runs[entry.line.run].name, text: `${label}${this.format(entry.value)}`, aside: span + elsewhere };
    });
    this.tip.replaceChildren(
      make("div", { class: "tip-head" }, xText(positions.x)),
      ...rows.map(({ entry, name, text, aside }) =>
        make("div", { class: "tip-row" }, swatch(entry.line.run), make("span", { class: "tip-name" }, name), make("span", { class: "tip-value" }, text, make("small", {}, aside)))),
    );
    this.placeTip(positions);
    if (document.activeElement === this.host) this.page.say(`${xText(positions.x)}: ${rows.map((row) => `${row.name} ${row.text}${row.aside}`).join(", ")}`);
  }

  /** Beside the cursor, on the side with room, and always inside the panel. */
  placeTip({ left, width }) {
    const cursor = this.host.querySelector(".u-over").offsetLeft + left;
    const wanted = left < width / 2 ? cursor + 12 : cursor - 12 - this.tip.offsetWidth;
    const most = this.host.clientWidth - this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(0, Math.min(most, wanted))}px`;
  }
}
