/**
 * An index that is built when first read says what its version's documents say: for the version that is the newest then, for
 * those that commits make meanwhile, for older ones, and for whatever is committed afterwards.
 */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { Doc } from "../../src/schema/model.js";
import { file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { encodeKey } from "../../src/storage/key.js";
import type { Key, Mutation, Snapshot, Space, Store, StoredValue } from "../../src/storage/store.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const keyOf = (doc: Doc): Key => encodeKey([doc.id as number]);
const entryOf = (doc: Doc): Key => encodeKey([doc.age as number]) + keyOf(doc);
const users: Space = {
  id: "users",
  kind: "docs",
  keyOf,
  point: (doc) => doc.id,
  derive: [{ space: "users/age", point: (doc) => doc.age, keys: (doc) => [entryOf(doc)] }],
};
const spaces: readonly Space[] = [users, { id: "users/age", kind: "index", keyOf, derive: [] }];

type Rows = ReadonlyMap<number, Doc>;

/** The entries of the index, in order. */
function entries(rows: Rows): [Key, Doc][] {
  return [...rows.values()].map((doc): [Key, Doc] => [entryOf(doc), doc]).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The rows after each of `ids` got its age; a negative one deletes. */
function changed(rows: Rows, changes: readonly (readonly [number, number])[]): [Rows, Mutation[]] {
  const next = new Map(rows);
  const batch = new Map<string, Mutation>();
  const stage = (mutation: Mutation) => batch.set(`${mutation.space} ${mutation.key}`, mutation);
  for (const [id, age] of changes) {
    const before = next.get(id);
    if (before !== undefined) stage({ space: "users/age", key: entryOf(before), value: undefined });
    if (age < 0) {
      if (before !== undefined) stage({ space: "users", key: keyOf(before), value: undefined });
      next.delete(id);
      continue;
    }
    const doc = Object.freeze({ id, age });
    stage({ space: "users", key: keyOf(doc), value: doc });
    stage({ space: "users/age", key: entryOf(doc), value: doc });
    next.set(id, doc);
  }
  return [next, [...batch.values()].sort((a, b) => (a.space < b.space ? -1 : 1))];
}

async function reopened(rows: Rows): Promise<Store> {
  const disk = new MemoryDisk();
  const first = file("db.json", { files: disk.files });
  await first.open(spaces);
  await first.commit([...rows.values()].map((value) => ({ space: "users", key: keyOf(value), value })));
  await first.close();
  const store = file("db.json", { files: disk.files });
  await store.open(spaces);
  return store;
}

async function scanned(snapshot: Snapshot): Promise<[Key, StoredValue][]> {
  const found: [Key, StoredValue][] = [];
  for await (const { keys, values } of snapshot.scan("users/age", {}, 7)) {
    for (const [i, key] of keys.entries()) found.push([key, values[i]!]);
  }
  return found;
}

const WAYS: readonly ((snapshot: Snapshot) => Promise<[Key, StoredValue][]>)[] = [
  scanned,
  async (snapshot) => {
    const [batch] = await snapshot.ranges("users/age", [{}]);
    return batch!.keys.map((key, i): [Key, StoredValue] => [key, batch!.values[i]!]);
  },
  async (snapshot) => {
    const ages = Array.from({ length: 40 }, (_, age) => encodeKey([age]));
    const groups = await snapshot.groups("users/age", ages);
    return groups.flat().map((doc): [Key, StoredValue] => [entryOf(doc), doc]);
  },
  async (snapshot) => {
    const size = await snapshot.size("users/age");
    const found = await scanned(snapshot);
    expect(found).toHaveLength(size);
    return found;
  },
];

const id = fc.integer({ min: 1, max: 60 });
const age = fc.integer({ min: -3, max: 30 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      changes: fc.array(fc.tuple(id, age), { maxLength: 60 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("read" as const), way: fc.nat(WAYS.length - 1), which: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("point" as const), age: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("snapshot" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), turns: fc.nat(3) }) },
);

test("whatever happens while an index is built", async () => {
  // Every look at the clock says that it is somebody else's turn.
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    time += 100;
    return time;
  });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(id), fc.array(step, { maxLength: 30 }), async (ids, steps) => {
      let rows: Rows = new Map(ids.map((id) => [id, Object.freeze({ id, age: (id * 7) % 20 })]));
      const store = await reopened(rows);
      const open: { snapshot: Snapshot; rows: Rows; reads: Promise<void>[] }[] = [];
      const all: Promise<void>[] = [];
      for (const each of steps) {
        if (each.kind === "commit") {
          const [next, batch] = changed(rows, each.changes);
          await store.commit(batch);
          rows = next;
        } else if (each.kind === "snapshot") open.push({ snapshot: store.snapshot(), rows, reads: [] });
        else if (each.kind === "read" && open.length > 0) {
          const { snapshot, rows, reads } = open[each.which % open.length]!;
          reads.push(WAYS[each.way]!(snapshot).then((found) => expect(found).toEqual(entries(rows))));
          reads.at(-1)!.catch(() => {});
        } else if (each.kind === "point") {
          const wanted = entries(rows).find(([, doc]) => doc.age === each.age)?.[1];
          const later = [...rows.values()].filter((doc) => doc.age === each.age);
          // A point is read at the newest version: the one of now, or of when the index is there.
          const found = Promise.resolve(store.point("users/age", each.age)).then((doc) => {
            if (later.length < 2) expect(doc).toEqual(wanted);
          });
          found.catch(() => {});
          all.push(found);
        } else if (each.kind === "end" && open.length > 0) {
          const [{ snapshot, reads }] = open.splice(each.which % open.length, 1) as [(typeof open)[number]];
          await Promise.all(reads);
          snapshot[Symbol.dispose]();
        } else if (each.kind === "wait") for (let i = 0; i < each.turns; i++) await setImmediate();
      }
      await Promise.all([...all, ...open.flatMap(({ reads }) => reads)]);
      for (const { snapshot, rows } of open) expect(await scanned(snapshot)).toEqual(entries(rows));
      for (const { snapshot } of open) snapshot[Symbol.dispose]();
      const last = store.snapshot();
      expect(await scanned(last)).toEqual(entries(rows));
      last[Symbol.dispose]();
      const [next, batch] = changed(rows, [
        [1, 5],
        [2, -1],
        [3, 9],
      ]);
      await store.commit(batch);
      const after = store.snapshot();
      expect(await scanned(after)).toEqual(entries(next));
      after[Symbol.dispose]();
      await store.close();
    }),
    { numRuns: 300 },
  );
}, 120_000);

test("a read whose snapshot ends before the index is there leaves the versions after it right", async () => {
  const rows: Rows = new Map(Array.from({ length: 50 }, (_, id) => [id, Object.freeze({ id, age: (id * 7) % 20 })]));
  const store = await reopened(rows);
  const snapshot = store.snapshot();
  const read = scanned(snapshot);
  read.catch(() => {});
  snapshot[Symbol.dispose]();
  const [next, batch] = changed(rows, [
    [1, 5],
    [2, -1],
    [90, 9],
  ]);
  await store.commit(batch);
  await expect(read).rejects.toThrow("after its end");
  expect(await scanned(store.snapshot())).toEqual(entries(next));
});

test("a change of the spaces while an index is built", async () => {
  const rows: Rows = new Map(Array.from({ length: 50 }, (_, id) => [id, Object.freeze({ id, age: (id * 7) % 20 })]));
  const store = await reopened(rows);
  const snapshot = store.snapshot();
  const read = scanned(snapshot);
  const down = (doc: Doc) => [encodeKey([-(doc.age as number)]) + keyOf(doc)];
  const other: Space = { ...users, derive: [{ space: "users/age", keys: down }] };
  await store.reshape([other, spaces[1]!]);
  expect(await read).toEqual(entries(rows));
  const found = await scanned(store.snapshot());
  expect(found.map(([key]) => key)).toEqual([...rows.values()].flatMap(down).sort());
});
