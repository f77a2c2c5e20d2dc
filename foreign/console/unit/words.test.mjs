import assert from "node:assert/strict";
import test from "node:test";
import { bytes, percent, seconds } from "../../../internal/console/assets/words.js";

for (const [n, want] of [
  [0, "0 bytes"], [1, "1 byte"], [1023, "1023 bytes"], [1024, "1.00 KiB"], [1023 * 1024, "1023 KiB"], [8 << 20, "8.00 MiB"],
  [1023693, "1000 KiB"], [999 * 1024 + 600, "1000 KiB"], [1023.4 * 1024, "1023 KiB"], [1048063, "1023 KiB"], [1048064, "1.00 MiB"], [(1 << 20) - 1, "1.00 MiB"],
  [9.994 * 1024, "9.99 KiB"], [9.996 * 1024, "10.0 KiB"], [99.94 * 1024, "99.9 KiB"], [99.96 * 1024, "100 KiB"], [1000 * 2 ** 20, "1000 MiB"],
  [1.5 * 2 ** 30, "1.50 GiB"], [40_000 * 2 ** 30, "39.1 TiB"], [5000 * 2 ** 40, "5000 TiB"],
]) {
  test(`${n} bytes`, () => assert.equal(bytes(n), want));
}

for (const [n, want] of [[0.2, "1 s"], [89, "89 s"], [90, "2 min"], [3600, "60 min"], [7200, "2 h"], [200_000, "2 days"]]) {
  test(`${n} seconds`, () => assert.equal(seconds(n), want));
}

test("percent is not 100 before the end, and there is none of nothing", () => {
  assert.deepEqual([percent(999, 1000), percent(1000, 1000), percent(0, 0)], [99, 100, 0]);
});
