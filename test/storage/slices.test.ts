/**
 * A scan by key over more than the memory holds reads the files of the partitions a few lines at a time: it finds what the
 * snapshot holds, whatever is committed, folded, packed or damaged meanwhile, and loads no partition for it.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Doc } from "../../src/schema/model.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { encodeKey } from "../../src/storage/key.js";
import { partitionName } from "../../src/storage/partition.js";
import type { FolderOptions } from "../../src/storage/parts/options.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Key, Mutation, Range, Space, Store } from "../../src/storage/store.js";

const space: Space = {
  id: "users",
  kind: "docs",
  keyOf: (doc) => encodeKey([doc.id as number]),
  derive: [],
  partition: { field: "t", of: (doc) => partitionName(doc.t) },
};
const DOCS = 900;
const key = (id: number): Key => encodeKey([id]);
const row = (id: number, version: number): Doc =>
  Object.freeze({ id, t: `p${(id * 7919) % 3}`, text: `${"ü$x"[id % 3]}${version}`.repeat(10 + (id % 90)) });
const put = (doc: Doc): Mutation => ({ space: "users", key: key(doc.id as number), value: doc });
const loadsOf = (store: Store): number => (store as Store & { readonly loads: number }).loads;

/** A database whose cache holds nothing, opened anew. */
async function filled(options: FolderOptions): Promise<{ disk: MemoryDisk; store: Store; rows: Map<number, Doc> }> {
  const disk = new MemoryDisk();
  const rows = new Map(Array.from({ length: DOCS }, (_, id) => [id, row(id, 0)]));
  const first = shards("/db", { ...options, files: disk.files });
  await first.open([space]);
  await first.commit([...rows.values()].map(put));
  await first.close();
  return { disk, store: await reopened(disk, options), rows };
}

async function reopened(disk: MemoryDisk, options: FolderOptions = {}): Promise<Store> {
  const store = shards("/db", { ...options, files: disk.files, cacheBytes: 1 });
  await store.open([space]);
  return store;
}

function expected(rows: ReadonlyMap<number, Doc>, { gte, lt, reverse }: Range): Doc[] {
  const found = [...rows.values()].sort((a, b) => (a.id as number) - (b.id as number));
  const within = found.filter((doc) => {
    const at = key(doc.id as number);
    return (gte === undefined || at >= gte) && (lt === undefined || at < lt);
  });
  return reverse === true ? within.reverse() : within;
}

const bound = fc.option(fc.integer({ min: -5, max: DOCS + 5 }), { nil: undefined });
const range = fc.record({ from: bound, to: bound, reverse: fc.boolean() }).map(({ from, to, reverse }): Range => {
  const gte = from === undefined ? {} : { gte: key(from) };
  return { ...gte, ...(to === undefined ? {} : { lt: key(to) }), reverse };
});
const event = fc.record({
  after: fc.nat(40),
  what: fc.constantFrom("put", "delete", "move", "compact"),
  id: fc.nat(DOCS - 1),
});

test("what the snapshot holds, whatever happens meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(range, fc.array(event, { maxLength: 12 }), fc.boolean(), async (range, events, compression) => {
      const { store, rows } = await filled({ compression });
      const snapshot = store.snapshot();
      const wanted = expected(rows, range);
      const found: Doc[] = [];
      let turn = 0;
      for await (const { keys, values } of snapshot.scan("users", range, 31)) {
        expect(keys).toEqual(values.map((doc) => space.keyOf(doc)));
        found.push(...values);
        for (const { what, id } of events.filter(({ after }) => after === turn)) {
          if (what === "compact") await store.compact();
          else if (what === "delete") await store.commit([{ space: "users", key: key(id), value: undefined }]);
          else
            await store.commit([put(what === "put" ? row(id, 1) : Object.freeze({ ...row(id, 2), t: "elsewhere" }))]);
        }
        turn++;
      }
      expect(found).toEqual(wanted);
      expect(found.every((doc) => Object.isFrozen(doc))).toBe(true);
      snapshot[Symbol.dispose]();
      await store.close();
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("no partition is loaded for it", async () => {
  const { store, rows } = await filled({});
  for (const reverse of [false, true]) {
    const found: Doc[] = [];
    using snapshot = store.snapshot();
    for await (const { values } of snapshot.scan("users", { reverse }, 64)) found.push(...values);
    expect(found).toEqual(expected(rows, { reverse }));
  }
  expect(loadsOf(store)).toBe(0);
  await store.close();
});

test("a line that is longer than what is read at a time", async () => {
  const disk = new MemoryDisk();
  const store = await reopened(disk);
  const docs = Array.from({ length: 300 }, (_, id) => ({
    ...row(id, 0),
    text: "y".repeat(id % 50 === 7 ? 30_000 : 20),
  }));
  await store.commit(docs.map(put));
  await store.close();
  const again = await reopened(disk);
  for (const reverse of [false, true]) {
    const found: Doc[] = [];
    using snapshot = again.snapshot();
    for await (const { values } of snapshot.scan("users", { reverse }, 64)) found.push(...values);
    expect(found).toEqual(reverse ? [...docs].reverse() : docs);
  }
  expect(loadsOf(again)).toBe(0);
});

test("damage is reported before anything of the file is served", async () => {
  const { disk, store } = await filled({});
  await store.close();
  const path = "/db/users/shard_p1.json";
  const bytes = disk.peek(path)!;
  bytes[bytes.length - 2000]! ^= 1;
  disk.put(path, bytes);
  const again = await reopened(disk);
  using snapshot = again.snapshot();
  const scan = async (): Promise<void> => {
    for await (const { values } of snapshot.scan("users", {}, 10)) expect(values).toEqual([]);
  };
  await expect(scan()).rejects.toMatchObject({ code: "CORRUPTION.CHECKSUM", meta: { file: path } });
});
