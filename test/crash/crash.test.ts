/** The crash campaign at the size of every CI run. */
import { expect, test } from "vitest";
import { crashImages, emptyTally } from "../campaigns/crash.js";

const SIZE = 40_000;
const SEED = 1;

test(`${SIZE} crash images hold a prefix of the commits with every acknowledged one`, {
  timeout: 300_000,
}, async () => {
  const tally = emptyTally();
  expect(await crashImages(SIZE, SEED, tally)).toBeNull();
  expect(tally.images).toBeGreaterThanOrEqual(SIZE);
  expect(tally.second).toBeGreaterThan(1000);
  expect(tally.faults).toBeGreaterThan(0);
});
