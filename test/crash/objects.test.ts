/** The hooks storage on object stores that refuse, tear, lose or do not answer; see objects.ts. */
import { expect, test } from "vitest";
import { emptyTally } from "../campaigns/crash.js";
import { badAnswers, objectImages } from "./objects.js";

const SEEDS = 25;

test("hooks: whatever a bad object store leaves is a state that was committed, or is reported", {
  timeout: 120_000,
}, async () => {
  const tally = emptyTally();
  for (let seed = 1; seed <= SEEDS; seed++) await objectImages(seed, tally);
  expect(tally.images).toBeGreaterThan(SEEDS * 50);
});

test("hooks: after a save that failed or was lost, the next one holds exactly what was acknowledged", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await badAnswers(seed);
});
