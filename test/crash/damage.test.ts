/** The fuzz campaign at the size of every CI run. */
import { expect, test } from "vitest";
import { emptyFuzzTally, fuzzFiles } from "./fuzz.js";

const SIZE = 5000;
const SEED = 1;

test(`${SIZE} damaged files: exactly the data, or a report`, { timeout: 300_000 }, async () => {
  const tally = emptyFuzzTally();
  expect(await fuzzFiles(SIZE, SEED, tally)).toBeNull();
  expect(tally.exact).toBeGreaterThan(0);
  expect(tally.repaired).toBeGreaterThan(SIZE / 20);
  expect(tally.reported).toBeGreaterThan(SIZE / 2);
});
