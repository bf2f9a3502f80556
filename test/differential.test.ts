/** The differential campaign in its CI size, after the seeds that once failed; and the proof that it notices wrong answers. */
import { describe, expect, test } from "vitest";
import { COMPARED, rarelyOnDisk } from "./campaigns/differential.js";
import { differential, regressions, runSeed } from "./differential/campaign.js";
import { brokenTarget, MISTAKES } from "./support/broken-engine.js";
import { REFERENCE } from "./targets.js";

const CI_QUERIES = 20_000;

describe("the harness notices", () => {
  test.each(Object.keys(MISTAKES))("%s", async (name) => {
    const { failure, tally } = await differential({
      seed: 1,
      size: 2000,
      targets: [brokenTarget(name)],
      queriesPerCase: 25,
    });
    expect(failure, `nothing noticed in ${tally.queries} queries`).not.toBeNull();
    expect(failure!.steps, failure!.script).toBeLessThanOrEqual(6);
    expect(failure!.script).toContain("differs from the reference");
  });
  test("nothing, where there is nothing", async () => {
    const { failure, tally } = await differential({ seed: 1, size: 300, targets: [REFERENCE] });
    expect(failure).toBeNull();
    expect(tally.queries).toBeGreaterThanOrEqual(300);
    expect(tally.refused, "constraints are violated now and then").toBeGreaterThan(0);
  });
});

describe("every engine agrees with the reference", () => {
  test("on the seeds that once failed", async () => {
    for (const { seed, found } of regressions()) {
      const failure = await runSeed(seed, COMPARED);
      expect(failure?.script ?? "", found).toBe("");
    }
  });
  test(`on ${CI_QUERIES} random queries`, { timeout: 300_000 }, async () => {
    const { failure, tally } = await differential({
      seed: 1_000_000,
      size: CI_QUERIES,
      targets: COMPARED,
      wide: true,
      every: rarelyOnDisk,
    });
    expect(failure?.script ?? "").toBe("");
    expect(tally.queries).toBeGreaterThanOrEqual(CI_QUERIES);
    console.info(`differential: ${JSON.stringify(tally)}`);
  });
});
