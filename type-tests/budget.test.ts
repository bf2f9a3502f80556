/**
 * The gate on what types cost: instantiations of each kind of call, of the schema, and of a typo against the right call, by
 * TypeScript 5.9 and 6.0. Counts are exact and the same on every machine. A kind that costs a tenth more than
 * `budget/baseline.json` says fails; a deliberate change is accepted with UPDATE_BUDGET=1 npm run test:budget.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openCounter } from "./budget/counter.js";
import { KINDS, LEAST, TYPOS } from "./budget/kinds.js";

const BASELINE = fileURLToPath(new URL("budget/baseline.json", import.meta.url));
const ALLOWED = 1.1;
const TYPO = 1.5;
/**
 * Typos that cost more, because the compiler pays for such a mistake whatever the types are: as much as the least types show
 * and half of the right call at most (docs/editor.md says why).
 */
const DEARER: Readonly<Record<string, readonly (keyof typeof LEAST)[]>> = {
  "where of count": ["key"],
  select: ["list"],
  "select of findById": ["list"],
  omit: ["list"],
  "data of createMany": ["key"],
  aggregate: ["list"],
};
/** Those that the compiler makes dearer by what their own types hold: the baseline alone holds them. */
const BASELINE_ONLY: ReadonlySet<string> = new Set(["an option", "orderBy of the builder"]);

interface Baseline {
  readonly [compiler: string]: Readonly<Record<string, number>>;
}

const baseline = JSON.parse(readFileSync(BASELINE, "utf8")) as Baseline;
const update = process.env.UPDATE_BUDGET === "1";

describe.each(["5.9", "6.0"] as const)("TypeScript %s", (version) => {
  const small = openCounter(version, 10);

  it("counts no more for a kind of call than the baseline and a tenth", () => {
    const now: Record<string, number> = {};
    for (const [kind, query] of Object.entries(KINDS)) now[kind] = small.count(query);
    for (const [name, [, wrong]] of Object.entries(TYPOS)) now[`typo in ${name}`] = small.count(wrong, true);
    if (update) {
      const kept = JSON.parse(readFileSync(BASELINE, "utf8")) as Baseline;
      writeFileSync(BASELINE, `${JSON.stringify({ ...kept, [version]: now }, null, 2)}\n`);
      return;
    }
    const known = baseline[version] ?? {};
    expect(Object.keys(now), "kinds and baseline").toEqual(Object.keys(known));
    const grown = Object.entries(now)
      .filter(([kind, count]) => count > Math.floor((known[kind] ?? 0) * ALLOWED))
      .map(([kind, count]) => `${kind}: ${count}, was ${known[kind]}`);
    expect(grown).toEqual([]);
  });

  it("counts the same for a call among 100 models as among 10", () => {
    const large = openCounter(version, 100);
    for (const [kind, query] of Object.entries(KINDS)) expect(large.count(query), kind).toBe(small.count(query));
  });

  it("counts a schema linearly: nothing a model, until a model is used", () => {
    for (const models of [10, 50, 100]) {
      const counter = models === 10 ? small : openCounter(version, models);
      expect(counter.count("db"), `${models} models`).toBe(0);
      const groups = Array.from({ length: models / 5 }, (_, n) => `q${n}: db.user${n === 0 ? "" : n}s.findMany()`);
      const each = counter.count(`{ ${groups.join(", ")} }`) / groups.length;
      expect(each, `${models} models`).toBeLessThanOrEqual(small.count("db.users.findMany()"));
    }
  });

  /** What the least types cost more when they are misused. */
  const least = (name: keyof typeof LEAST): number => {
    const [right, wrong] = LEAST[name];
    return small.count(wrong, true) - small.count(right);
  };

  it.each(Object.entries(TYPOS).filter(([name]) => !BASELINE_ONLY.has(name)))(
    "counts at most half more for the typo in %s",
    (name, [right, wrong]) => {
      const allowed = small.count(right) * TYPO;
      const spared = (DEARER[name] ?? []).reduce((sum, each) => sum + least(each), 0);
      if (spared > 0) expect(small.count(wrong, true), "no longer dearer").toBeGreaterThan(allowed);
      expect(small.count(wrong, true)).toBeLessThanOrEqual(allowed + spared);
    },
  );

  it("counts at most half more for all typos together", () => {
    const sum = (of: 0 | 1) => Object.values(TYPOS).reduce((all, pair) => all + small.count(pair[of], of === 1), 0);
    expect(sum(1)).toBeLessThanOrEqual(sum(0) * TYPO);
  });

  it.each(["word", "key"] as const)("is told a second mistake of a sort for nothing: %s", (name) => {
    const [right, wrong] = LEAST[name];
    const once = small.count(wrong, true) - small.count(right);
    const other = wrong.replace("three", "four").replace("ix", "iy");
    expect(small.count(`[${wrong}, ${other}]`, true) - small.count(`[${right}, ${right}]`)).toBe(once);
  });
});
