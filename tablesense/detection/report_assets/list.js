"use strict";
/* The list of files and sheets, filtered and sorted. */

const NEAR = 2; // cells: the tolerance of EoB-2

const ERRORS = [
  { name: "all sheets", fits: () => true, always: true },
  { name: "with an error", fits: (v) => v.missed + v.extra + v.off > 0, judged: true },
  { name: "missed tables", fits: (v) => v.missed > 0, judged: true },
  { name: "extra tables", fits: (v) => v.extra > 0, judged: true },
  { name: "edges off (EoB > 0)", fits: (v) => v.off > 0, judged: true },
  { name: `edges off by more than ${NEAR} (EoB > ${NEAR})`, fits: (v) => v.farthest > NEAR, judged: true },
  { name: "without an error", fits: (v, sheet) => sheet.annotated !== null && v.missed + v.extra + v.off === 0, judged: true },
  { name: "no tables found", fits: (v) => v.found.length === 0 },
  { name: "with notes", fits: (v, sheet) => sheet.notes.length > 0 || sheet.left.length > 0 },
  { name: "what failed", fits: (v, sheet) => sheet.failed, failed: true },
];

const ORDERS = [
  { name: "in the order given", rank: null },
  { name: "most errors first", rank: (v) => -(v.missed + v.extra + v.off), judged: true },
  { name: "largest EoB first", rank: (v) => -v.farthest, judged: true },
  { name: "least sure first", rank: (v) => (v.found.length ? v.lowest : 2) },
  { name: "most tables first", rank: (v) => -v.found.length },
];

class SheetList {
  constructor(page) {
    Object.assign(this, { page, shown: [] });
    this.place = document.getElementById("list");
    const offered = (choices) => choices.filter((choice) => page.annotated || !choice.judged).filter((choice) => !choice.failed || page.files.some((file) => file.error !== null) || page.sheets.some((sheet) => sheet.failed));
    const select = (label, choices) => make("select", { "aria-label": label, onchange: () => this.update() }, ...choices.map((choice, i) => make("option", { value: i }, choice.name)));
    [this.errors, this.orders] = [offered(ERRORS), offered(ORDERS)];
    this.text = make("input", { type: "search", placeholder: "Filter files and sheets", "aria-label": "Filter files and sheets by name", oninput: () => this.update() });
    this.error = select("Which sheets", this.errors);
    this.order = select("Order", this.orders);
    this.least = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0, id: "least", oninput: () => page.setLeast(Number(this.least.value)) });
    this.leastText = make("output", { for: "least" });
    document.getElementById("filters").append(this.text, this.error, this.order, make("label", { class: "slider" }, "score from ", this.least, this.leastText));
  }

  /** Draws the list anew; the sheet in view stays in view whatever the filter says. */
  update() {
    const { page } = this;
    const words = this.text.value.trim().toLowerCase();
    const [error, order] = [this.errors[this.error.value], this.orders[this.order.value]];
    const fitsText = (...names) => names.some((name) => name.toLowerCase().includes(words));
    const judged = page.sheets.map((sheet, number) => ({ sheet, number, verdicts: judge(sheet, page.least) }));
    const shown = judged.filter(({ sheet, verdicts }) => error.fits(verdicts, sheet) && fitsText(page.files[sheet.file].name, sheet.name));
    if (order.rank) shown.sort((a, b) => order.rank(a.verdicts) - order.rank(b.verdicts));
    this.shown = shown.map(({ number }) => number);
    const failed = page.files.filter((file) => file.error !== null && (error.always || error.failed) && fitsText(file.name));
    this.leastText.textContent = page.least.toFixed(2);
    const groups = order.rank ? shown.map((one) => [one]) : grouped(shown);
    this.place.replaceChildren(...failed.map(failedItem), ...groups.map((group) => this.group(group)));
    const all = page.sheets.length;
    document.getElementById("count").textContent = shown.length === all ? "" : shown.length === 0 && failed.length === 0 ? "No sheet fits the filter." : `${shown.length.toLocaleString("en")} of ${plural(all, "sheet")}`;
    this.mark();
  }

  group(group) {
    const file = this.page.files[group[0].sheet.file];
    const head = make("div", { class: "file", title: file.name }, make("bdi", {}, shortName(file.name)));
    return make("section", { "aria-label": shortName(file.name) }, head, ...group.map((one) => this.item(one)));
  }

  item({ sheet, number, verdicts }) {
    const badge = (count, status, text) => (count > 0 ? make("span", { class: `badge ${status}`, title: `${count} ${text}` }, `${count} ${text}`) : null);
    const badges = sheet.failed
      ? [make("span", { class: "badge extra" }, "failed")]
      : sheet.annotated === null
      ? [make("span", { class: "badge plain" }, verdicts.found.length ? plural(verdicts.found.length, "table") : "no table")]
      : [badge(verdicts.exact, "exact", "exact"), badge(verdicts.off, "off", "off"), badge(verdicts.extra, "extra", "extra"), badge(verdicts.missed, "missed", "missed")];
    const none = badges.every((one) => one === null) ? make("span", { class: "badge plain" }, "no table") : null;
    return make("a", { class: "item", href: `#sheet-${number + 1}`, "data-sheet": number, onclick: (event) => this.follow(event, number) },
      make("bdi", { class: "item-name" }, sheet.name), make("span", { class: "badges" }, ...badges, none));
  }

  follow(event, number) {
    event.preventDefault();
    this.page.open(number);
    this.page.showList(false);
  }

  /** Marks the sheet in view. */
  mark() {
    this.place.querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
    const item = this.place.querySelector(`[data-sheet="${this.page.number}"]`);
    item?.setAttribute("aria-current", "true");
    item?.scrollIntoView({ block: "nearest" });
  }
}

/** Sheets of one file that follow each other. */
function grouped(shown) {
  const groups = [];
  for (const one of shown) {
    if (groups.at(-1)?.[0].sheet.file === one.sheet.file) groups.at(-1).push(one);
    else groups.push([one]);
  }
  return groups;
}

function failedItem(file) {
  return make("section", { class: "failed", "aria-label": shortName(file.name) }, make("div", { class: "file", title: file.name }, make("bdi", {}, shortName(file.name))), make("p", { class: "file-error" }, file.error));
}
