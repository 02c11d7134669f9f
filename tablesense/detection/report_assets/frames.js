"use strict";
/* What lies over the cells: frames of tables with their labels, and the words of gaps. */

function gapText(gap, word) {
  const count = plural(gap.stop - gap.start, word);
  return gap.isLeft ? `⋮ ${count} left out, to keep the page small` : `⋮ ${count} folded`;
}

/** A frame with its label. Sides out of view are left out: a frame may be millions of pixels high. */
function drawMark({ mark, area, plate }, view, grid) {
  const reach = 400;
  const [top, bottom] = [Math.max(area.top, view.top - reach), Math.min(area.bottom, view.bottom + reach)];
  const [left, right] = [Math.max(area.left, view.left - reach), Math.min(area.right, view.right + reach)];
  const isInView = top < bottom && left < right;
  if (!isInView && !plate) return [];
  const open = [top > area.top && "no-top", bottom < area.bottom && "no-bottom", left > area.left && "no-left", right < area.right && "no-right"];
  const names = ["frame", mark.isAnnotation ? "annotation" : "", mark.status, mark === grid.chosen ? "chosen" : "", ...open];
  const box = { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` };
  const elements = isInView ? [make("div", { class: names.filter(Boolean).join(" "), style: box })] : [];
  if (mark.header > 0 && isInView) {
    const line = grid.rows.edge(mark.box[1] + mark.header);
    if (line < bottom && line > top) elements.push(make("div", { class: `header-line ${mark.status}`, style: { left: `${left}px`, width: `${right - left}px`, top: `${line}px` }, title: plural(mark.header, "header row") }));
  }
  if (plate) elements.push(drawLabel(mark, area, plate, view, grid));
  return elements;
}

/** The label, kept in view as long as some of its table is. */
function drawLabel(mark, area, plate, view, grid) {
  const isPinned = plate.top < view.top && area.bottom > view.top + 2 * LABEL_HEIGHT;
  const top = isPinned ? view.top + 2 : plate.top;
  const width = plate.right - plate.left;
  let left = plate.left < view.left && area.right > view.left + width ? view.left + 2 : plate.left;
  if (isPinned) {
    for (const other of grid.pinned) if (left < other.right && other.left < left + width) left = other.right + 3;
    grid.pinned.push({ left, right: left + width });
  }
  const className = ["label", mark.isAnnotation ? "annotation" : "", mark.status, isPinned ? "pinned" : "", mark === grid.chosen ? "chosen" : ""].filter(Boolean).join(" ");
  return make("button", { type: "button", tabindex: -1, class: className, style: { left: `${left}px`, top: `${top}px` }, onclick: () => grid.events.chosen(mark) }, mark.label);
}
