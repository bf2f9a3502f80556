/** Random calls through `createClient`, nested writes and transactions among them: every engine gives the reference's rows and errors. */
import { describe, expect, test } from "vitest";
import { CALLS, runCalls } from "./differential/run-calls.js";
import { brokenTarget, MISTAKES } from "./support/broken-engine.js";
import { SQL_TARGETS } from "./support/sql-targets.js";
import { EMBEDDED_TARGETS, REFERENCE } from "./targets.js";

const SCRIPTS: Readonly<Record<string, number>> = {
  "embedded, memory": 60,
  "embedded, file": 8,
  "embedded, shards": 4,
  "sqlite relaxed": 40,
  "sqlite, node:sqlite": 20,
  postgres: 40,
  pglite: 5,
};

for (const target of [...EMBEDDED_TARGETS, ...SQL_TARGETS].filter(({ name }) => name in SCRIPTS)) {
  describe(target.name, () => {
    const scripts = SCRIPTS[target.name]!;
    test(`agrees on ${scripts} scripts of ${CALLS} calls`, { timeout: 600_000 }, async () => {
      for (let seed = 1; seed <= scripts; seed++)
        expect((await runCalls(seed, [target]))?.script ?? "", `seed ${seed}`).toBe("");
    });
  });
}

/** What calls notice; the IR campaign's tests notice them all. */
const NOTICED = Object.keys(MISTAKES).filter((name) => name !== "an update that forgets its limit");

test.each(NOTICED)("the harness notices %s", async (name) => {
  for (let seed = 1; seed <= 30; seed++) {
    const failure = await runCalls(seed, [brokenTarget(name)]);
    if (failure === null) continue;
    expect(failure.script).toContain("differs from the reference");
    expect(failure.steps).toBeLessThanOrEqual(8);
    return;
  }
  expect.unreachable("30 scripts noticed nothing");
});

test("the reference agrees with itself", async () => {
  expect(await runCalls(1, [REFERENCE])).toBeNull();
});
