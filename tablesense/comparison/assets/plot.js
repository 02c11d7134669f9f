"use strict";
/* One uPlot chart with lines of several runs. */

const COLOURS = 8;
const DASHES = [[], [9, 4], [2, 3], [9, 3, 2, 3]];

const dashOf = (run) => DASHES[Math.floor(run / COLOURS) % DASHES.length];

/** The resolved value of a colour of the style sheet, for canvases know no CSS variables. */
function colour(name) {
  const probe = document.getElementById("probe") ?? document.body.appendChild(make("span", { id: "probe", hidden: true }));
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

const runColour = (run) => colour(`run-${run % COLOURS}`);

/** A short piece of a run's line, for legends. */
function swatch(run) {
  const namespace = "http://www.w3.org/2000/svg";
  const [svg, line] = [document.createElementNS(namespace, "svg"), document.createElementNS(namespace, "line")];
  for (const [name, value] of Object.entries({ class: "swatch", width: 24, height: 10, "aria-hidden": "true" })) svg.setAttribute(name, value);
  const place = { x1: 1, x2: 23, y1: 5, y2: 5, "stroke-dasharray": dashOf(run).join(" ") };
  for (const [name, value] of Object.entries(place)) line.setAttribute(name, value);
  line.style.stroke = `var(--run-${run % COLOURS})`;
  svg.append(line);
  return svg;
}

/** More points than this on a line would only thicken it. */
const MOST_MARKED = 60;

/** With more runs shown than these only one in front has a band. */
const MOST_BANDS = 4;

class Plot {
  /**
   * `spec`: lines [{run, label, thin, x, y, low, high}], range [from, to] of x or null, log, markBest ("max", "min"
   * or null), syncKey (charts whose cursors move together), xTexts and yTexts (ticks to texts), xIncrements and yIncrements (steps between ticks), yRoom (pixels for the y labels), onHover(positions), onZoom(range).
   */
  constructor(host, spec) {
    this.host = host;
    this.spec = spec;
    this.hasBands = spec.lines.some((line) => line.low);
    this.range = spec.range ?? this.fullRange();
    this.chart = new uPlot(this.options(), this.data(), host);
  }

  fullRange() {
    const [from, to] = extent(this.spec.lines);
    const room = from === to ? 0.5 : 0;
    return [from - room, to + room];
  }

  width() {
    return Math.max(120, this.host.clientWidth);
  }

  /** What is drawn in the current range: the points themselves, or the extremes and means of groups of them. */
  visibleLines() {
    const { lines } = this.spec;
    const buckets = Math.max(50, Math.floor(this.width() / 2));
    this.grouped = this.hasBands && mostPoints(lines, ...this.range) > buckets;
    // The log scale has no place for zero: such values are left out, and the panel says so.
    const positive = (values) => (this.spec.log ? values?.map((value) => (value > 0 ? value : null)) : values);
    return lines.map((line) => {
      const shown = this.grouped ? bucketed(line, ...this.range, buckets) : line;
      return { ...line, ...shown, y: positive(shown.y), low: positive(shown.low), high: positive(shown.high) };
    });
  }

  data() {
    const lines = this.visibleLines();
    const kinds = this.hasBands ? ["y", "high", "low"] : ["y"];
    return aligned(lines.flatMap((line) => kinds.map((kind) => [line, kind])));
  }

  series() {
    return this.spec.lines.flatMap((line) => {
      const common = { scale: "y", spanGaps: true, pxAlign: 0 };
      const main = {
        ...common,
        label: line.label,
        stroke: () => runColour(line.run),
        width: line.thin ? 1.25 : 2,
        alpha: line.thin ? 0.75 : 1,
        dash: dashOf(line.run),
        points: { show: !line.low && line.x.length <= MOST_MARKED, size: line.thin ? 4 : 5, fill: () => runColour(line.run) },
      };
      const edge = { ...common, stroke: "transparent", width: 0, points: { show: false } };
      return this.hasBands ? [main, { ...edge }, { ...edge }] : [main];
    });
  }

  options() {
    const { spec } = this;
    const line = { stroke: () => colour("muted"), font: "12px system-ui, sans-serif", grid: { stroke: () => colour("grid"), width: 1 } };
    return {
      width: this.width(),
      height: 250,
      legend: { show: false },
      padding: [10, 12, 0, 0],
      scales: {
        x: { time: false, range: () => this.range },
        y: { distr: spec.log ? 3 : 1, range: (chart, low, high) => this.yRange(low, high) },
      },
      axes: [
        { ...line, values: (chart, ticks) => spec.xTexts(ticks), ticks: { show: false }, size: 28, gap: 6, incrs: spec.xIncrements },
        { ...line, values: (chart, ticks) => spec.yTexts(ticks), ticks: { show: false }, size: spec.yRoom, gap: 6, space: 32, incrs: spec.yIncrements, grid: { ...line.grid, filter: (chart, ticks) => this.gridTicks(ticks) } },
      ],
      series: [{}, ...this.series()],
      bands: this.bands(),
      focus: { alpha: 1 },
      cursor: {
        y: false,
        sync: { key: spec.syncKey, filters: { pub: (event) => event === "mousemove" || event === "mouseleave" } },
        drag: { x: true, y: false, setScale: false },
        points: { size: 8, fill: (chart, i) => runColour(this.lineOf(i).run), stroke: () => colour("surface"), width: 2, show: (chart, i) => this.cursorPoint(i) },
        dataIdx: (chart, i, hovered, x) => this.nearest(chart, i, hovered, x),
        bind: { dblclick: () => () => spec.onZoom(null) },
      },
      hooks: {
        setCursor: [(chart) => spec.onHover(this.positions(chart))],
        setSelect: [(chart) => this.zoomToSelection(chart)],
        draw: [(chart) => this.drawBest(chart)],
      },
    };
  }

  /** Only values get a point under the cursor, not the edges of bands. */
  cursorPoint(i) {
    return !this.hasBands || i % 3 === 1 ? make("div", { class: "dot" }) : false;
  }

  bands() {
    if (!this.hasBands) return [];
    return this.spec.lines.map((line, i) => ({
      series: [i * 3 + 2, i * 3 + 3],
      fill: () => runColour(line.run).replace("rgb(", "rgba(").replace(")", `, ${this.bandStrength(line.run)})`),
    }));
  }

  /** More than a few bands on each other are mud. */
  bandStrength(run) {
    if (this.front !== undefined && this.front !== null) return run === this.front ? 0.25 : 0;
    return (this.shown?.size ?? 0) <= MOST_BANDS ? 0.18 : 0;
  }

  /** The line a series of the chart belongs to. */
  lineOf(i) {
    return this.spec.lines[this.hasBands ? Math.floor((i - 1) / 3) : i - 1];
  }

  /** Over several decades only their powers of ten get a line, or the grid is a grey field. */
  gridTicks(ticks) {
    const isPower = (value) => Number.isInteger(Number(Math.log10(value).toFixed(9)));
    return this.spec.log && ticks.filter(isPower).length > 2 ? ticks.map((value) => (isPower(value) ? value : null)) : ticks;
  }

  yRange(low, high) {
    if (low === null || high === null) return this.spec.log ? [0.1, 1] : [0, 1];
    if (this.spec.log) return [low / 1.15, high * 1.15];
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    // A range that nearly reaches zero reaches it: else the eye reads a bottom that is not there.
    return [low >= 0 && low - room < (high - low) * 0.1 ? 0 : low - room, high + room];
  }

  /** The point of a series nearest to the cursor, within a thumb's width. */
  nearest(chart, i, hovered, x) {
    const [xs, values] = [chart.data[0], chart.data[i]];
    if (!values || values[hovered] != null) return hovered;
    let [left, right] = [hovered, hovered];
    while (left >= 0 && values[left] == null) left -= 1;
    while (right < xs.length && values[right] == null) right += 1;
    const far = (j) => (j >= 0 && j < xs.length ? Math.abs(xs[j] - x) : Infinity);
    const best = far(left) <= far(right) ? left : right;
    const reach = (24 / chart.over.clientWidth) * (this.range[1] - this.range[0]);
    return far(best) <= reach ? best : null;
  }

  /** What is under the cursor: its x and, for each shown line, the point nearest to it. */
  positions(chart) {
    const { idx, idxs, left, top } = chart.cursor;
    if (idx === null || idx === undefined || left < 0) return null;
    const stride = this.hasBands ? 3 : 1;
    const entries = this.spec.lines.map((line, i) => {
      const [at, column] = [idxs[1 + i * stride], 1 + i * stride];
      const value = at === null || at === undefined ? null : chart.data[column][at];
      const span = this.grouped && value !== null ? [chart.data[column + 2][at], chart.data[column + 1][at]] : null;
      return { line, shown: chart.series[column].show, x: value === null ? null : chart.data[0][at], value, span };
    });
    return { x: chart.data[0][idx], left, top, width: chart.over.clientWidth, entries: entries.filter((entry) => entry.shown) };
  }

  zoomToSelection(chart) {
    const { left, width } = chart.select;
    if (width < 6) return;
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.spec.onZoom([chart.posToVal(left, "x"), chart.posToVal(left + width, "x")]);
  }

  /** A ring around the best value of each line. */
  drawBest(chart) {
    if (!this.spec.markBest) return;
    const pick = this.spec.markBest === "min" ? Math.min : Math.max;
    const { ctx } = chart;
    this.spec.lines.forEach((line, i) => {
      const at = line.y.indexOf(pick(...line.y));
      if (!chart.series[i + 1].show || at < 0 || line.x[at] < this.range[0] || line.x[at] > this.range[1]) return;
      ctx.save();
      ctx.globalAlpha = chart.series[i + 1].alpha;
      ctx.strokeStyle = runColour(line.run);
      ctx.lineWidth = 1.5 * uPlot.pxRatio;
      ctx.beginPath();
      ctx.arc(chart.valToPos(line.x[at], "x", true), chart.valToPos(line.y[at], "y", true), 6 * uPlot.pxRatio, 0, 2 * Math.PI);
      ctx.stroke();
      ctx.restore();
    });
  }

  setRange(range) {
    this.range = range ?? this.fullRange();
    this.chart.setData(this.data());
  }

  /** Shows the runs of a set only; a run in front dims the others. */
  showRuns(shown, front) {
    Object.assign(this, { shown, front });
    this.chart.batch(() => {
      this.chart.series.forEach((series, i) => {
        if (i === 0) return;
        const line = this.lineOf(i);
        series.alpha = (line.thin ? 0.75 : 1) * (front === null || front === line.run ? 1 : 0.15);
        if (series.show !== shown.has(line.run)) this.chart.setSeries(i, { show: shown.has(line.run) });
      });
    });
    this.chart.redraw();
  }

  /** Moves the cursor by a number of points. */
  moveCursor(to) {
    const [xs, { idx }] = [this.chart.data[0], this.chart.cursor];
    const inside = [firstAtLeast(xs, this.range[0]), firstAtLeast(xs, this.range[1] + 1e-9) - 1];
    const wanted = { first: inside[0], last: inside[1], next: (idx ?? inside[0] - 1) + 1, previous: (idx ?? inside[1] + 1) - 1 }[to];
    const at = Math.max(inside[0], Math.min(inside[1], wanted));
    this.chart.setCursor({ left: this.chart.valToPos(xs[at], "x"), top: this.chart.over.clientHeight / 3 }, true, true);
  }

  resize() {
    if (this.width() !== this.chart.width) {
      this.chart.setSize({ width: this.width(), height: 250 });
      if (this.hasBands) this.chart.setData(this.data());
    }
  }

  destroy() {
    this.chart.destroy();
  }
}
