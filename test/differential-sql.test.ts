/** The differential campaign on the SQL engines: the same random scripts give the reference's answers and errors. */
import { describe, expect, test } from "vitest";
import { differential, runSeed } from "./differential/campaign.js";
import { SQL_TARGETS } from "./support/sql-targets.js";

/** Queries per engine; a database costs a server more than its queries do, so each one is asked more. */
const CI_QUERIES: Readonly<Record<string, number>> = {
  "sqlite relaxed": 20_000,
  "sqlite, node:sqlite": 5000,
  postgres: 20_000,
  pglite: 2000,
};
const QUERIES_PER_CASE = 400;
/** Seeds that once failed, with what they found. */
const SEEDS: readonly (readonly [number, string])[] = [
  [2, "null in a required json field"],
  [4, "a skipped duplicate hid a missing parent"],
  [5, "a null float inside populated rows read back as 0"],
  [7, "cascades are settled before restrict is checked"],
  [8, "bytes inside JSON as a group"],
  [9, "null bytes inside populated rows read back as empty"],
  [16, "a refused update of several rows was diagnosed on half-changed rows"],
  [44, "an aggregate ordered by a measure that is not there"],
  [62, "deleted rows came back with a reference that setNull had emptied"],
  [223, "ordering by an own property of a prototype's name"],
];

for (const target of SQL_TARGETS.filter(({ name }) => name in CI_QUERIES)) {
  describe(target.name, () => {
    test("agrees with the reference on the seeds that once failed", { timeout: 120_000 }, async () => {
      for (const [seed, found] of SEEDS) expect((await runSeed(seed, [target]))?.script ?? "", found).toBe("");
    });
    const size = CI_QUERIES[target.name]!;
    test(`agrees with the reference on ${size} random queries`, { timeout: 600_000 }, async () => {
      const started = performance.now();
      const { failure, tally } = await differential({
        seed: 2_000_000,
        size,
        targets: [target],
        wide: true,
        queriesPerCase: QUERIES_PER_CASE,
        lanes: 4,
      });
      expect(failure?.script ?? "").toBe("");
      expect(tally.queries).toBeGreaterThanOrEqual(size);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.info(`differential, ${target.name}: ${JSON.stringify(tally)} in ${seconds} s`);
    });
  });
}
