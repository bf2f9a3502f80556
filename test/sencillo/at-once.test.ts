/** Transactions that come while earlier commits are still on their way to the disk see them, whatever the store is doing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Dynamic, quickTx, type SencilloConfig } from "../../src/sencillo.js";
import { all, modes, open, reopen, tempDir } from "./support.js";

const ids = (docs: Dynamic[]) => docs.map(({ _id }) => _id).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe.each(modes())("%s", (_, configOf) => {
  test("creates at the same time on what was read before all get an _id of their own and are kept", async () => {
    const config = configOf(tempDir());
    // Without its log: what has to be made first must not let later ones overtake.
    let db = open({ ...config, aof: false });
    await quickTx(db)("create", { data: { n: 0 }, index: "a" });
    db = await reopen(db, config);
    await quickTx(db)("findMany", {});
    const made = await Promise.all(
      upTo(9).map((n) => quickTx(db)("create", { data: { n }, index: n % 2 === 0 ? "a" : "b" })),
    );
    expect(ids(made)).toEqual(upTo(10).slice(1));
    expect(ids(await all(db, "default"))).toEqual(upTo(10));
    db = await reopen(db, config);
    expect(ids(await all(db, "default"))).toEqual(upTo(10));
  });
  test("commits while the log is folded are seen at once and kept", async () => {
    const config: SencilloConfig = configOf(tempDir());
    let db = open(config);
    await quickTx(db)("createMany", {
      data: Array.from({ length: 300 }, (_, n) => ({ n })),
      index: (d) => `b${d.n % 3}`,
    });
    const folding = db.compact();
    const made: Dynamic[] = [];
    for (let n = 0; n < 20; n++) {
      const [created, count] = await Promise.all([
        quickTx(db)("create", { data: { n }, index: `b${n % 4}` }),
        n === 5 ? db.compact() : null,
      ]);
      expect(count ?? null).toBeNull();
      made.push(created);
    }
    await folding;
    expect(ids(made)).toEqual(upTo(320).slice(300));
    db = await reopen(db, config);
    expect(ids(await all(db, "default"))).toEqual(upTo(320));
  });
});

test.each<[string, (dir: string) => SencilloConfig, string[]]>([
  ["file", (dir) => ({ file: join(dir, "db.json") }), ["db.json"]],
  ["folder", (dir) => ({ folder: join(dir, "db") }), ["db/default.json"]],
  [
    "shards",
    (dir) => ({ folder: join(dir, "db"), sharding: true }),
    ["db/default/shard_a.json", "db/default/shard_b.json"],
  ],
])("what is written while commits go on is of one moment: %s", async (_, configOf, paths) => {
  const dir = tempDir();
  const db = open({ ...configOf(dir), aof: true, durability: "memory" });
  const count = 8000;
  const docOf = (n: number, moment: number) => ({ n, moment, text: `text ${n} `.repeat(20) });
  const index = ({ n }: Dynamic) => (n < count / 2 ? "a" : "b");
  await quickTx(db)("createMany", { index, data: upTo(count).map((n) => docOf(n, 0)) });
  const moments = new Set<string>();
  for (let round = 0, moment = 0; round < 12; round++) {
    let folded = false;
    const folding = db.compact().then(() => {
      folded = true;
    });
    while (!folded) {
      moment++;
      await db.transaction(async (tx) => {
        for (const n of [1, 7, count / 2 - 1, count / 2, count - 7, count])
          await tx.update({ _id: n, data: docOf(n, moment) });
      });
      await setImmediate();
    }
    await folding;
    const text = paths.map((path) => readFileSync(join(dir, path), "utf8")).join("");
    const found = new Set([...text.matchAll(/"moment":([1-9]\d*)/g)].map(([, each]) => each!));
    expect(found.size, [...found].join()).toBeLessThanOrEqual(1);
    moments.add([...found].join());
  }
  expect(moments.size).toBeGreaterThan(6);
});

test("a reader waits until what it read is on the disk", async () => {
  const file = join(tempDir(), "db.json");
  const db = open({ file, aof: true });
  await quickTx(db)("create", { data: { text: "first" } });
  const writing = quickTx(db)("create", { data: { text: "second" } });
  expect(await all(db, "default")).toHaveLength(2);
  expect(readFileSync(`${file}.aof`, "utf8")).toContain("second");
  await writing;
});

test("shards that are being written are not read from their files", async () => {
  const folder = join(tempDir(), "data");
  const config = { folder, sharding: true, aof: true, maxCacheSize: 2, durability: "memory" } as const;
  let db = open(config);
  // Each commit beyond the limit has the log folded in the background, while the next ones go on.
  for (let n = 0; n < 60; n++) await quickTx(db)("create", { data: { n }, index: `b${n % 6}` });
  for (let n = 0; n < 60; n++) {
    await quickTx(db)("update", { _id: n + 1, data: { n: n + 1000 } });
    expect((await quickTx(db)("find", { filter: { _id: ((n * 7) % 60) + 1 } })).n % 1000).toBe((n * 7) % 60);
  }
  db = await reopen(db, config);
  expect((await all(db, "default")).map(({ n }) => n)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1000));
});

test("an operation that a callback calls comes after the one that asked the callback", async () => {
  const db = open({ file: join(tempDir(), "db.json") });
  await quickTx(db)("createMany", { data: [{ n: 1 }, { n: 2 }], index: "a" });
  await db.transaction(async (tx) => {
    const late: Promise<Dynamic>[] = [];
    const callback = ({ n }: Dynamic) => {
      late.push(tx.create({ data: { n: n + 10 }, index: "a" }), tx.destroy({ _id: n }));
      return true;
    };
    expect((await tx.findMany({ callback })).map(({ n }) => n)).toEqual([1, 2]);
    await Promise.all(late);
    const index = ({ n }: Dynamic) => {
      late.push(tx.find({ filter: { n: 13 } }));
      return `b${n}`;
    };
    await tx.create({ data: { n: 13 }, index });
    expect(await late.at(-1)).toMatchObject({ n: 13 });
  });
  expect((await all(db, "default")).map(({ n }) => n)).toEqual([11, 12, 13]);
});

test("it comes after it also when that one has to wait for a shard", async () => {
  const config = { folder: join(tempDir(), "data"), sharding: true };
  let db = open(config);
  await quickTx(db)("createMany", { data: [{ n: 1 }, { n: 2 }], index: ({ n }) => `b${n}` });
  db = await reopen(db, config);
  await db.transaction(async (tx) => {
    const late: Promise<Dynamic>[] = [];
    await tx.find({ index: "b1" });
    const callback = ({ n }: Dynamic) => late.push(tx.create({ data: { n: n + 10 }, index: "b2" })) > 0;
    expect((await tx.findMany({ callback })).map(({ n }) => n)).toEqual([1, 2]);
    expect(ids(await Promise.all(late))).toEqual([3, 4]);
  });
});

test("a failed operation leaves nothing behind when it had to wait for a shard", async () => {
  const config = { folder: join(tempDir(), "data"), sharding: true };
  let db = open(config);
  await quickTx(db)("createMany", { data: [{ n: 1 }, { n: 2 }], index: ({ n }) => `b${n}` });
  db = await reopen(db, config);
  await db.transaction(async (tx) => {
    const failing = tx.update({ _id: 2, data: { n: 3 }, index: "x".repeat(300) });
    const after = tx.findMany({});
    await expect(failing).rejects.toThrow(/too long/);
    expect((await after).map(({ n }) => n)).toEqual([1, 2]);
  });
  expect((await all(db, "default")).map(({ n }) => n)).toEqual([1, 2]);
});
