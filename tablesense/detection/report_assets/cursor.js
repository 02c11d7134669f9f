"use strict";
/* The cell in hand: moved with arrows or a click, told to screen readers and in the line below the grid. */

class Cursor {
  constructor(grid) {
    Object.assign(this, { grid, row: 0, column: 0, isShown: false });
    grid.place.addEventListener("keydown", (event) => this.press(event));
    grid.body.addEventListener("click", (event) => this.click(event));
    grid.place.addEventListener("focus", () => this.moveTo(this.row, this.column, { scrolls: false }));
  }

  reset() {
    Object.assign(this, { row: 0, column: 0, isShown: false });
  }

  /** The line a cell counts as: that of its merged range. */
  get anchor() {
    const { row, column } = this;
    return this.grid.mergeAt(row, column) ?? [column, row, column + 1, row + 1];
  }

  moveTo(row, column, { scrolls = true } = {}) {
    const grid = this.grid;
    this.row = Math.min(Math.max(row, 0), grid.rows.count - 1);
    this.column = Math.min(Math.max(column, 0), grid.columns.count - 1);
    this.isShown = true;
    if (scrolls) this.scrollTo();
    this.draw();
    const [left, top] = this.anchor;
    grid.events.moved(top, left, this.gapText ?? grid.cells.cell(top, left));
  }

  /** What is folded where the cursor is; null where a cell is. */
  get gapText() {
    const { rows, columns } = this.grid;
    const [row, column] = [rows.gapAt.get(rows.placeOf(this.row)), columns.gapAt.get(columns.placeOf(this.column))];
    return row ? gapText(row, "row") : column ? gapText(column, "column") : null;
  }

  scrollTo() {
    const { place, rows, columns, view } = this.grid;
    const [row, column] = [rows.placeOf(this.row), columns.placeOf(this.column)];
    const into = (start, stop, from, to) => (start < from ? start : stop > to ? Math.min(start, stop - (to - from)) : from);
    place.scrollTo(into(columns.starts[column], columns.starts[column + 1], view.left, view.right), into(rows.starts[row], rows.starts[row + 1], view.top, view.bottom));
    this.grid.render();
  }

  draw() {
    const { parts, place, rows, columns, cells, page } = this.grid;
    if (!this.isShown) {
      parts.cursor.replaceChildren();
      place.removeAttribute("aria-activedescendant");
      return;
    }
    const area = this.gapText ? this.placeArea() : this.grid.area(this.anchor);
    const [left, top] = this.anchor;
    const text = this.gapText ?? cells.cell(top, left)?.text ?? "empty";
    const style = { left: `${area.left}px`, top: `${area.top}px`, width: `${area.right - area.left}px`, height: `${area.bottom - area.top}px` };
    const name = this.gapText ? text : `${address(top, left)}: ${text}`;
    const cell = make("div", { class: "cursor", id: "cursor", role: "gridcell", "aria-rowindex": top + 1, "aria-colindex": left + 1, "aria-selected": "true", "aria-label": name, style });
    parts.cursor.replaceChildren(make("div", { role: "row" }, cell));
    place.setAttribute("aria-activedescendant", "cursor");
  }

  placeArea() {
    const { rows, columns } = this.grid;
    const [row, column] = [rows.placeOf(this.row), columns.placeOf(this.column)];
    return { left: columns.starts[column], right: columns.starts[column + 1], top: rows.starts[row], bottom: rows.starts[row + 1] };
  }

  click(event) {
    if (event.target.closest("button")) return;
    const box = this.grid.body.getBoundingClientRect();
    const { rows, columns } = this.grid;
    this.moveTo(rows.firsts[rows.placeAt(event.clientY - box.top)], columns.firsts[columns.placeAt(event.clientX - box.left)]);
  }

  press(event) {
    const { rows, columns, view } = this.grid;
    if (event.altKey || event.metaKey || event.target !== this.grid.place) return;
    const [left, top, right, bottom] = this.anchor;
    const [row, column] = [rows.placeOf(this.row), columns.placeOf(this.column)];
    const pageful = Math.max(Math.floor((view.bottom - view.top) / USUAL.row) - 1, 1);
    // A gap is one step, whatever it holds.
    const by = (axis, place) => axis.firsts[Math.min(Math.max(place, 0), axis.places - 1)];
    const behind = (axis, line) => axis.placeOf(Math.min(line, axis.count - 1));
    const moves = {
      ArrowDown: () => [by(rows, Math.max(row + 1, behind(rows, bottom))), this.column],
      ArrowUp: () => [by(rows, rows.placeOf(top) - 1), this.column],
      ArrowRight: () => [this.row, by(columns, Math.max(column + 1, behind(columns, right)))],
      ArrowLeft: () => [this.row, by(columns, columns.placeOf(left) - 1)],
      PageDown: () => [by(rows, row + pageful), this.column],
      PageUp: () => [by(rows, row - pageful), this.column],
      Home: () => [event.ctrlKey ? 0 : this.row, 0],
      End: () => [event.ctrlKey ? rows.count - 1 : this.row, columns.count - 1],
    };
    if (moves[event.key] && !event.shiftKey) this.moveTo(...moves[event.key]());
    else if (event.key === "Enter" || event.key === " ") this.openGap();
    else return;
    event.preventDefault();
  }

  openGap() {
    for (const [axis, line] of [[this.grid.rows, this.row], [this.grid.columns, this.column]]) {
      const gap = axis.gapAt.get(axis.placeOf(line));
      if (gap && !gap.isLeft) this.grid.open(axis, gap);
    }
    this.moveTo(this.row, this.column);
  }
}
