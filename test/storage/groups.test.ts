/** Groups answer as ranges of the newest version do, through any commits; older snapshots keep theirs. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/schema/model.js";
import { groupsByRanges } from "../../src/storage/groups.js";
import { encodeKey, firstComponent } from "../../src/storage/key.js";
import { MapStore } from "../../src/storage/map/map-store.js";
import type { Mutation, Snapshot, Space } from "../../src/storage/store.js";

const scalar = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
) as fc.Arbitrary<Json>;

test("the first component of a key is the key of the first value", () => {
  fc.assert(
    fc.property(scalar, fc.array(scalar, { maxLength: 2 }), (first, rest) => {
      expect(firstComponent(encodeKey([first, ...rest]))).toBe(encodeKey([first]));
    }),
    { numRuns: 2000 },
  );
});

const posts: Space = {
  id: "posts",
  kind: "docs",
  keyOf: (doc) => encodeKey([doc.id as number]),
  derive: [{ space: "posts/author", keys: (doc, key) => [encodeKey([doc.author as number]) + key] }],
};
const authors: Space = { id: "posts/author", kind: "index", keyOf: posts.keyOf, derive: [] };

const write = fc.record({ id: fc.nat(6), author: fc.option(fc.nat(3), { nil: null }) });

test("groups are what ranges find, after every commit and in older snapshots", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(write, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), async (commits) => {
      const store = new MapStore("test", null);
      await store.open([posts, authors]);
      const rows = new Map<number, { readonly id: number; readonly author: number }>();
      const wanted = [0, 1, 2, 3, 4].map((author) => encodeKey([author]));
      const check = async (snapshot: Snapshot) => {
        const expected = await groupsByRanges(snapshot, "posts/author", wanted);
        expect(await snapshot.groups("posts/author", wanted)).toEqual(expected);
        return expected;
      };
      const older: { snapshot: Snapshot; saw: unknown }[] = [];
      for (const writes of commits) {
        const batch = new Map<string, Mutation>();
        for (const { id, author } of writes) {
          const key = encodeKey([id]);
          const before = rows.get(id);
          if (before !== undefined) {
            const entry = encodeKey([before.author]) + key;
            batch.set(`i${entry}`, { space: "posts/author", key: entry, value: undefined });
          }
          const after = author === null ? undefined : Object.freeze({ id, author });
          batch.set(`d${key}`, { space: "posts", key, value: after });
          if (after === undefined) {
            rows.delete(id);
            continue;
          }
          rows.set(id, after);
          const entry = encodeKey([after.author]) + key;
          batch.set(`i${entry}`, { space: "posts/author", key: entry, value: after });
        }
        await store.commit([...batch.values()]);
        const snapshot = store.snapshot();
        older.push({ snapshot, saw: await check(snapshot) });
      }
      for (const { snapshot, saw } of older) {
        expect(await check(snapshot)).toEqual(saw);
        snapshot[Symbol.dispose]();
      }
      await store.close();
    }),
    { numRuns: 150 },
  );
});
