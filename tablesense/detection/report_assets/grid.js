"use strict";
/* A sheet as a grid. Only what is in view is in the document, however long the sheet is. */

const HEAD = { height: 22, width: 54 };
const USUAL = { row: 21, column: 64 };
const MOST = { rows: 1_048_576, columns: 16_384 };
const AHEAD = 250; // pixels drawn beyond the view, so that scrolling finds them there

class Grid {
  /** `events.moved(row, column, cell)` is called for the cell in hand, `events.chosen(mark)` for a label that is clicked. */
  constructor(place, page, events) {
    Object.assign(this, { place, page, events, live: new Map(), marks: [], chosen: null });
    const part = (name, ...children) => make("div", { class: name }, ...children);
    this.parts = { rows: part("rows"), lines: part("lines"), merges: part("merges"), frames: part("frames"), cursor: part("cursor-place") };
    this.letters = make("div", { class: "letters", "aria-hidden": "true" });
    this.numbers = make("div", { class: "numbers", "aria-hidden": "true" });
    this.body = part("body", this.parts.lines, this.parts.rows, this.parts.merges, this.parts.frames, this.parts.cursor);
    this.canvas = part("canvas", make("div", { class: "corner", "aria-hidden": "true" }), this.letters, this.numbers, this.body);
    for (const element of [this.canvas, this.body, ...Object.values(this.parts)]) element.setAttribute("role", "presentation");
    place.append(this.canvas);
    place.addEventListener("scroll", () => this.render());
    new ResizeObserver(() => this.render()).observe(place);
    this.cursor = new Cursor(this);
  }

  /** Shows a sheet from its top left corner. */
  show(sheet, marks) {
    this.sheet = sheet;
    let reach = 0;
    this.reaches = sheet.merges.map(([, , , bottom]) => (reach = Math.max(reach, bottom)));
    this.cells = new SheetCells(sheet, this.page.texts);
    const [width, height] = sheet.size;
    // A label over a table that begins in the first row needs room of its own.
    const lead = [...sheet.tables.map((table) => table.box), ...(sheet.annotated ?? [])].some((box) => box[1] === 0) ? LABEL_HEIGHT + 3 : 0;
    const spare = (pixels, usual) => Math.max(Math.ceil(pixels / usual), 3);
    const count = (size, most, pixels, usual) => Math.min(size + spare(pixels, usual), most);
    this.rows = new Axis({ count: count(height, MOST.rows, this.place.clientHeight / 3, USUAL.row), sizes: new Map(sheet.heights), usual: USUAL.row, folds: sheet.folds.rows, left: sheet.left, gap: GAP.rows, lead });
    this.columns = new Axis({ count: count(width, MOST.columns, this.place.clientWidth - sum(sheet.widths), USUAL.column), sizes: new Map(sheet.widths.entries()), usual: USUAL.column, folds: sheet.folds.columns, left: [], gap: GAP.columns });
    this.place.setAttribute("aria-rowcount", this.rows.count);
    this.place.setAttribute("aria-colcount", this.columns.count);
    this.place.scrollTo(0, 0);
    this.chosen = null;
    this.cursor.reset();
    this.setMarks(marks);
  }

  setMarks(marks) {
    this.marks = marks;
    if (!marks.includes(this.chosen)) this.chosen = marks.find((mark) => mark.range === this.chosen?.range && mark.isAnnotation === this.chosen.isAnnotation) ?? null;
    this.layOut();
  }

  /** After folds were opened or closed, or frames are others. */
  layOut() {
    this.body.style.width = `${this.columns.end}px`;
    this.body.style.height = `${this.rows.end}px`;
    this.parts.lines.style.top = `${this.rows.lead}px`;
    this.clear();
    const areas = this.marks.map((mark) => this.area(mark.box));
    const wanted = this.marks.map((mark, i) => ({ area: areas[i], text: mark.label })).filter((_, i) => this.marks[i].isLabelled);
    const plates = placeLabels(wanted, (plate) => this.textUnder(plate), { left: 0, top: 0, right: Math.max(this.columns.end, 200), bottom: this.rows.end + LABEL_HEIGHT });
    this.drawn = this.marks.map((mark, i) => ({ mark, area: areas[i], plate: mark.isLabelled ? plates.shift() : null }));
    this.render();
  }

  clear() {
    this.live.forEach((element) => element.remove());
    this.live.clear();
    this.across = null;
  }

  area([left, top, right, bottom]) {
    return { left: this.columns.edge(left), top: this.rows.edge(top), right: this.columns.edge(right), bottom: this.rows.edge(bottom) };
  }

  /** Pixels of text that a plate would hide. */
  textUnder(plate) {
    let sum = 0;
    if (plate.top >= this.rows.end) return 0;
    for (let place = this.rows.placeAt(plate.top); place <= this.rows.placeAt(plate.bottom - 1); place++) {
      if (this.rows.gapAt.has(place)) continue;
      for (const cell of this.cells.row(this.rows.firsts[place])) {
        if (cell.text === null) continue;
        const left = this.columns.edge(cell.column);
        const width = Math.max(this.columns.edge(cell.column + 1) - left, this.page.looks[cell.look].stays ? 0 : cell.text.length * 6.5);
        sum += overlap(plate, { left, right: left + width, top: this.rows.starts[place], bottom: this.rows.starts[place + 1] });
      }
    }
    return sum;
  }

  /** The part of the sheet that is in view, in pixels. */
  get view() {
    const { scrollLeft: left, scrollTop: top, clientWidth, clientHeight } = this.place;
    return { left, top, right: left + Math.max(clientWidth - HEAD.width, 0), bottom: top + Math.max(clientHeight - HEAD.height, 0) };
  }

  render() {
    if (!this.sheet) return;
    const view = this.view;
    const within = (axis, start, stop) => [axis.placeAt(start - AHEAD), axis.placeAt(stop + AHEAD)];
    const [rows, columns] = [within(this.rows, view.top, view.bottom), within(this.columns, view.left, view.right)];
    if (this.across?.join() !== columns.join()) {
      this.clear();
      this.across = columns;
      this.drawHeads(this.letters, this.columns, columns, "left", "width", columnLetters);
      this.parts.lines.replaceChildren(...range(columns).map((place) => this.line(place)));
    }
    this.drawHeads(this.numbers, this.rows, rows, "top", "height", (row) => row + 1);
    this.drawRows(rows, columns);
    this.parts.merges.replaceChildren(...this.mergesIn(rows, columns));
    this.pinned = [];
    this.parts.frames.replaceChildren(...this.drawn.flatMap((one) => drawMark(one, view, this)));
    this.cursor.draw();
  }

  line(place) {
    const className = this.columns.gapAt.has(place) ? "line gap" : "line";
    return make("div", { class: className, style: { left: `${this.columns.starts[place]}px`, width: `${this.columns.size(place)}px` } });
  }

  drawHeads(head, axis, places, side, extent, text) {
    const hidden = axis === this.rows ? this.sheet.hiddenRows : this.sheet.hiddenColumns;
    head.replaceChildren(...range(places).map((place) => {
      const [gap, line] = [axis.gapAt.get(place), axis.firsts[place]];
      const style = { [side]: `${axis.starts[place]}px`, [extent]: `${axis.size(place)}px` };
      if (gap) {
        const title = gapText(gap, axis === this.rows ? "row" : "column");
        return make("div", { class: gap.isLeft ? "head gap left" : "head gap", style, title, onclick: () => this.open(axis, gap) }, axis === this.rows ? "⋮" : "⋯");
      }
      const fold = axis.openFoldOf(line);
      const isHidden = isWithin(hidden, line);
      const title = [isHidden && "hidden in the workbook", fold && "click to fold again"].filter(Boolean).join("; ") || null;
      const className = ["head", isHidden && "unseen", fold && "unfolded"].filter(Boolean).join(" ");
      return make("div", { class: className, style, title, onclick: fold ? () => this.close(axis, fold) : () => {} }, String(text(line)));
    }));
  }

  drawRows([first, last], columns) {
    for (const [place, element] of this.live) {
      if (place < first || place > last) {
        element.remove();
        this.live.delete(place);
      }
    }
    // In their order: the upper line of a row lies over the row above.
    let next = this.parts.rows.firstChild;
    for (let place = first; place <= last; place++) {
      const known = this.live.get(place);
      if (known && known === next) {
        next = next.nextSibling;
        continue;
      }
      const element = known ?? this.rowElement(place, columns);
      this.live.set(place, element);
      this.parts.rows.insertBefore(element, next);
    }
  }

  rowElement(place, columns) {
    const gap = this.rows.gapAt.get(place);
    const style = { top: `${this.rows.starts[place]}px`, height: `${this.rows.size(place)}px` };
    if (gap) return this.gapElement(gap, style);
    const row = this.rows.firsts[place];
    const cells = this.cells.row(row).filter((cell) => !this.mergeAt(row, cell.column));
    const [first, last] = columns.map((one) => this.columns.firsts[one]);
    const shown = [];
    cells.forEach((cell, i) => {
      const at = this.columns.placeOf(cell.column);
      if (cell.column > last || this.columns.gapAt.has(at)) return;
      const room = cell.text === null ? 0 : this.room(cells, i);
      if (cell.column < first && this.columns.starts[at] + room < this.columns.edge(first)) return;
      shown.push(this.cellElement(cell, this.columns.starts[at], this.columns.size(at), room));
    });
    return make("div", { class: "row", role: "row", "aria-rowindex": row + 1, style }, ...shown);
  }

  /** Pixels a text may take: text that is not wrapped runs over the blank cells to its right. */
  room(cells, i) {
    const [cell, look] = [cells[i], this.page.looks[cells[i].look]];
    const place = this.columns.placeOf(cell.column);
    const own = this.columns.size(place);
    if (look.stays || look.wrap || look.align === "right" || cell.text.length * 8 * (look.size ?? 1) < own - 10) return own;
    const next = cells.slice(i + 1).find((other) => other.text !== null);
    const stop = next ? this.columns.edge(next.column) : this.columns.end;
    return Math.max(stop - this.columns.starts[place], own);
  }

  cellElement(cell, left, width, room) {
    const look = this.page.looks[cell.look];
    const text = cell.text === null ? null : make("span", { dir: "auto" }, look.wrap ? cell.text : cell.text.replaceAll("\n", "↵"));
    if (text && room > width) {
      text.classList.add("over");
      text.style.width = `${room - 6}px`;
    }
    return make("div", { class: `cell look-${cell.look}`, role: "gridcell", "aria-colindex": cell.column + 1, style: { left: `${left}px`, width: `${width}px` } }, text);
  }

  gapElement(gap, style) {
    const text = gapText(gap, "row");
    const inside = gap.isLeft ? make("span", {}, text) : make("button", { type: "button", tabindex: -1, onclick: () => this.open(this.rows, gap) }, text, make("b", {}, "open"));
    return make("div", { class: gap.isLeft ? "row gap left" : "row gap", role: "row", "aria-rowindex": gap.start + 1, style }, make("div", { role: "gridcell" }, inside));
  }

  open(axis, gap) {
    this.keepInPlace(axis, gap.start, () => axis.open(gap));
  }

  close(axis, gap) {
    this.keepInPlace(axis, gap.start, () => axis.close(gap));
  }

  setFolds(isOpen) {
    const line = this.rows.firsts[this.rows.placeAt(this.place.scrollTop)];
    this.columns.setAll(isOpen);
    this.keepInPlace(this.rows, line, () => this.rows.setAll(isOpen));
  }

  /** What was at a line stays where it is on the screen. */
  keepInPlace(axis, line, change) {
    const side = axis === this.rows ? "scrollTop" : "scrollLeft";
    const before = axis.edge(line) - this.place[side];
    change();
    this.layOut();
    this.place[side] = axis.edge(line) - Math.max(before, 0);
    this.render();
    this.events.folded();
  }

  get isFolded() {
    return [...this.rows.folds, ...this.columns.folds].some((gap) => !gap.isOpen);
  }

  get hasFolds() {
    return this.rows.folds.length + this.columns.folds.length > 0;
  }

  /** The merged range that draws this cell, or hides it. They come from the top down: those far away are not looked at. */
  mergeAt(row, column) {
    const { merges } = this.sheet;
    let [start, stop] = [0, merges.length];
    while (start < stop) {
      const middle = (start + stop) >> 1;
      if (merges[middle][1] <= row) start = middle + 1;
      else stop = middle;
    }
    // Of the ranges up to one, none reaches below `reaches` of it.
    for (let number = start - 1; number >= 0 && this.reaches[number] > row; number -= 1) {
      const [left, , right, bottom] = merges[number];
      if (left <= column && column < right && row < bottom) return merges[number];
    }
    return null;
  }

  mergesIn(rows, columns) {
    const [top, bottom, left, right] = [this.rows.firsts[rows[0]], this.rows.firsts[rows[1]], this.columns.firsts[columns[0]], this.columns.firsts[columns[1]]];
    const inView = this.sheet.merges.filter((box) => box[0] <= right && box[2] > left && box[1] <= bottom && box[3] > top);
    return inView.map((box) => this.mergeElement(box));
  }

  mergeElement(box) {
    const cell = this.cells.cell(box[1], box[0]);
    const area = this.area(box);
    const [width, height] = [area.right - area.left, area.bottom - area.top];
    if (width <= 0 || height <= 0) return "";
    const element = cell ? this.cellElement(cell, area.left, width, width) : make("div", { class: "cell", style: { left: `${area.left}px`, width: `${width}px` } });
    element.classList.add("merged");
    element.style.top = `${area.top}px`;
    element.style.height = `${height}px`;
    return element;
  }

  /** Scrolls so that a box is in view, its first corner before all, and opens what hides its edges. */
  reveal([left, top, right, bottom]) {
    const opened = [this.rows.reveal(top), this.rows.reveal(Math.min(bottom, this.rows.count) - 1), this.columns.reveal(left), this.columns.reveal(Math.min(right, this.columns.count) - 1)];
    this.layOut();
    const [area, view] = [this.area([left, top, right, bottom]), this.view];
    const scroll = (start, stop, from, to) => {
      const room = to - from;
      if (start >= from && Math.min(stop, start + room) <= to) return from;
      return stop - start <= room - 60 ? start - (room - (stop - start)) / 2 : start - 40;
    };
    this.place.scrollTo(Math.max(scroll(area.left, area.right, view.left, view.right), 0), Math.max(scroll(area.top, area.bottom, view.top, view.bottom), 0));
    this.render();
    this.events.folded();
    return opened.every(Boolean);
  }

  choose(mark) {
    this.chosen = mark;
    this.reveal(mark.box);
    this.cursor.moveTo(mark.box[1], mark.box[0]);
  }
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const range = ([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
