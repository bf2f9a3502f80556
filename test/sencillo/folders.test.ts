/** Folders: what is loaded, what is written, what is forgotten (42, 43, 45, 47, 48, 52, 53). */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Dynamic, quickTx } from "../../src/sencillo.js";
import { all, caught, open, reopen, tempDir } from "./support.js";

const modified = (path: string) => statSync(path, { bigint: true }).mtimeNs;

describe("folder", () => {
  test("a commit writes the collections that it changed", async () => {
    const folder = join(tempDir(), "data");
    const db = open({ folder });
    for (const collection of ["a", "b"]) await quickTx(db)("create", { collection, data: { collection } });
    const before = ["a.json", "b.json"].map((name) => modified(join(folder, name)));
    await quickTx(db)("create", { collection: "a", data: {} });
    expect(modified(join(folder, "a.json"))).toBeGreaterThan(before[0]!);
    expect(modified(join(folder, "b.json"))).toBe(before[1]);
  });
  test("a collection is loaded when it is first used", async () => {
    const folder = join(tempDir(), "data");
    let db = open({ folder });
    for (const collection of ["a", "b"]) await quickTx(db)("create", { collection, data: { collection } });
    db = await reopen(db, { folder });
    writeFileSync(join(folder, "b.json"), "no JSON");
    expect(await all(db, "a")).toEqual([{ collection: "a", _id: 1 }]);
    expect((await caught(all(db, "b"))).code).toBe("CORRUPTION.FORMAT");
    expect(await all(db, "a")).toHaveLength(1);
  });
  test("with maxCacheSize the one used longest ago is forgotten, and read again", async () => {
    const folder = join(tempDir(), "data");
    for (const aof of [false, true]) {
      const db = open({ folder, maxCacheSize: 2, aof });
      for (const collection of ["a", "b", "c"]) await quickTx(db)("create", { collection, data: { text: "old" } });
      await db.compact();
      const path = join(folder, "a.json");
      const root = JSON.parse(readFileSync(path, "utf8"));
      root.default[0].text = "by hand";
      writeFileSync(path, JSON.stringify(root));
      expect((await quickTx(db)("find", { collection: "a" })).text).toBe("by hand");
      await db.close();
    }
  });
});

describe("shards", () => {
  test("meta.json holds counts, the bucket of each _id, and the indexes", async () => {
    const folder = join(tempDir(), "data");
    const db = open({ folder, sharding: true, compression: true });
    await quickTx(db)("ensureIndex", { collection: "c", field: "k" } as Dynamic);
    await quickTx(db)("createMany", {
      collection: "c",
      index: (d: Dynamic) => d.g,
      data: [
        { g: "x", k: 1 },
        { g: "y", k: "a" },
      ],
    });
    const meta = JSON.parse(readFileSync(join(folder, "c", "meta.json"), "utf8"));
    expect(meta.__stats).toMatchObject({ inserted: 2, total: 2 });
    expect(meta.__id_map).toEqual({ 1: "x", 2: "y" });
    expect(meta.__secondary_indexes).toEqual({ k: { 1: [1], a: [2] } });
    expect(readdirSync(join(folder, "c")).sort()).toEqual(["meta.json", "shard_x.json.gz", "shard_y.json.gz"]);
    expect([...readFileSync(join(folder, "c", "shard_x.json.gz")).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    const before = modified(join(folder, "c", "shard_y.json.gz"));
    await quickTx(db)("update", { collection: "c", _id: 1, data: { g: "x", k: 2 } });
    expect(modified(join(folder, "c", "shard_y.json.gz"))).toBe(before);
    expect(existsSync(join(folder, "log.intent"))).toBe(false);
  });

  test("files of buckets that are no more go: with the first change, and with those after it", async () => {
    const folder = join(tempDir(), "data");
    const config = { folder, sharding: true };
    let db = open(config);
    const data = ["w", "x", "y", "z"].map((g) => ({ g }));
    await quickTx(db)("createMany", { collection: "c", index: (d: Dynamic) => d.g, data });
    db = await reopen(db, config);
    writeFileSync(join(folder, "c", "shard_stray.json"), "[]");
    const shards = () => readdirSync(join(folder, "c")).filter((name) => name !== "meta.json");
    await quickTx(db)("dropIndex", { collection: "c", index: "w" });
    expect(shards().sort()).toEqual(["shard_x.json", "shard_y.json", "shard_z.json"]);
    await quickTx(db)("dropIndex", { collection: "c", index: "x" });
    expect(shards().sort()).toEqual(["shard_y.json", "shard_z.json"]);
    await quickTx(db)("update", { collection: "c", _id: 3, data: { g: "v" }, index: { current: "y", new: "v" } });
    await quickTx(db)("dropIndex", { collection: "c", index: "y" });
    expect(shards().sort()).toEqual(["shard_v.json", "shard_z.json"]);
    db = await reopen(db, config);
    expect(await all(db, "c")).toEqual([
      { g: "v", _id: 3 },
      { g: "z", _id: 4 },
    ]);
    await quickTx(db)("dropCollection", { collection: "c" });
    expect(readdirSync(join(folder, "c"))).toEqual([]);
  });
});

test.each([[false], [true]])(
  "what a killed process was about to write goes; other files stay (sharding: %s)",
  async (sharding) => {
    const folder = join(tempDir(), "data");
    const config = { folder, sharding };
    let db = open(config);
    await quickTx(db)("create", { collection: "c", data: { n: 1 } });
    await db.close();
    const files = sharding ? join(folder, "c") : folder;
    const left = [join(folder, "log.intent.0123456789abcdef.tmp"), join(files, "c.json.0123456789abcdef.tmp")];
    const own = [join(folder, "notes.tmp"), join(files, "c.json.bak"), join(folder, "x.json.0123456789abcde.tmp")];
    for (const path of [...left, ...own]) writeFileSync(path, "text");
    db = open(config);
    await quickTx(db)("create", { collection: "c", data: { n: 2 } });
    await db.close();
    expect(left.filter((path) => existsSync(path))).toEqual([]);
    expect(own.filter((path) => existsSync(path))).toEqual(own);
  },
);

describe("large files", () => {
  test("are read and written in pieces between which other work has its turn", async () => {
    const file = join(tempDir(), "db.json");
    let db = open({ file, aof: true });
    const data = Array.from({ length: 20_000 }, (_, n) => ({ n, text: "x".repeat(100) }));
    await quickTx(db)("createMany", { data });
    const turnsDuring = async (work: Promise<unknown>): Promise<number> => {
      let turns = 0;
      let over = false;
      void work.finally(() => {
        over = true;
      });
      while (!over) {
        turns++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await work;
      return turns;
    };
    expect(await turnsDuring(db.compact())).toBeGreaterThan(5);
    db = await reopen(db, { file, aof: true });
    expect(await turnsDuring(quickTx(db)("find", {}))).toBeGreaterThan(5);
    expect(await all(db, "default")).toHaveLength(20_000);
  });
});
