"use strict";
/* Puts the page together: which sheet is in view, the filter, the keyboard, theme and help. */

class Report {
  constructor(data) {
    Object.assign(this, data, { least: 0, number: null });
    addLooks(this.looks);
    this.list = new SheetList(this);
    this.view = new SheetView(this);
  }

  start() {
    this.summarise();
    addTheme(document.getElementById("theme"), () => {});
    const [help, listButton] = [document.getElementById("help"), document.getElementById("list-button")];
    document.getElementById("help-button").addEventListener("click", () => help.showModal());
    listButton.addEventListener("click", () => this.showList(listButton.getAttribute("aria-expanded") !== "true"));
    document.addEventListener("keydown", (event) => this.press(event));
    addEventListener("hashchange", () => this.followAddress());
    this.list.update();
    document.querySelector(".main").hidden = this.sheets.length === 0;
    if (this.sheets.length > 0 && !this.followAddress()) this.open(this.list.shown[0] ?? 0);
  }

  summarise() {
    const tables = this.sheets.reduce((sum, sheet) => sum + sheet.tables.length, 0);
    const failed = this.files.filter((file) => file.error !== null).length;
    const left = this.sheets.filter((sheet) => sheet.left.length > 0).length;
    const texts = [plural(this.files.length, "file"), plural(this.sheets.length, "sheet"), plural(tables, "table"), failed && `${plural(failed, "file")} failed`, left && `${plural(left, "sheet")} cut short`];
    document.getElementById("summary").textContent = texts.filter(Boolean).join(" · ");
  }

  open(number, range = null) {
    this.number = number;
    this.view.show(this.sheets[number]);
    this.list.mark();
    const mark = range && this.view.verdicts.stops.find((one) => one.range === range);
    if (mark) this.view.choose(mark);
    this.remember();
    const sheet = this.sheets[number];
    this.say(`${this.files[sheet.file].name}, sheet ${sheet.name}: ${plural(this.view.verdicts.found.length, "table")}`);
  }

  /** Keeps the sheet and the table in the address, so that it can be passed on. */
  remember() {
    const range = this.view.grid.chosen?.range;
    history.replaceState(null, "", `#sheet-${this.number + 1}${range ? `-${range}` : ""}`);
  }

  /** Opens what the address names; false where it names nothing. */
  followAddress() {
    const match = /^#sheet-(\d+)(?:-([A-Z0-9:]+))?$/.exec(location.hash);
    const number = match ? Number(match[1]) - 1 : -1;
    if (!this.sheets[number]) return false;
    this.open(number, match[2] ?? null);
    return true;
  }

  /** To the next sheet of the filtered list. */
  step(by) {
    const { shown } = this.list;
    const at = shown.indexOf(this.number);
    const next = at < 0 ? shown[by > 0 ? 0 : shown.length - 1] : shown[at + by];
    if (next === undefined) {
      this.say(by > 0 ? "This is the last sheet" : "This is the first sheet", { isShown: true });
      return false;
    }
    this.open(next);
    return true;
  }

  /** To the next table, of this sheet or of the next one that has any. */
  stepTable(by) {
    if (this.view.stepTable(by)) return;
    const { shown } = this.list;
    const at = shown.indexOf(this.number);
    const others = by > 0 ? shown.slice(at + 1) : shown.slice(0, Math.max(at, 0)).reverse();
    const next = others.find((number) => judge(this.sheets[number], this.least).stops.length > 0);
    if (next === undefined) {
      this.say(by > 0 ? "This is the last table" : "This is the first table", { isShown: true });
      return;
    }
    this.open(next);
    this.view.stepTable(by);
  }

  setLeast(least) {
    this.least = least;
    this.list.update();
    if (this.number !== null) this.view.update();
  }

  /** On a narrow screen the list lies over the sheet. */
  showList(isShown) {
    document.getElementById("list-button").setAttribute("aria-expanded", String(isShown));
    document.getElementById("side").classList.toggle("open", isShown);
    if (isShown) this.list.text.focus();
  }

  press(event) {
    if (event.key === "Escape") this.showList(false);
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const view = this.view;
    const keys = {
      j: () => this.stepTable(1), k: () => this.stepTable(-1), "]": () => this.step(1), "[": () => this.step(-1),
      c: () => view.copyRange(), g: () => view.goTo.select(), f: () => view.toggleFolds(),
      a: () => this.annotated && view.annotations.click(),
      "/": () => (this.showList(true), this.list.text.select()), "?": () => document.getElementById("help").showModal(),
    };
    if (!Object.hasOwn(keys, event.key) || (this.sheets.length === 0 && event.key !== "?")) return;
    event.preventDefault();
    keys[event.key]();
  }

  /** For screen readers; `isShown` also for a moment at the foot of the page. */
  say(text, { isShown = false } = {}) {
    const live = document.getElementById("live");
    live.textContent = text;
    live.classList.toggle("toast", isShown);
    clearTimeout(this.toast);
    if (isShown) this.toast = setTimeout(() => live.classList.remove("toast"), 2500);
  }
}

const report = new Report(JSON.parse(document.getElementById("data").textContent));
report.start();
