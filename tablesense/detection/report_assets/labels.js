"use strict";
/* Where the labels of frames go: at a corner of what they name, where they hide least. */

const LABEL_HEIGHT = 17;
const labelWidth = (text) => Math.round(text.length * 6.7) + 12;

const overlap = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

const STEP = 40;

/** Plates above and below, as far left as can be, then inside, then above one another; all within bounds. */
function candidates(area, width, bounds) {
  const tops = [area.top - LABEL_HEIGHT, area.bottom, area.top - 2 * LABEL_HEIGHT, area.bottom + LABEL_HEIGHT, area.top, area.bottom - LABEL_HEIGHT];
  const steps = Math.min(Math.max(Math.floor((area.right - area.left - width) / STEP), 0), 40);
  const lefts = [...Array.from({ length: steps + 1 }, (_, i) => area.left + i * STEP), area.right - width];
  return tops.flatMap((wanted) =>
    lefts.map((start) => {
      const left = Math.max(Math.min(start, bounds.right - width), bounds.left);
      const top = Math.max(Math.min(wanted, bounds.bottom - LABEL_HEIGHT), bounds.top);
      return { left, top, right: left + width, bottom: top + LABEL_HEIGHT };
    }));
}

/** A plate for each of `wanted`, `{ area, text }`; `textUnder` says how much text a plate would hide. */
function placeLabels(wanted, textUnder, bounds) {
  const placed = [];
  for (const { area, text } of wanted) {
    let [best, least] = [null, Infinity];
    for (const plate of candidates(area, labelWidth(text), bounds)) {
      const hidden = 1000 * placed.reduce((sum, other) => sum + overlap(plate, other), 0) + textUnder(plate);
      if (hidden < least) [best, least] = [plate, hidden];
      if (hidden === 0) break;
    }
    placed.push(best);
  }
  return placed;
}
