"use strict";
/* The looks of cells as a style sheet. A workbook's colours are made for white paper; on a dark page light
   fills become dark ones of the same hue, and letters as light as it takes to read them. */

const DARK_SURFACE = [20, 23, 28];

const toRgb = (hex) => [0, 2, 4].map((start) => parseInt(hex.slice(start, start + 2), 16));
const toHex = (rgb) => `#${rgb.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;

function toHsl(rgb) {
  const [r, g, b] = rgb.map((channel) => channel / 255);
  const [high, low] = [Math.max(r, g, b), Math.min(r, g, b)];
  const [lightness, range] = [(high + low) / 2, high - low];
  if (range === 0) return [0, 0, lightness];
  const hue = high === r ? ((g - b) / range + 6) % 6 : high === g ? (b - r) / range + 2 : (r - g) / range + 4;
  return [hue * 60, range / (1 - Math.abs(2 * lightness - 1)), lightness];
}

function fromHsl([hue, saturation, lightness]) {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return 255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  });
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours by WCAG, 1 to 21. */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** A fill for the dark page. */
function darkFill(rgb) {
  const [hue, saturation, lightness] = toHsl(rgb);
  if (lightness > 0.99) return DARK_SURFACE;
  return fromHsl([hue, saturation * 0.75, lightness > 0.5 ? 0.13 + (1 - lightness) * 0.5 : Math.max(lightness, 0.1)]);
}

/** Letters that can be read on a fill of the dark page, as near to their colour as that allows. */
function darkText(rgb, fill) {
  const [hue, saturation, lightness] = toHsl(rgb);
  for (let step = lightness; step < 1; step += 0.04) {
    const lighter = fromHsl([hue, saturation, step]);
    if (contrast(lighter, fill) >= 4.5) return lighter;
  }
  return [255, 255, 255];
}

function lookRule(look, number) {
  const declarations = [];
  const fill = look.fill ? toRgb(look.fill) : null;
  const onDark = fill ? darkFill(fill) : DARK_SURFACE;
  if (fill) declarations.push(`background-color:light-dark(${toHex(fill)},${toHex(onDark)})`);
  if (look.color) declarations.push(`color:light-dark(#${look.color},${toHex(darkText(toRgb(look.color), onDark))})`);
  else if (fill) declarations.push(`color:light-dark(#000,${toHex(darkText([27, 31, 36], onDark))})`);
  if (look.bold) declarations.push("font-weight:700");
  if (look.italic || look.unknown) declarations.push("font-style:italic");
  if (look.underline || look.strike) declarations.push(`text-decoration:${[look.underline && "underline", look.strike && "line-through"].filter(Boolean).join(" ")}`);
  if (look.size) declarations.push(`font-size:${12 * look.size}px`);
  if (look.align) declarations.push(`text-align:${look.align}`);
  if (look.valign) declarations.push(`align-items:${look.valign === "top" ? "start" : "center"}`);
  if (look.indent) declarations.push(`padding-${look.align === "right" ? "right" : "left"}:${5 + 9 * look.indent}px`);
  // Outside on the left and at the top, so that it lies on the neighbour's line and is never double.
  const lines = { l: "-1px 0", r: "inset -1px 0", t: "0 -1px", b: "inset 0 -1px" };
  if (look.sides) declarations.push(`box-shadow:${[...look.sides].map((side) => `${lines[side]} var(--drawn)`).join(",")}`);
  if (look.comment) declarations.push("background-image:linear-gradient(225deg,var(--comment) 4px,transparent 4.5px)");
  const wrap = look.wrap ? `.look-${number}>span{white-space:pre-wrap;overflow-wrap:anywhere}` : "";
  return `.look-${number}{${declarations.join(";")}}${wrap}`;
}

/** Makes the classes `look-0`, `look-1`, ...; the colours were checked to be colours when the page was written. */
function addLooks(looks) {
  const styles = new CSSStyleSheet();
  styles.replaceSync(looks.map(lookRule).join("\n"));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, styles];
}
