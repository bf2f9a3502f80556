/** Point reads answer as the tree does, through any commits, before and after their hash is made. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Doc } from "../../src/schema/model.js";
import { encodeKey } from "../../src/storage/key.js";
import { MapStore } from "../../src/storage/map/map-store.js";
import type { Key, Mutation, Space } from "../../src/storage/store.js";

const keyOf = (doc: Doc): Key => encodeKey([doc.id as string]);
const prefix = (doc: Doc): Key => encodeKey([(doc.email ?? null) as string | null]);
const users: Space = {
  id: "users",
  kind: "docs",
  keyOf,
  point: (doc) => doc.id,
  derive: [{ space: "users/email", unique: true, point: (doc) => doc.email, keys: (doc, key) => [prefix(doc) + key] }],
};
const emails: Space = { id: "users/email", kind: "index", keyOf, derive: [] };

// Few values, some of which begin others, so that rows meet and prefixes nest.
const email = fc.constantFrom("a", "a\0", "a\0b", "ab", "b", "\0", null);
const step = fc.record({ id: fc.constantFrom("1", "2", "3", "a"), email: fc.option(email, { nil: undefined }) });

test("by key and by unique value", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 20 }), async (commits) => {
      const store = new MapStore("test", null);
      await store.open([users, emails]);
      const rows = new Map<string, Doc>();
      for (const [number, steps] of commits.entries()) {
        const batch = new Map<string, Mutation>();
        const stage = (mutation: Mutation) => batch.set(`${mutation.space} ${mutation.key}`, mutation);
        for (const { id, email: wanted } of steps) {
          const before = rows.get(id);
          const taken = [...rows.values()].some((row) => row.id !== id && row.email === wanted);
          if (wanted !== null && taken) continue;
          if (before !== undefined) {
            stage({ space: "users", key: keyOf(before), value: undefined });
            stage({ space: "users/email", key: prefix(before) + keyOf(before), value: undefined });
            rows.delete(id);
          }
          if (wanted === undefined) continue;
          const after = Object.freeze({ id, email: wanted });
          stage({ space: "users", key: keyOf(after), value: after });
          stage({ space: "users/email", key: prefix(after) + keyOf(after), value: after });
          rows.set(id, after);
        }
        await store.commit([...batch.values()]);
        // The hash is made after so many reads: half of the runs go on with it.
        const reads = number === 3 ? 300 : 1;
        for (const value of ["a", "a\0", "a\0b", "ab", "b", "\0", "none"]) {
          const expected = [...rows.values()].find((row) => row.email === value);
          for (let i = 0; i < reads; i++) expect(store.point("users/email", value)).toEqual(expected);
        }
        for (const id of ["1", "2", "3", "a", "none"]) {
          for (let i = 0; i < reads; i++) expect(store.point("users", id)).toEqual(rows.get(id));
        }
      }
      await store.close();
    }),
    { numRuns: 200 },
  );
});
