// Numbers as people read them, in the language of the page. Pure but for the language.

let locale = "en";

export function setLocale(name) {
  locale = name;
}

const number = (value, options) => new Intl.NumberFormat(locale, options).format(value);

// The signs of the SI where Intl would write "sec" and "hr".
const SIGNS = { millisecond: "ms", second: "s", minute: "min", hour: "h" };

function inUnit(value, unit, digits = 0) {
  const fraction = { minimumFractionDigits: 0, maximumFractionDigits: digits };
  if (locale === "en" && unit in SIGNS) return `${number(value, fraction)}\u00a0${SIGNS[unit]}`;
  return number(value, { style: "unit", unit, unitDisplay: "short", ...fraction });
}

/** 9 ms, 1.4 s, 3 min. */
export function milliseconds(value) {
  if (value < 1000) return inUnit(Math.round(value), "millisecond");
  return seconds(value / 1000);
}

export function seconds(value) {
  if (value < 10) return inUnit(value, "second", 1);
  if (value < 90) return inUnit(Math.round(value), "second");
  if (value < 5400) return inUnit(Math.round(value / 60), "minute");
  return inUnit(value / 3600, "hour", 1);
}

/** 840 kB, 3.2 MB. */
export function bytes(value) {
  if (value < 1_000_000) return inUnit(Math.max(1, Math.round(value / 1000)), "kilobyte");
  return inUnit(value / 1_000_000, "megabyte", 1);
}

/** A share from 0 to 1 as per cent. */
export function percent(value) {
  return number(value, { style: "percent" });
}

export function count(value) {
  return number(value, { maximumFractionDigits: 1 });
}

export function time(value) {
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(value);
}
