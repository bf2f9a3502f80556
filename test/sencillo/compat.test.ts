/** Databases that SencilloDB itself wrote open as they are, stay so until they are changed, and are ours after that. */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../src/index.js";
import type { Dynamic, SencilloConfig, SencilloDB } from "../../src/sencillo.js";
import { all, caught, open, reopen, tempDir, written } from "./support.js";

const users = [
  { name: "Zoe", email: "ada@x.org", age: 37, _id: 1 },
  { name: "Bob", email: "bob@x.org", age: 20, at: "2024-02-03T04:05:06.007Z", _id: 2 },
  { name: "Alan", email: "alan@x.org", age: 41, _id: 3 },
];
const seven = { title: "Seven", author: 3, $odd: { $date: 5 }, _id: 2 };

async function check(db: SencilloDB): Promise<void> {
  await db.transaction(async (tx) => {
    expect(await tx.findMany({ collection: "users" })).toEqual(users);
    expect(await tx.findMany({ collection: "users", index: "C" })).toEqual([]);
    expect(await tx.find({ collection: "users", index: "Z", filter: { email: "ada@x.org" } })).toEqual(users[0]);
    expect(await tx.find({ collection: "posts", filter: {} })).toEqual(seven);
  });
}

const FILES: readonly (readonly [string, (at: string) => SencilloConfig])[] = [
  ["single.json", (file) => ({ file })],
  ["single-gzip.json", (file) => ({ file, compression: true })],
  ["folder", (folder) => ({ folder })],
  ["folder-gzip", (folder) => ({ folder, compression: true })],
  ["shards", (folder) => ({ folder, sharding: true })],
  ["shards-gzip", (folder) => ({ folder, sharding: true, compression: true })],
  ["shards", (folder) => ({ folder, sharding: true, maxCacheSize: 1 })],
];

describe.each(FILES)("%s", (name, configOf) => {
  for (const aof of [false, true]) {
    test(`is read, changed and read again${aof ? ", with a log" : ""}`, async () => {
      const config = { ...configOf(written(name)), aof };
      let db = open(config);
      await check(db);
      await db.transaction((tx) => tx.update({ collection: "users", _id: 2, data: { ...users[1], age: 21 } }));
      await db.transaction((tx) => tx.update({ collection: "users", _id: 2, data: users[1] }));
      await check(db);
      db = await reopen(db, config);
      await check(db);
      await db.compact();
      db = await reopen(db, config);
      await check(db);
      expect((await db.transaction((tx) => tx.create({ collection: "users", data: { name: "Eve" } })))._id).toBe(5);
    });
  }

  // Defect 19: a switched option hid the data and began a shadow copy.
  test("opens with other options, too", async () => {
    const at = written(name);
    const { file } = configOf(at);
    const others: SencilloConfig[] =
      file !== undefined
        ? [{ file }, { file, compression: true }, { file, aof: true }]
        : [
            { folder: at },
            { folder: at, sharding: true },
            { folder: at, compression: true },
            { folder: at, sharding: true, compression: true },
            { folder: at },
          ];
    for (const config of others) {
      const db = open(config);
      await check(db);
      const made = await db.transaction((tx) => tx.create({ collection: "users", data: { name: "Tmp" } }));
      await db.transaction((tx) => tx.destroy({ collection: "users", _id: made._id }));
      await db.transaction(async (tx) => {
        await tx.update({ collection: "posts", _id: 1, data: { title: "Hello", author: 1 } });
        await tx.dropIndex({ collection: "users", index: "default" });
      });
      await db.close();
    }
    if (file === undefined) {
      const left = readdirSync(at, { recursive: true }) as string[];
      expect(left.filter((each) => each.includes("shard_") || each.endsWith(".gz") || each.includes("meta"))).toEqual(
        [],
      );
    }
  });

  test("is not written by a read", async () => {
    const at = written(name);
    const config = configOf(at);
    const path =
      config.file ??
      join(at, (readdirSync(at, { recursive: true }) as string[]).find((each) => each.includes("json"))!);
    const before = readFileSync(path);
    await check(open(config));
    expect(readFileSync(path)).toEqual(before);
  });
});

describe("the log of SencilloDB", () => {
  const name = "aof.json";
  const inDefault = [users[1], users[2], users[0]].map((user) => user!._id).sort();

  test.each([[true], [false]])("is taken over whether aof is %s (defects 2, 7, 10)", async (aof) => {
    const file = written(name);
    let db = open({ file, aof });
    const report = await db.recovery();
    expect(report).toMatchObject({ applied: 6, torn: 0, skipped: [], withoutFunction: [2, 3] });
    expect(await all(db, "users")).toEqual(users);
    expect((await all(db, "users", "default")).map((user: Dynamic) => user._id)).toEqual([2, 3]);
    expect(inDefault).toEqual([1, 2, 3]);
    expect(existsSync(`${file}.aof`)).toBe(false);
    db = await reopen(db, { file, aof });
    expect(await db.recovery()).toBeNull();
    expect(await all(db, "users")).toEqual(users);
  });

  test("of a folder is taken over, too", async () => {
    const folder = written("folder-aof");
    const db = open({ folder, aof: true });
    expect(await all(db, "users")).toEqual(users);
    expect(existsSync(join(folder, "users.json"))).toBe(true);
    expect(existsSync(join(folder, "log.aof"))).toBe(false);
  });

  test("a torn last line is dropped and reported (defect 3)", async () => {
    const file = written(name);
    appendFileSync(`${file}.aof`, '{"op":"create","instructions":{"collection":"users","da');
    let db = open({ file, aof: true });
    expect(await db.recovery()).toMatchObject({ applied: 6, torn: 55 });
    const made = await db.transaction((tx) => tx.create({ collection: "users", data: { name: "Next" } }));
    expect(made._id).toBe(5);
    db = await reopen(db, { file, aof: true });
    expect(await all(db, "users")).toEqual([...users, made]);
  });

  test("a damaged line is refused by its number, and left out with salvage (defect 5)", async () => {
    const file = written(name);
    const lines = readFileSync(`${file}.aof`, "utf8").split("\n");
    lines.splice(3, 0, '{"op":"create","instr{"op":"create","instructions":{}}');
    writeFileSync(`${file}.aof`, lines.join("\n"));
    const error = await caught(all(open({ file, aof: true }), "users"));
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error.meta).toMatchObject({ file: `${file}.aof`, line: 4 });
    const db = open({ file, aof: true, salvage: true });
    expect((await db.recovery())?.skipped).toEqual([{ line: 4, reason: "it is no JSON" }]);
    expect(await all(db, "users")).toEqual(users);
  });

  test("names only the operations of a log (defect 9)", async () => {
    const file = written(name);
    appendFileSync(`${file}.aof`, '{"op":"compact","instructions":{}}\n');
    const error = await caught(all(open({ file, aof: true }), "users"));
    expect(error.message).toContain('"compact"');
  });

  test("an operation that had failed fails again and is reported", async () => {
    const file = written(name);
    appendFileSync(`${file}.aof`, '{"op":"destroy","instructions":{"collection":"users","_id":99}}\n');
    const db = open({ file, aof: true });
    expect((await db.recovery())?.skipped).toEqual([{ line: 7, reason: "Document with _id '99' not found" }]);
  });
});

describe("files that other programs wrote", () => {
  test("our file, read and written again by JSON, is read as it is now", async () => {
    const dir = tempDir();
    for (const config of [{ file: join(dir, "db.json") }, { folder: join(dir, "data") }] satisfies SencilloConfig[]) {
      const db = open(config);
      await db.transaction(async (tx) => {
        await tx.createMany({ collection: "users", index: "A", data: [{ n: 1 }, { n: 2 }] });
        await tx.update({ collection: "users", _id: 1, index: "B", data: { n: 1 } });
      });
      await db.close();
      const path = "file" in config ? config.file : join(config.folder, "users.json");
      const root = JSON.parse(readFileSync(path, "utf8"));
      const collection = "file" in config ? root.users : root;
      collection.B.unshift({ n: 0, _id: 7 });
      collection.A = [];
      writeFileSync(path, JSON.stringify(root, null, 2));
      const again = open(config);
      expect(await all(again, "users")).toEqual([
        { n: 1, _id: 1 },
        { n: 0, _id: 7 },
      ]);
      expect((await again.transaction((tx) => tx.create({ collection: "users", data: {} })))._id).toBe(8);
    }
  });

  test("documents that share an _id, or have none, are all found", async () => {
    const file = join(tempDir(), "db.json");
    writeFileSync(
      file,
      JSON.stringify({ c: { __secondary_indexes: { n: {} }, a: [{ _id: 1, n: 1 }, { n: 5 }], b: [{ _id: 1, n: 2 }] } }),
    );
    const db = open({ file });
    expect((await all(db, "c")).map((doc: Dynamic) => doc.n).sort()).toEqual([1, 2, 5]);
    expect(await db.transaction((tx) => tx.find({ collection: "c", filter: { n: 2 } }))).toEqual({ _id: 1, n: 2 });
    expect(await db.transaction((tx) => tx.find({ collection: "c", filter: { n: 5 } }))).toEqual({ n: 5 });
  });

  // Defect 37.
  test.each([
    ["an empty file", ""],
    ["a cut file", '{"users":{"__stats":{"ins'],
    ["a list", "[1]"],
    ["a collection that is a number", '{"users":5}'],
    ["a bucket that is a number", '{"users":{"A":5}}'],
    ["a document that is a number", '{"users":{"A":[5]}}'],
  ])("%s is a CorruptionError that names it, and is not overwritten", async (_, text) => {
    const file = join(tempDir(), "db.json");
    writeFileSync(file, text);
    const db = open({ file });
    const error = await caught(all(db, "users"));
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error.message).toContain(file);
    expect(readFileSync(file, "utf8")).toBe(text);
    writeFileSync(file, '{"users":{"A":[{"_id":1}]}}');
    expect(await all(db, "users")).toEqual([{ _id: 1 }]);
  });
});
