// How amounts are said.

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

// bytes is an amount, to three digits.
export function bytes(n) {
  if (n === 1) return "1 byte";
  let unit = 0;
  while (n >= 1024 && unit < UNITS.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toPrecision(n < 1000 ? 3 : 4)} ${UNITS[unit]}`;
}

// seconds is a time that is left, no more exact than anybody can know.
export function seconds(n) {
  if (n < 90) return `${Math.ceil(n)} s`;
  if (n < 5400) return `${Math.round(n / 60)} min`;
  if (n < 172_800) return `${Math.round(n / 3600)} h`;
  return `${Math.round(n / 86_400)} days`;
}

export const percent = (part, whole) => (whole === 0 ? 0 : Math.floor((100 * part) / whole));
