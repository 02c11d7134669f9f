"use strict";
/* The sheet in view: its heading, its tables as chips, the grid, and the line that tells the cell in hand. */

const LEGEND = [["exact", "exact"], ["off", "edges off"], ["extra", "extra"], ["annotated", "annotated"], ["missed", "missed"]];

const swatch = (status, isAnnotation = false) => make("span", { class: `swatch ${status}${isAnnotation ? " annotation" : ""}`, "aria-hidden": "true" });

class SheetView {
  /** `page` has the data and what is filtered; the view asks it for the next and the previous sheet. */
  constructor(page) {
    this.page = page;
    this.place = Object.fromEntries(["sheet-head", "chips", "grid", "status"].map((id) => [id, document.getElementById(id)]));
    const events = { moved: (...cell) => this.tellCell(...cell), chosen: (mark) => this.choose(mark), folded: () => this.updateFold() };
    this.grid = new Grid(this.place.grid, page, events);
    this.addHead();
    this.addStatus();
  }

  addHead() {
    const button = (text, label, onclick) => make("button", { type: "button", class: "button", "aria-label": label, title: label, onclick }, text);
    this.title = make("h2", { tabindex: -1 });
    this.facts = make("p", { class: "muted facts" });
    this.goTo = make("input", { type: "text", class: "go", placeholder: "Go to B4", "aria-label": "Go to a cell, a range or a row", autocomplete: "off", spellcheck: "false", onkeydown: (event) => event.key === "Enter" && this.jump() });
    this.fold = button("", "Open or fold rows and columns", () => this.toggleFolds());
    this.copy = button("Copy range", "Copy the range of the table in hand", () => this.copyRange());
    this.annotations = make("input", { type: "checkbox", checked: true, onchange: () => this.update() });
    const show = this.page.annotated ? make("label", { class: "check" }, this.annotations, "Annotations") : null;
    const steps = make("div", { class: "steps" }, button("‹", "Previous sheet", () => this.page.step(-1)), button("›", "Next sheet", () => this.page.step(1)));
    this.place["sheet-head"].append(
      make("div", { class: "heading" }, steps, make("div", { class: "names" }, this.title, this.facts)),
      make("div", { class: "controls" }, show, this.fold, this.copy, this.goTo));
  }

  addStatus() {
    this.where = make("b", {});
    this.what = make("span", { dir: "auto" });
    const legend = this.page.annotated ? make("ul", { class: "legend", "aria-label": "Colours of frames" }, ...LEGEND.map(([status, text]) => make("li", {}, swatch(status, ["annotated", "missed"].includes(status)), text))) : null;
    this.place.status.append(make("p", { class: "cell-text", tabindex: 0, role: "group", "aria-label": "The cell in hand" }, this.where, this.what), ...[legend].filter(Boolean));
  }

  show(sheet) {
    this.sheet = sheet;
    const file = this.page.files[sheet.file];
    this.title.replaceChildren(make("bdi", { class: "muted", title: file.name }, shortName(file.name)), make("span", { class: "muted" }, " › "), make("bdi", {}, sheet.name));
    this.facts.replaceChildren(...this.factTexts().map((text) => make("span", {}, text)));
    this.verdicts = judge(sheet, this.page.least);
    this.grid.show(sheet, this.marks);
    this.tellCell(0, 0, this.grid.cells.cell(0, 0));
    this.grid.cursor.reset();
    this.drawChips();
    this.updateFold();
  }

  factTexts() {
    const { sheet } = this;
    const [width, height] = sheet.size;
    const left = sheet.left.length ? `${plural(sheet.left.reduce((sum, [start, stop]) => sum + stop - start, 0), "row")} (${plural(sheet.leftCells, "cell")}) left out of this page, to keep it small` : null;
    return [`${plural(height, "row")} × ${plural(width, "column")}`, sheet.hidden && "hidden sheet", left, ...sheet.notes].filter(Boolean);
  }

  /** Frames in the order they are drawn: what was found lies over what is annotated. */
  get marks() {
    const { found, annotated } = this.verdicts;
    return [...(this.annotations.checked ? annotated : []), ...found];
  }

  /** After the score filter or the check box changed. */
  update() {
    this.verdicts = judge(this.sheet, this.page.least);
    this.grid.setMarks(this.marks);
    this.drawChips();
  }

  drawChips() {
    const chip = (mark) => make("button", {
      type: "button", class: "chip", "aria-pressed": String(mark === this.grid.chosen), title: chipHint(mark), onclick: () => this.choose(mark),
    }, swatch(mark.status, mark.isAnnotation), make("b", {}, mark.range), mark.title === null ? null : make("span", { class: "chip-title", dir: "auto" }, mark.title), mark.score === null ? null : make("span", {}, mark.score.toFixed(2)), mark.verdict ? make("span", { class: `verdict ${mark.status}` }, mark.verdict) : null);
    const { stops } = this.verdicts;
    const hidden = this.sheet.tables.length - this.verdicts.found.length;
    const texts = [stops.length === 0 && "No table found on this sheet.", hidden > 0 && `${plural(hidden, "table")} scored lower than ${this.page.least.toFixed(2)}.`].filter(Boolean);
    const notes = (this.grid.chosen?.notes ?? []).map((text) => make("p", { class: "note", dir: "auto" }, text));
    this.place.chips.replaceChildren(...stops.map(chip), ...texts.map((text) => make("span", { class: "muted" }, text)), ...notes);
    this.copy.disabled = this.grid.chosen === null;
  }

  choose(mark) {
    this.grid.choose(mark);
    this.drawChips();
    this.place.chips.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.page.remember();
    this.page.say(`Table ${mark.label}`);
  }

  /** To the next table of the sheet; false where there is none. */
  stepTable(by) {
    const { stops } = this.verdicts;
    const at = stops.indexOf(this.grid.chosen);
    const next = at < 0 ? (by > 0 ? 0 : stops.length - 1) : at + by;
    if (!stops[next]) return false;
    this.choose(stops[next]);
    return true;
  }

  jump() {
    const box = parseRange(this.goTo.value);
    const [width, height] = this.sheet.size;
    const isInside = box !== null && box[0] < width && box[1] < height;
    this.goTo.setAttribute("aria-invalid", String(!isInside));
    if (!isInside) {
      this.page.say(box === null ? "Type a cell like B4, a range or a row" : `The sheet ends at ${address(height - 1, width - 1)}`);
      return;
    }
    this.grid.reveal([box[0], box[1], Math.min(box[2], width), Math.min(box[3], height)]);
    this.grid.cursor.moveTo(box[1], box[0]);
    this.place.grid.focus({ preventScroll: true });
  }

  tellCell(row, column, cell) {
    const text = typeof cell === "string" ? cell : cell?.text ?? "";
    this.where.textContent = typeof cell === "string" ? "" : address(row, column);
    this.what.textContent = text;
  }

  toggleFolds() {
    if (this.grid.hasFolds) this.grid.setFolds(this.grid.isFolded);
  }

  updateFold() {
    this.fold.hidden = !this.grid.hasFolds;
    this.fold.textContent = this.grid.isFolded ? "Open folds" : "Fold";
  }

  async copyRange() {
    const range = this.grid.chosen?.range;
    if (!range) return this.page.say("Choose a table first");
    const isCopied = await copyText(range);
    this.page.say(isCopied ? `Copied ${range}` : `Could not copy ${range}`, { isShown: true });
  }
}

/** What a chip says of its table when it is pointed at: the whole title, which may not fit, and header rows. */
const chipHint = (mark) => [mark.title, mark.header ? plural(mark.header, "header row") : null].filter(Boolean).join("\n") || null;

/** Puts text on the clipboard; by an older way where a page from a file may not use the newer one. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement;
    const field = make("textarea", { class: "hidden-text", readonly: true }, text);
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    before?.focus({ preventScroll: true });
    return isCopied;
  }
}

/** The last part of a path. */
const shortName = (name) => name.split(/[\\/]/).pop() || name;
