"use strict";
/* What the page embeds, as it is asked for: rows and cells of a sheet, what was found, right or wrong. */

/** `A` for 0, `Z` for 25, `AA` for 26. */
function columnLetters(index) {
  let letters = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

const address = (row, column) => `${columnLetters(column)}${row + 1}`;

/** A half-open box `[left, top, right, bottom]` as `B4:H20`. */
const rangeText = ([left, top, right, bottom]) => `${address(top, left)}:${address(bottom - 1, right - 1)}`;

/** `B4`, `B4:H20`, `$B$4` or `17` as a box of cells; null for anything else. */
function parseRange(text) {
  const row = /^\s*(\d{1,7})\s*$/.exec(text);
  if (row && Number(row[1]) > 0) return [0, Number(row[1]) - 1, 1, Number(row[1])];
  const match = /^\s*\$?([a-z]{1,3})\$?(\d{1,7})(?:\s*:\s*\$?([a-z]{1,3})\$?(\d{1,7}))?\s*$/i.exec(text);
  if (!match) return null;
  const column = (letters) => [...letters.toUpperCase()].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  const columns = [column(match[1]), column(match[3] ?? match[1])].sort((a, b) => a - b);
  const rows = [match[2], match[4] ?? match[2]].map((number) => Number(number) - 1).sort((a, b) => a - b);
  return rows[0] < 0 ? null : [columns[0], rows[0], columns[1] + 1, rows[1] + 1];
}

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** The last position in an ascending list whose value is at most `wanted`; -1 when there is none. */
function lastAtMost(list, wanted, length = list.length) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const isWithin = (spans, line) => spans.some(([start, stop]) => start <= line && line < stop);

/** The cells of one sheet; rows are taken apart when they are first seen. */
class SheetCells {
  constructor(sheet, texts) {
    Object.assign(this, { sheet, texts, known: new Map() });
    const filled = sheet.patterns.map((pattern) => pattern.filter((look, i) => i % 2 === 1 && look >= 0).length);
    this.rows = new Int32Array(sheet.rows.length);
    this.offsets = new Int32Array(sheet.rows.length);
    let [row, offset] = [-1, 0];
    sheet.rows.forEach((step, i) => {
      this.rows[i] = row += step;
      this.offsets[i] = offset;
      offset += 1 + filled[sheet.cells[offset]];
    });
  }

  /** The cells of a row by ascending column: `{ column, look, text }`; `text` is null where there is only formatting. */
  row(row) {
    const at = lastAtMost(this.rows, row);
    if (at < 0 || this.rows[at] !== row) return [];
    if (this.known.size > 2000) this.known.clear();
    if (!this.known.has(row)) this.known.set(row, this.takenApart(this.offsets[at]));
    return this.known.get(row);
  }

  takenApart(offset) {
    const pattern = this.sheet.patterns[this.sheet.cells[offset]];
    const cells = [];
    for (let i = 0; i < pattern.length; i += 2) {
      const isBlank = pattern[i + 1] < 0;
      const text = isBlank ? null : this.texts[this.sheet.cells[++offset]];
      cells.push({ column: pattern[i], look: isBlank ? -1 - pattern[i + 1] : pattern[i + 1], text });
    }
    return cells;
  }

  cell(row, column) {
    return this.row(row).find((cell) => cell.column === column) ?? null;
  }

  isFilled(row, column) {
    return (this.cell(row, column)?.text ?? null) !== null;
  }
}

/** One framed range of a sheet: found or annotated. */
class Mark {
  constructor({ box, status, score = null, off = null, header = 0, title = null, notes = [], isAnnotation = false }) {
    Object.assign(this, { box, status, score, off, header, title, notes, isAnnotation, range: rangeText(box) });
  }

  /** What is right or wrong with it, in words; empty where nothing is known. */
  get verdict() {
    if (this.status === "off") return `off by ${this.off}`;
    return ["found", "annotated", "agreed"].includes(this.status) ? "" : this.status;
  }

  /** An annotated table that was found exactly would only say again what the found one says. */
  get isLabelled() {
    return this.status !== "agreed";
  }

  get label() {
    return [this.range, this.score?.toFixed(2), this.verdict].filter(Boolean).join("  ");
  }
}

/** A sheet's tables scored at least `least`, and what is annotated: as marks, and counted. */
function judge(sheet, least) {
  const found = sheet.tables.filter((table) => table.score >= least).map((table) => {
    const status = sheet.annotated === null ? "found" : table.pair === null ? "extra" : table.off === 0 ? "exact" : "off";
    return new Mark({ ...table, status });
  });
  const met = new Map(sheet.tables.filter((table) => table.pair !== null && table.score >= least).map((table) => [table.pair, table.off]));
  const annotated = (sheet.annotated ?? []).map((box, i) => new Mark({ box, isAnnotation: true, status: met.get(i) === 0 ? "agreed" : met.has(i) ? "annotated" : "missed" }));
  const missed = annotated.filter((mark) => mark.status === "missed");
  const count = (status) => found.filter((mark) => mark.status === status).length;
  const inOrder = (a, b) => a.box[1] - b.box[1] || a.box[0] - b.box[0];
  return {
    found: found.sort(inOrder),
    annotated,
    stops: [...found, ...missed].sort(inOrder),
    exact: count("exact"), off: count("off"), extra: count("extra"), missed: missed.length,
    farthest: Math.max(0, ...found.map((mark) => mark.off ?? 0)),
    lowest: Math.min(1, ...found.map((mark) => mark.score)),
  };
}
