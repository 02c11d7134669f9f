"use strict";
/* From a run's numbers to lines on a common x grid. */

/**
 * Exponential moving average, without the pull of the start towards zero.
 * `per` steps stand in one value: the weight is for one optimizer step, whatever the thinning.
 */
function smoothed(values, weight, per) {
  if (weight === 0) return values;
  const keep = weight ** per;
  let [sum, mass] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * keep + value * (1 - keep);
    mass = mass * keep + (1 - keep);
    return sum / mass;
  });
}

/** A metric of a run over epochs, or over the time its epochs took; null where the run has no such values. */
function epochLine(run, key, axis) {
  const [x, y] = [run.epochs[axis], run.epochs.metrics[key]];
  if (!x || !y) return null;
  const kept = y.map((value, i) => i).filter((i) => y[i] !== null);
  return { x: kept.map((i) => x[i]), y: kept.map((i) => y[i]) };
}

/** A metric of a run over optimizer steps; `low` and `high` are what was measured, `y` may be smoothed. */
function stepLine(run, key, weight) {
  const steps = run.steps[key];
  if (!steps) return null;
  return {
    x: steps.x,
    y: smoothed(steps.mean, weight, steps.per),
    low: steps.low ?? steps.mean,
    high: steps.high ?? steps.mean,
  };
}

/** The first index whose x is at least `value`. */
function firstAtLeast(x, value) {
  let [from, to] = [0, x.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (x[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The range of x of all lines. */
function extent(lines) {
  const filled = lines.filter((line) => line.x.length > 0);
  if (filled.length === 0) return [0, 1];
  return [Math.min(...filled.map((line) => line.x[0])), Math.max(...filled.map((line) => line.x.at(-1)))];
}

/**
 * Joins the points that share one of `buckets` columns between `from` and `to` into their lowest, highest and mean:
 * as much as the screen can show, and no peak is lost. One column more on both sides carries lines over the edge.
 */
function bucketed(line, from, to, buckets) {
  const width = (to - from) / buckets || 1;
  const result = { x: [], y: [], low: [], high: [] };
  const start = firstAtLeast(line.x, from - width);
  let [current, count] = [null, 0];
  for (let i = start; i < line.x.length && line.x[i] < to + 2 * width; i++) {
    const bucket = Math.floor((line.x[i] - from) / width);
    const last = result.x.length - 1;
    if (bucket === current) {
      count += 1;
      result.y[last] += (line.y[i] - result.y[last]) / count;
      result.low[last] = Math.min(result.low[last], line.low[i]);
      result.high[last] = Math.max(result.high[last], line.high[i]);
    } else {
      [current, count] = [bucket, 1];
      result.x.push(from + (bucket + 0.5) * width);
      result.y.push(line.y[i]);
      result.low.push(line.low[i]);
      result.high.push(line.high[i]);
    }
  }
  return result;
}

/** The most points that one of the lines has between two x. */
function mostPoints(lines, from, to) {
  return Math.max(0, ...lines.map((line) => firstAtLeast(line.x, to) - firstAtLeast(line.x, from)));
}

/**
 * Lines on one sorted x grid, as uPlot wants them: [x, column, column, …]; null where a line has no point.
 * `columns` are pairs of a line and the name of its values.
 */
function aligned(columns) {
  const grid = Float64Array.from(new Set(columns.flatMap(([line]) => Array.from(line.x)))).sort();
  const place = new Map(Array.from(grid, (x, i) => [x, i]));
  const filled = columns.map(([line, values]) => {
    const column = new Array(grid.length).fill(null);
    line.x.forEach((x, i) => (column[place.get(x)] = line[values][i]));
    return column;
  });
  return [Array.from(grid), ...filled];
}
