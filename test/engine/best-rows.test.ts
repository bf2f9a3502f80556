import fc from "fast-check";
import { expect, test } from "vitest";
import { BestRows } from "../../src/engine/embedded/best-rows.js";
import type { Doc } from "../../src/schema/model.js";

test("the best rows are the first of a stable sort, whatever comes in", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 12 }), (values, keep) => {
      const docs: Doc[] = values.map((value, at) => ({ value, at }));
      const compare = (a: Doc, b: Doc): number => (a.value as number) - (b.value as number);
      const best = new BestRows(keep, compare);
      for (const doc of docs) best.add(doc);
      expect(best.take()).toEqual([...docs].sort(compare).slice(0, keep));
    }),
  );
});
