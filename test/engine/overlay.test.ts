/** Ranges of staged changes over a snapshot, cut to any length in either direction, against a plain sorted list. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Overlay } from "../../src/engine/embedded/overlay.js";
import type { Doc } from "../../src/schema/model.js";
import { memory } from "../../src/storage/memory/memory.js";
import { posts } from "../storage/support.js";

const name = fc.integer({ min: 0, max: 30 }).map((n) => `1${String(n).padStart(2, "0")}`);
const doc = fc.integer({ min: 0, max: 5 }).map((v): Doc => Object.freeze({ v }));
const step = fc.record({ key: name, value: fc.option(doc, { nil: undefined }), read: fc.boolean() });
const range = fc.record(
  { gte: name, lt: name, reverse: fc.boolean(), limit: fc.integer({ min: 1, max: 8 }) },
  { requiredKeys: [] },
);

test("a range with staged entries and deletions is the range of both together", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(name, doc),
      fc.array(step, { maxLength: 60 }),
      fc.array(range, { minLength: 1, maxLength: 20 }),
      async (below, steps, ranges) => {
        const store = memory();
        await store.open([posts]);
        await store.commit(Object.entries(below).map(([key, value]) => ({ space: "posts", key, value })));
        const together = new Map(Object.entries(below));
        const overlay = new Overlay();
        using snapshot = store.snapshot();
        const view = overlay.view(snapshot);
        const check = async (): Promise<void> => {
          for (const { limit, ...bounds } of ranges) {
            const keys = [...together.keys()].sort();
            const wanted = keys.filter(
              (key) => (bounds.gte === undefined || key >= bounds.gte) && (bounds.lt === undefined || key < bounds.lt),
            );
            if (bounds.reverse === true) wanted.reverse();
            const [found] = await view.ranges("posts", [bounds], limit);
            expect(found!.keys).toEqual(wanted.slice(0, limit));
            expect(found!.values).toEqual(found!.keys.map((key) => together.get(key)));
          }
        };
        for (const { key, value, read } of steps) {
          overlay.absorb([{ space: "posts", key, value }]);
          if (value === undefined) together.delete(key);
          else together.set(key, value);
          // Now and then, so that the order of the staged keys is made from few and from many new ones.
          if (read) await check();
        }
        await check();
        const undo = overlay.savepoint();
        for (const { key } of steps) overlay.stage("posts", key, undefined, 0);
        overlay.rollback(undo);
        await check();
      },
    ),
    { numRuns: 200 },
  );
});
