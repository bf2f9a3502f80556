import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type FileOptions, file } from "../../src/storage/file/file.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { age, dump, key, meta, posts, put, putUser, spaces, users } from "./support.js";

const text = (disk: MemoryDisk, path = "/db.json") => new TextDecoder().decode(disk.peek(path));
const store = (disk: MemoryDisk, options: FileOptions = {}) => file("/db.json", { files: disk.files, ...options });
const bytes = (value: string) => new TextEncoder().encode(value);

async function filled(disk: MemoryDisk, options: FileOptions = {}) {
  const db = store(disk, options);
  await db.open(spaces);
  await db.commit([...putUser(2, { age: 30, born: new Date(5) }), put("posts", 1, { n: 1n })]);
  await db.commit([
    ...putUser(1, { age: 20, name: "é\u{1f600}" }),
    { space: "$meta", key: key("sequence/users"), value: { next: 3 } },
  ]);
  await db.commit([
    { space: "posts", key: key(1), value: undefined },
    put("posts", 2, { bytes: new Uint8Array([0, 255]) }),
  ]);
  return db;
}

describe.each<[string, FileOptions]>([
  ["auto", {}],
  ["relaxed", { durability: "relaxed" }],
  ["memory", { durability: "memory" }],
  ["checkpoint: commit", { checkpoint: "commit" }],
  ["compression", { compression: true }],
  ["a checkpoint after every commit", { checkpointBytes: 0 }],
])("file(), %s", (_, options) => {
  test("what was committed is there after close and open", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk, options);
    const before = await dump(db);
    await db.close();
    const again = store(disk, options);
    await again.open(spaces);
    expect(await dump(again)).toEqual(before);
    await again.commit([put("posts", 3, {})]);
    await again.close();
    const third = store(disk, options);
    await third.open(spaces);
    expect(await third.snapshot().size("posts")).toBe(2);
    await third.close();
    expect(disk.paths()).toEqual(["/db.journal", "/db.json"]);
  });

  test("what was committed is there after the process was killed", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk, options);
    const before = await dump(db);
    if (options.durability === "memory") await db.compact();
    const again = store(disk.crash(null), options);
    await again.open(spaces);
    expect(await dump(again)).toEqual(before);
  });

  test("compact folds everything into the data file", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk, options);
    const before = await dump(db);
    await db.compact();
    const only = new MemoryDisk();
    only.put("/db.json", disk.peek("/db.json")!);
    const again = store(only);
    await again.open(spaces);
    expect(await dump(again)).toEqual(before);
  });
});

describe("the data file", () => {
  test("is readable JSON in the hierarchy of the seed, a document a line", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk);
    await db.close();
    const lines = text(disk).split("\n");
    expect(lines).toContain('"users":{"__stats":{"inserted":2,"total":2},"default":[');
    expect(lines).toContain('{"id":1,"age":20,"name":"é😀"},');
    expect(lines).toContain('[["sequence/users"],{"next":3}]');
    const parsed = JSON.parse(text(disk));
    expect(parsed.users.default).toEqual([
      { id: 1, age: 20, name: "é😀" },
      { id: 2, age: 30, born: { $date: 5 } },
    ]);
    expect(parsed.$tenon).toEqual({ format: 1, sequence: 3, store: expect.any(Number) });
  });

  test("compression packs the same text, and either kind is read whatever the option says", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk, { compression: true });
    const before = await dump(db);
    await db.close();
    expect(JSON.parse(gunzipSync(disk.peek("/db.json")!).toString()).$tenon.sequence).toBe(3);
    const plain = store(disk);
    await plain.open(spaces);
    expect(await dump(plain)).toEqual(before);
    await plain.compact();
    await plain.close();
    expect(text(disk).startsWith('{"$tenon"')).toBe(true);
  });

  test("large values and many documents cross the pieces that files are read in", async () => {
    const disk = new MemoryDisk();
    const db = store(disk);
    await db.open(spaces);
    const big = "é\n]".repeat(700_000);
    await db.commit([
      put("posts", -1, { big }),
      ...Array.from({ length: 20_000 }, (_, i) => put("posts", i, { name: `n${i}`, at: new Date(i) })),
    ]);
    const before = await dump(db);
    await db.close();
    const again = store(disk);
    await again.open(spaces);
    expect(await dump(again)).toEqual(before);
    const doc = (await again.snapshot().getMany("posts", [key(7)]))[0];
    expect(Object.isFrozen(doc)).toBe(true);
  });
});

describe("files of others", () => {
  const sencillo = {
    users: {
      __stats: { inserted: 3, total: 2 },
      __id_map: { 1: "default" },
      default: [{ id: 3, age: 1 }],
      "b]": [{ id: 1, age: 2, tags: { $x: 1 } }],
    },
    legacy: { default: [{ _id: 1, $odd: true }] },
  };
  test.each([
    ["compact", JSON.stringify(sencillo)],
    ["pretty", JSON.stringify(sencillo, null, 2)],
    ["with a byte order mark", `\ufeff${JSON.stringify(sencillo)}`],
  ])("a SencilloDB file (%s) opens, and collections without a model are kept", async (_, json) => {
    const disk = new MemoryDisk();
    disk.put("/db.json", bytes(json));
    const db = store(disk);
    await db.open(spaces);
    expect((await dump(db)).users).toEqual([
      [key(1), { id: 1, age: 2, tags: { $x: 1 } }],
      [key(3), { id: 3, age: 1 }],
    ]);
    expect((await dump(db))["users/age"]).toHaveLength(2);
    await db.close();
    expect(disk.peek("/db.json")).toEqual(bytes(json));
    for (let round = 0; round < 2; round++) {
      const again = store(disk);
      await again.open(spaces);
      await again.commit(putUser(4 + round, { age: 1 }));
      await again.close();
    }
    expect(JSON.parse(text(disk)).legacy).toEqual(sencillo.legacy);
  });

  test("a collection that a model names later is found", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk);
    await db.close();
    const fewer = store(disk);
    await fewer.open([users, age]);
    await fewer.commit(putUser(9, { age: 9 }));
    await fewer.reshape(spaces);
    expect((await dump(fewer)).posts).toEqual([[key(2), { id: 2, bytes: new Uint8Array([0, 255]) }]]);
    await fewer.close();
    const all = store(disk);
    await all.open(spaces);
    expect((await dump(all)).posts).toHaveLength(1);
  });
});

describe("reshape", () => {
  test("new indexes are derived, missing spaces dropped, for good", async () => {
    const disk = new MemoryDisk();
    const db = store(disk);
    await db.open([{ ...users, derive: [] }, posts, meta]);
    await db.commit([put("users", 1, { age: 5 }), put("posts", 1, {})]);
    await db.reshape([users, age, meta]);
    expect(await dump(db, [users, age])).toEqual({
      users: [[key(1), { id: 1, age: 5 }]],
      "users/age": [[key(5) + key(1), { id: 1, age: 5 }]],
    });
    const again = store(disk.crash(1));
    await again.open(spaces);
    expect((await dump(again)).posts).toEqual([]);
    expect((await dump(again))["users/age"]).toHaveLength(1);
  });
});

describe("wrong inputs", () => {
  const page = new Uint8Array(4096);
  page.set(bytes("SQLite format 3\0"));
  test.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "CORRUPTION.FORMAT"],
    ["not JSON", bytes("hello"), "CORRUPTION.FORMAT"],
    ["truncated JSON", bytes('{"users":{"default":[{"id":1}'), "CORRUPTION.FORMAT"],
    ["an array", bytes("[1]"), "CORRUPTION.FORMAT"],
    ["a number as collection", bytes('{"users":5}'), "CORRUPTION.FORMAT"],
    ["a document that is no object", bytes('{"users":[1]}'), "CORRUPTION.FORMAT"],
    ["the same key twice", bytes('{"users":[{"id":1},{"id":1}]}'), "CORRUPTION.FORMAT"],
    ["an SQLite database", page, "CORRUPTION.FORMAT"],
    ["no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "CORRUPTION.FORMAT"],
    ["gzip cut short", new Uint8Array([0x1f, 0x8b, 8, 0]), "CORRUPTION.CHECKSUM"],
    ["a newer format", bytes('{"$tenon":{"format":2,"sequence":1},\n"$checksum":"x"}\n'), "CORRUPTION.VERSION"],
  ])("%s: a typed error, and the file stays as it is", async (_, content, code) => {
    const disk = new MemoryDisk();
    disk.put("/db.json", content);
    const db = store(disk);
    await expect(db.open(spaces)).rejects.toMatchObject({ code, fix: expect.any(String) });
    await db.close();
    expect(disk.peek("/db.json")).toEqual(content);
    expect(disk.paths()).toEqual(["/db.json"]);
  });

  test("the data file is missing, older than the journal, or replaced", async () => {
    const disk = new MemoryDisk();
    const first = await filled(disk);
    await first.close();
    const old = disk.peek("/db.json")!;
    const second = store(disk);
    await second.open(spaces);
    await second.commit([put("posts", 7, {})]);
    await second.compact();
    await second.commit([put("posts", 8, {})]);
    for (const content of [null, old, bytes('{"users":[]}')]) {
      const copy = disk.crash(null);
      if (content === null) await copy.unlink("/db.json");
      else copy.put("/db.json", content);
      await expect(store(copy).open(spaces)).rejects.toMatchObject({ code: "CORRUPTION.FORMAT" });
    }
  });

  test("values that are no data are refused and nothing is poisoned", async () => {
    const disk = new MemoryDisk();
    const db = await filled(disk);
    const cyclic: Record<string, unknown> = { id: 5 };
    cyclic.self = cyclic;
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    for (const value of [cyclic, { id: 5, f: () => 1 }, { id: 5, deep }]) {
      await expect(db.commit([{ space: "posts", key: key(5), value: value as never }])).rejects.toMatchObject({
        code: "QUERY.INVALID_VALUE",
      });
    }
    await db.commit([put("posts", 5, { fine: true })]);
    await db.close();
  });

  test("unknown options are refused", () => {
    expect(() => file("/db.json", { durabilty: "strict" } as never)).toThrow(/no option "durabilty"/);
    expect(() => file("/db.json", { durability: "maybe" } as never)).toThrow(/cannot be "maybe"/);
    expect(() => file("")).toThrow(/needs a path/);
  });
});

test("after close everything is refused with the same code", async () => {
  const disk = new MemoryDisk();
  const db = await filled(disk);
  const snapshot = db.snapshot();
  await db.close();
  await db.close();
  const closed = { code: "STORAGE.CLOSED" };
  await expect(db.commit([])).rejects.toMatchObject(closed);
  await expect(db.compact()).rejects.toMatchObject(closed);
  await expect(db.reshape(spaces)).rejects.toMatchObject(closed);
  await expect(db.readRegistry()).rejects.toMatchObject(closed);
  await expect(db.writeRegistry("")).rejects.toMatchObject(closed);
  await expect(db.open(spaces)).rejects.toMatchObject(closed);
  expect(() => snapshot.getMany("users", [key(1)])).toThrow(expect.objectContaining(closed));
  expect(() => db.snapshot()).toThrow(/is closed/);
});

test("a registry is kept beside the data", async () => {
  const disk = new MemoryDisk();
  const db = store(disk);
  expect(await db.readRegistry()).toBeNull();
  await db.open(spaces);
  await db.writeRegistry("{}");
  await db.close();
  expect(text(disk, "/db.registry.json")).toBe("{}");
});

test("a second opener is told who holds the lock; a crashed one is taken over", async () => {
  const disk = new MemoryDisk();
  const db = await filled(disk);
  await expect(store(disk).open(spaces)).rejects.toMatchObject({ code: "LOCKED.PROCESS", meta: { pid: 1 } });
  const after = disk.crash(null);
  const next = store(after);
  await next.open(spaces);
  await expect(store(after).open(spaces)).rejects.toMatchObject({ code: "LOCKED.PROCESS" });
  await next.close();
  await db.close();
});

test("commits called while the store folds keep their order", async () => {
  for (let pause = 0; pause < 60; pause++) {
    const db = store(new MemoryDisk());
    await db.open(spaces);
    await db.commit([put("posts", 1, { n: 0 })]);
    const all: Promise<void>[] = [db.compact()];
    let last = 0;
    for (let n = 1; n <= 3; n++) {
      last = n;
      all.push(db.commit([put("posts", 1, { n })]));
      for (let i = 0; i < pause; i++) await null;
    }
    await Promise.all(all);
    expect((await db.snapshot().getMany("posts", [key(1)]))[0], `pause ${pause}`).toEqual({ id: 1, n: last });
    await db.close();
  }
});
