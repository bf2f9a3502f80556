import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { embedded } from "../../src/engine/embedded/engine.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { folder } from "../../src/storage/folder/folder.js";
import { encodeKey } from "../../src/storage/key.js";
import { partitionName } from "../../src/storage/partition.js";
import { fileName, freeName } from "../../src/storage/parts/names.js";
import type { FolderOptions } from "../../src/storage/parts/options.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Derived, Mutation, Space, Store } from "../../src/storage/store.js";
import { eq, find, insert } from "../engine/support.js";
import { int, schemaOf, string } from "../support/schema.js";
import { connect } from "../support/target.js";
import { contents, key } from "./support.js";

const byAge: Derived = { space: "users/age", keys: (doc, k) => [encodeKey([doc.age ?? null]) + k] };
const byMail: Derived = { space: "users/mail", keys: (doc, k) => [encodeKey([doc.mail ?? null]) + k], unique: true };
const users = (field = "t", derive: readonly Derived[] = [byAge, byMail]): Space => ({
  id: "users",
  kind: "docs",
  keyOf: (doc) => encodeKey([doc.id ?? null]),
  derive,
  partition: { field, of: (doc) => partitionName(doc[field]) },
});
const index = (id: string): Space => ({ id, kind: "index", keyOf: () => "", derive: [] });
const spaces = (field?: string): readonly Space[] => [users(field), index("users/age"), index("users/mail")];
const put = (id: number, t: unknown, age = 1): Mutation => ({
  space: "users",
  key: key(id),
  value: Object.freeze({ id, t, age, mail: `m${id}` }) as never,
});
const remove = (id: number): Mutation => ({ space: "users", key: key(id), value: undefined });

async function opened(disk: MemoryDisk, options: FolderOptions = {}, field?: string) {
  const db = shards("/db", { files: disk.files, ...options });
  await db.open(spaces(field));
  return db;
}
async function all(db: Store, space = "users"): Promise<readonly unknown[]> {
  using snapshot = db.snapshot();
  return (await contents(snapshot, space)).map(([, doc]) => doc.id);
}
const loadsOf = (db: Store): number => (db as Store & { readonly loads: number }).loads;
const files = (disk: MemoryDisk) => disk.paths().filter((path) => path.startsWith("/db/users/"));

describe("shards", () => {
  test("a file per value, listed in meta.json; documents move, empty files go", async () => {
    const disk = new MemoryDisk();
    let db = await opened(disk);
    await db.commit([put(1, "A"), put(2, "B"), put(3, "A")]);
    await db.close();
    expect(files(disk)).toEqual(["/db/users/meta.json", "/db/users/shard_A.json", "/db/users/shard_B.json"]);
    db = await opened(disk);
    await db.commit([put(2, "A", 7)]);
    expect(await all(db)).toEqual([1, 2, 3]);
    expect(await all(db, "users/age")).toEqual([1, 3, 2]);
    await db.close();
    expect(files(disk)).toEqual(["/db/users/meta.json", "/db/users/shard_A.json"]);
    db = await opened(disk);
    expect(await all(db, "users/mail")).toEqual([1, 2, 3]);
    await db.commit([remove(1), remove(2), remove(3)]);
    await db.close();
    expect(files(disk)).toEqual(["/db/users/meta.json"]);
  });
  test("only the partition that is needed is loaded", async () => {
    const disk = new MemoryDisk();
    await (async () => {
      const db = await opened(disk);
      await db.commit(Array.from({ length: 40 }, (_, i) => put(i, `p${i % 8}`)));
      await db.close();
    })();
    const loads = async (read: (db: Store) => Promise<unknown>): Promise<number> => {
      const db = await opened(disk.crash(null));
      await read(db);
      const count = loadsOf(db);
      await db.close();
      return count;
    };
    const reading = (read: (snapshot: ReturnType<Store["snapshot"]>) => unknown) => async (db: Store) => {
      using snapshot = db.snapshot();
      await read(snapshot);
    };
    expect(await loads(async () => {})).toBe(0);
    expect(await loads(reading((s) => s.size("users")))).toBe(0);
    expect(await loads(reading((s) => s.getMany("users", [key(3)])))).toBe(1);
    expect(await loads(reading((s) => s.getMany("users", [key(99)])))).toBe(0);
    expect(await loads(reading((s) => s.ranges("users/mail", [{ gte: key("m3"), lt: `${key("m3")}\xff` }])))).toBe(1);
    expect(await loads(reading((s) => s.ranges("users/mail", [{ gte: key("none"), lt: `${key("none")}\xff` }])))).toBe(
      0,
    );
    expect(await loads(reading((s) => s.ranges("users", [{}], 2)))).toBe(2);
    expect(await loads(reading((s) => s.ranges("users/age", [{ within: ["p1"] }])))).toBe(1);
    expect(await loads(reading((s) => contents(s, "users")))).toBe(8);
    expect(await loads((db) => db.commit([put(3, "p3", 9)]))).toBe(1);
    expect(await loads((db) => db.commit([put(100, "new")]))).toBe(0);
  });
  test("a query that fixes the field reads one partition, and explain says so", async () => {
    const disk = new MemoryDisk();
    const schema = schemaOf({ User: { fields: { id: int, t: string, n: int }, indexes: ["n"], partitionBy: "t" } });
    const open = () => shards("/db", { files: disk.files });
    const engine = await connect({ engine: () => embedded({ storage: open() }), dispose: async () => {} }, schema);
    const docs = Array.from({ length: 20 }, (_, i) => ({ id: i, t: `p${i % 4}`, n: i }));
    await engine.write(insert("User", ...docs));
    const plan = await engine.explain(find("User", { where: eq("t", "p1") }));
    expect(plan.root.partitions).toEqual(["p1"]);
    expect(plan.text).toContain("in partition p1");
    await engine.close();
    const store = open();
    await using again = embedded({ storage: store });
    await again.open(schema);
    expect((await again.find(find("User", { where: eq("t", "p1") }))).map((row) => row.id)).toEqual([1, 5, 9, 13, 17]);
    expect(loadsOf(store)).toBe(1);
  });
  test("an open snapshot keeps what it saw, whatever is written, folded and dropped from memory", async () => {
    const disk = new MemoryDisk();
    const first = await opened(disk);
    await first.commit(Array.from({ length: 30 }, (_, i) => put(i, i % 3)));
    await first.close();
    const db = await opened(disk, { maxCached: 1 });
    using before = db.snapshot();
    await db.commit([put(0, 1, 5), remove(1), put(50, 9)]);
    await db.compact();
    await all(db);
    expect((await contents(before, "users")).map(([, doc]) => doc.id)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(await before.getMany("users", [key(0)])).toMatchObject([{ t: 0 }]);
    expect(await all(db)).not.toContain(1);
  });
  test("files that do not belong together are refused, each by name", async () => {
    const disk = new MemoryDisk();
    const db = await opened(disk);
    await db.commit([put(1, "A"), put(2, "B")]);
    await db.close();
    const without = async (path: string) => {
      const copy = disk.crash(null);
      await copy.files.remove(path);
      return opened(copy);
    };
    await expect(without("/db/users/shard_A.json")).rejects.toMatchObject({ code: "CORRUPTION.FORMAT" });
    await expect(without("/db/users/meta.json")).rejects.toThrow("users/meta.json");
    await expect(without("/db/tenon.json")).rejects.toThrow("tenon.json");
    const other = folder("/db", { files: disk.files });
    await expect(other.open(spaces())).rejects.toMatchObject({
      code: "CONFIG.INVALID",
      fix: 'open it with shards("/db")',
    });
  });
  test("switching compression or the field moves the files, and nothing is left behind", async () => {
    const disk = new MemoryDisk();
    let db = await opened(disk);
    await db.commit([put(1, "A", 3), put(2, "B", 3)]);
    await db.close();
    db = await opened(disk, { compression: true });
    expect(await all(db)).toEqual([1, 2]);
    await db.commit([put(3, "A", 4)]);
    await db.close();
    expect(files(disk)).toEqual(["/db/users/meta.json", "/db/users/shard_A.json.gz", "/db/users/shard_B.json"]);
    db = await opened(disk, {}, "age");
    expect(await all(db)).toEqual([1, 2, 3]);
    await db.compact();
    await db.close();
    expect(files(disk)).toEqual(["/db/users/meta.json", "/db/users/shard_3.json", "/db/users/shard_4.json"]);
  });
  test("SencilloDB's shards and folders open as they are", async () => {
    const disk = new MemoryDisk();
    await disk.files.makeDir("/db/users");
    const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
    disk.put("/db/users/meta.json", bytes({ __stats: { inserted: 3, total: 3 }, __id_map: {} }));
    disk.put(
      "/db/users/shard_A.json",
      bytes([
        { id: 1, age: 4 },
        { id: 3, age: 1 },
      ]),
    );
    disk.put("/db/users/shard_x.json.json.gz", gzipSync(bytes([{ id: 2, age: 2 }])));
    let db = await opened(disk);
    expect(await all(db)).toEqual([1, 2, 3]);
    await db.commit([put(4, "A")]);
    await db.close();
    db = await opened(disk);
    using snapshot = db.snapshot();
    expect((await contents(snapshot, "users")).map(([, doc]) => [doc.id, doc.t])).toEqual([
      [1, "A"],
      [2, "x.json"],
      [3, "A"],
      [4, "A"],
    ]);
    await db.close();
    const plain = new MemoryDisk();
    plain.put(
      "/db/users.json",
      bytes({ __stats: { inserted: 1, total: 1 }, __id_map: { 1: "default" }, b: [{ id: 7 }] }),
    );
    const store = folder("/db", { files: plain.files });
    await store.open(spaces());
    expect(await all(store)).toEqual([7]);
    await store.close();
    await expect(opened(plain)).rejects.toMatchObject({ code: "CONFIG.INVALID" });
  });
  test("hostile values make harmless names, and every value is found again", async () => {
    const values = [
      "",
      "..",
      "../../x",
      "a/b",
      "a\\b",
      "A",
      "a",
      "x.json",
      "x::y",
      "é",
      "__proto__",
      "con",
      "\0",
      "%41",
      "a".repeat(300),
    ];
    const disk = new MemoryDisk();
    const db = await opened(disk);
    await db.commit(values.map((value, i) => put(i, value)));
    await db.close();
    const names = files(disk).map((path) => path.slice("/db/users/".length));
    expect(names).toHaveLength(values.length + 1);
    expect(names.filter((name) => !/^[A-Za-z0-9_%~-]+\.json$/.test(name) || name.length > 140)).toEqual([]);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    const again = await opened(disk);
    expect(await all(again)).toEqual(values.map((_, i) => i));
    await again.close();
    expect(fileName("tenon")).not.toBe("tenon");
    expect(freeName("A", new Set(["a", "a~2"]))).toBe("A~3");
  });
  test("memory stays small while far more is read", { timeout: 120_000 }, async () => {
    const dir = await mkdtemp(join(tmpdir(), "tenon-scan-"));
    try {
      const child = join(import.meta.dirname, "scan-child.ts");
      const args = ["--max-old-space-size=56", "--import", "tsx", child, dir];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      expect(stdout.trim().split("\n")).toEqual(["60000 true", "60000 true", "60000 true"]);
      expect(await readdir(join(dir, "users"))).toHaveLength(41);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
