/** The isolation campaign at the size of every CI run. */
import { expect, test } from "vitest";
import { emptyIsolationTally, isolation } from "../../campaigns/isolation.js";

test("2000 transactions, interleaved at every wait, are strictly serializable", { timeout: 120_000 }, async () => {
  const tally = emptyIsolationTally();
  expect(await isolation(2000, 1, tally)).toBeNull();
  expect(tally.committed).toBeGreaterThan(1000);
});
