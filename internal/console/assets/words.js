// How amounts are said.

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

// bytes is an amount, to three digits, as the server says it.
export function bytes(n) {
  if (n === 1) return "1 byte";
  if (n < 1024) return `${n} ${UNITS[0]}`;
  let unit = 0;
  do {
    n /= 1024;
    unit++;
  } while (n >= 1023.5 && unit < UNITS.length - 1); // 1024 of one is 1.00 of the next
  return `${n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

// seconds is a time that is left, no more exact than anybody can know.
export function seconds(n) {
  if (n < 90) return `${Math.ceil(n)} s`;
  if (n < 5400) return `${Math.round(n / 60)} min`;
  if (n < 172_800) return `${Math.round(n / 3600)} h`;
  return `${Math.round(n / 86_400)} days`;
}

export const percent = (part, whole) => (whole === 0 ? 0 : Math.floor((100 * part) / whole));
