/** Positions in order of key, stable, whether or not somebody else's turn comes in between. */
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { Pace } from "../../src/storage/pace.js";
import { orderOf } from "../../src/storage/sorted-order.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const keys = fc
  .record({ count: fc.integer({ min: 0, max: 6000 }), seed: fc.integer(), kinds: fc.constantFrom(1, 7, 500, 100_000) })
  .map(({ count, seed, kinds }) =>
    Array.from({ length: count }, (_, i) => `k${(Math.imul(i + seed, 0x9e3779b1) >>> 0) % kinds}`),
  );

test.each([false, true])("as a stable sort does it, with pauses: %s", async (pauses) => {
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    if (pauses) time += 100;
    return time;
  });
  await fc.assert(
    fc.asyncProperty(keys, async (keys) => {
      const wanted = keys.map((_, i) => i).sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : a - b));
      expect([...(await orderOf(keys, new Pace()))]).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});
