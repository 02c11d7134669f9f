"use strict";
/* Where rows or columns lie on the screen. A place is a line that is shown, or a gap: lines that are folded, or
   left out of the page. */

const GAP = { rows: 24, columns: 36 };
// Browsers draw nothing beyond some 17 million pixels.
const MOST_LINES = 600_000;

class Axis {
  /** `sizes` are pixels by line, `usual` those of any other; folds can be opened, `left` cannot; `lead` is room before all. */
  constructor({ count, sizes, usual, folds, left, gap, lead = 0 }) {
    Object.assign(this, { count, sizes, usual, gap, lead });
    const foldGaps = folds.map(([start, stop]) => ({ start, stop, isOpen: false, isLeft: false }));
    const leftGaps = left.map(([start, stop]) => ({ start, stop, isOpen: false, isLeft: true }));
    this.gaps = [...foldGaps, ...leftGaps].sort((a, b) => a.start - b.start);
    this.build();
  }

  build() {
    const closed = this.gaps.filter((gap) => !gap.isOpen);
    const places = this.count - closed.reduce((sum, gap) => sum + gap.stop - gap.start - 1, 0);
    this.firsts = new Int32Array(places);
    this.starts = new Int32Array(places + 1);
    this.starts[0] = this.lead;
    this.gapAt = new Map();
    let [place, line] = [0, 0];
    const upTo = (stop) => {
      for (; line < stop; line++, place++) {
        this.firsts[place] = line;
        this.starts[place + 1] = this.starts[place] + (this.sizes.get(line) ?? this.usual);
      }
    };
    for (const gap of closed) {
      upTo(gap.start);
      this.firsts[place] = gap.start;
      this.gapAt.set(place, gap);
      this.starts[place + 1] = this.starts[place] + this.gap;
      [place, line] = [place + 1, gap.stop];
    }
    upTo(this.count);
  }

  get places() {
    return this.firsts.length;
  }

  /** Pixels of everything. */
  get end() {
    return this.starts[this.places];
  }

  size(place) {
    return this.starts[place + 1] - this.starts[place];
  }

  /** The place at a pixel; the first or the last one beyond the ends. */
  placeAt(pixel) {
    return Math.min(Math.max(lastAtMost(this.starts, pixel, this.places), 0), this.places - 1);
  }

  /** The place that shows a line, or the gap it lies in. */
  placeOf(line) {
    return Math.max(lastAtMost(this.firsts, line), 0);
  }

  /** The pixel where a line begins; where the last one ends, for the line behind it. */
  edge(line) {
    return line >= this.count ? this.end : this.starts[this.placeOf(line)];
  }

  /** Opens a gap, as far as there is room around a line; the rest of it stays a gap. */
  open(gap, line = gap.start) {
    if (gap.isLeft) return;
    const room = Math.max(MOST_LINES - this.places, 1000);
    if (gap.stop - gap.start > room) {
      const start = Math.min(Math.max(line - (room >> 1), gap.start), gap.stop - room);
      const rest = [[gap.start, start], [start + room, gap.stop]].filter(([from, to]) => from < to);
      this.gaps.push(...rest.map(([from, to]) => ({ ...gap, start: from, stop: to })));
      Object.assign(gap, { start, stop: start + room });
      this.gaps.sort((one, other) => one.start - other.start);
    }
    gap.isOpen = true;
    this.build();
  }

  close(gap) {
    gap.isOpen = false;
    this.build();
  }

  /** Opens what hides a line; whether the line is then shown. */
  reveal(line) {
    const gap = this.gaps.find((one) => !one.isOpen && one.start <= line && line < one.stop);
    if (gap) this.open(gap, line);
    return !gap?.isLeft;
  }

  setAll(isOpen) {
    for (const gap of [...this.gaps]) {
      if (isOpen && !gap.isOpen) this.open(gap);
      else if (!isOpen) gap.isOpen = false;
    }
    this.build();
  }

  get folds() {
    return this.gaps.filter((gap) => !gap.isLeft);
  }

  /** The opened fold that a line lies in. */
  openFoldOf(line) {
    return this.gaps.find((gap) => gap.isOpen && gap.start <= line && line < gap.stop) ?? null;
  }
}
