import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memory } from "../../src/storage/memory/memory.js";
import type { Key, Mutation, Snapshot, StoredValue } from "../../src/storage/store.js";
import { contents, key, put, putUser, spaces } from "./support.js";

async function opened() {
  const db = memory();
  await db.open(spaces);
  return db;
}

describe("memory()", () => {
  test("snapshots stay as they were, whether they are read by key, range or scan, however often", async () => {
    const change = fc.record({ id: fc.nat({ max: 40 }), remove: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(change, { maxLength: 8, selector: (c) => c.id }), { minLength: 1, maxLength: 12 }),
        async (commits) => {
          const db = await opened();
          const model = new Map<Key, StoredValue>();
          const seen: { snapshot: Snapshot; expected: Map<Key, StoredValue> }[] = [];
          const check = async () => {
            for (const { snapshot, expected } of seen) {
              for (let id = 0; id <= 40; id++) {
                expect((await snapshot.getMany("posts", [key(id)]))[0]).toBe(expected.get(key(id)));
              }
              expect(await contents(snapshot, "posts")).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
              expect(await snapshot.size("posts")).toBe(expected.size);
            }
          };
          for (const [n, changes] of commits.entries()) {
            const batch: Mutation[] = changes.map(({ id, remove }) =>
              remove ? { space: "posts", key: key(id), value: undefined } : put("posts", id, { n }),
            );
            await db.commit(batch);
            for (const mutation of batch) {
              if (mutation.value === undefined) model.delete(mutation.key);
              else model.set(mutation.key, mutation.value);
            }
            seen.push({ snapshot: db.snapshot(), expected: new Map(model) });
            // Reading often makes the hash in front of the newest version; later commits must keep it right.
            if (n % 4 === 0) for (let round = 0; round < 8; round++) await check();
          }
          await check();
        },
      ),
      { numRuns: 15 },
    );
  });

  test("what no snapshot holds is changed in place; what one holds never is; one that has ended cannot be read", async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant("put" as const), id: fc.nat({ max: 400 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), id: fc.nat({ max: 400 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), id: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("end" as const), id: fc.nat({ max: 5 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
        const db = await opened();
        const model = new Map<Key, StoredValue>();
        await db.commit(Array.from({ length: 200 }, (_, i) => put("posts", i * 2, { n: -1 })));
        for (let i = 0; i < 200; i++) model.set(key(i * 2), Object.freeze({ id: i * 2, n: -1 }));
        const held: { snapshot: Snapshot; expected: [Key, StoredValue][] }[] = [];
        const sorted = () => [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        for (const [n, { kind, id }] of steps.entries()) {
          if (kind === "take") held.push({ snapshot: db.snapshot(), expected: sorted() });
          else if (kind === "end") {
            const [gone] = held.splice(id % Math.max(1, held.length), 1);
            gone?.snapshot[Symbol.dispose]();
            gone?.snapshot[Symbol.dispose]();
            if (gone !== undefined)
              await expect((async () => gone.snapshot.getMany("posts", [key(1)]))()).rejects.toMatchObject({
                code: "INTERNAL.INVARIANT",
              });
          } else if (kind === "put") {
            const mutation = put("posts", id, { n });
            await db.commit([mutation]);
            model.set(mutation.key, mutation.value!);
          } else {
            await db.commit([{ space: "posts", key: key(id), value: undefined }]);
            model.delete(key(id));
          }
          for (const { snapshot, expected } of held.slice(-2)) {
            expect(await contents(snapshot, "posts")).toEqual(expected);
          }
        }
        for (const { snapshot, expected } of held) expect(await contents(snapshot, "posts")).toEqual(expected);
        expect(await contents(db.snapshot(), "posts")).toEqual(sorted());
      }),
      { numRuns: 40 },
    );
  });

  test("ranges: one result each, limited, in either direction", async () => {
    const db = await opened();
    await db.commit(Array.from({ length: 300 }, (_, i) => put("posts", i, { i })));
    const ids = (values: readonly StoredValue[]) => values.map((value) => (value as { i: number }).i);
    const [a, b, none] = await db
      .snapshot()
      .ranges(
        "posts",
        [{ gte: key(60), lt: key(190) }, { gte: key(60), lt: key(190), reverse: true }, { gte: key(500) }],
        100,
      );
    expect(ids(a!.values)).toEqual(Array.from({ length: 100 }, (_, i) => 60 + i));
    expect(ids(b!.values)).toEqual(Array.from({ length: 100 }, (_, i) => 189 - i));
    expect(none!.keys).toEqual([]);
  });

  test("nothing is durable, nothing is kept, closing ends everything", async () => {
    const db = await opened();
    expect(db.durable).toBe(false);
    await db.writeRegistry("x");
    expect(await db.readRegistry()).toBe("x");
    await db.commit(putUser(1, { age: 1 }));
    const snapshot = db.snapshot();
    await db.compact();
    await db.close();
    await expect(snapshot.size("users")).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
    await expect(db.commit([])).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
  });

  test("a space that does not exist is a bug of the caller", async () => {
    const db = await opened();
    await expect(db.commit([{ space: "nope", key: "", value: {} }])).rejects.toMatchObject({
      code: "INTERNAL.INVARIANT",
    });
    await expect(db.snapshot().size("nope")).rejects.toMatchObject({ code: "INTERNAL.INVARIANT" });
    await db.commit([put("posts", 1, {})]);
    expect(await db.snapshot().size("posts")).toBe(1);
  });
});
