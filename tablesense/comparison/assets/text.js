"use strict";
/* Numbers as text. */

const MISSING = "–";

const format = {
  /** Four digits, as an exponent where the number is very small or large. */
  number(value) {
    if (value === null || value === undefined) return MISSING;
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
    if (Number.isInteger(value)) return value.toLocaleString("en");
    return size >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(4);
  },

  score: (value) => (value === null || value === undefined ? MISSING : value.toFixed(4)),

  megabytes: (value) => (value === null || value === undefined ? MISSING : `${Math.round(value).toLocaleString("en")} MB`),

  duration(seconds) {
    if (seconds === null || seconds === undefined) return MISSING;
    if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
    const [whole, two] = [Math.round(seconds), (n) => String(n).padStart(2, "0")];
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
    return `${Math.floor(whole / 3600).toLocaleString("en")} h ${two(Math.floor((whole % 3600) / 60))} m`;
  },

  /** A count as people say it: 1.23 M. */
  count(value) {
    if (value === null || value === undefined) return MISSING;
    const [size, unit] = [[1e9, "B"], [1e6, "M"], [1e3, "k"]].find(([limit]) => value >= limit) ?? [1, ""];
    return size === 1 ? String(value) : `${(value / size).toPrecision(3)} ${unit}`;
  },

  /** The minute a run started, in the time zone it was started in. */
  started: (iso) => (iso ? iso.slice(0, 16).replace("T", " ") : MISSING),
};

/** Axis labels: short, and with as many digits as tell neighbours apart. */
function tickTexts(values) {
  const known = values.filter((value) => value !== null);
  const step = known.length > 1 ? Math.min(...known.slice(1).map((value, i) => Math.abs(value - known[i]))) : 0;
  return values.map((value) => {
    if (value === null) return "";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if ((Math.max(...known.map(Math.abs)) < 1e-2 || size >= 1e6)) return value.toExponential().replace(/(\.\d\d)\d+/, "$1");
    const digits = step > 0 && step < 1 ? Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)) : 0;
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: Math.max(digits, step ? 3 : 6) });
  });
}

/** Log ticks: those at 1, 2 and 5 of a decade, or all where there is none of them. */
function logTexts(values) {
  const round = (value) => [1, 2, 5].includes(Number((value / 10 ** Math.floor(Math.log10(value) + 1e-9)).toFixed(6)));
  const short = (value) => (value >= 1e-3 && value < 1e6 ? Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 6 }) : value.toExponential(0));
  const known = values.filter((value) => value !== null);
  const named = known.some(round) ? round : () => true;
  return values.map((value) => (value !== null && named(value) ? short(value) : ""));
}

/** Time ticks: 0, 30 s, 1 m 30 s, 2 h. */
function timeTexts(values) {
  return values.map((value) => {
    if (value === null || value === 0) return value === null ? "" : "0";
    if (value < 60) return `${Number(value.toPrecision(3))} s`;
    const [hours, minutes, seconds] = [Math.floor(value / 3600), Math.floor((value % 3600) / 60), Number((value % 60).toFixed(1))];
    return [hours && `${hours} h`, minutes && `${minutes} m`, seconds && `${seconds} s`].filter(Boolean).join(" ");
  });
}

/** Text that may break after a slash, as keys and paths do. */
function breakable(text) {
  return text.split("/").flatMap((part, i) => (i === 0 ? [part] : ["/", make("wbr"), part]));
}
