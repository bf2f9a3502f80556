/**
 * Bad input through the public API: whatever is wrong, the caller gets one of Tenon's errors with a code, and nothing
 * that was stored before is lost or changed.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { belongsTo, defineModel, hasMany, SchemaError } from "tenon";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { ada, contents, type Database, folder, openFile, refused } from "./support.js";

describe("files that are no database", () => {
  const files: Record<string, string | Uint8Array> = {
    "text that is not JSON": "hello, world\n",
    "cut off in the middle": '{ "users": { "__stats": { "inserted": 2, "total": 2 }, "all": [ {"id":1,"email":"a"',
    "a JSON array": "[1, 2, 3]",
    "a JSON number": "42",
    "JSON of another shape": '{ "users": "none" }',
    "documents that are no objects": '{ "users": { "all": [1, 2] } }',
    "a picture": Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0xff, 0xfe]),
    "another database": `SQLite format 3\u0000${"\u0001\u0000".repeat(300)}`,
    "bytes that are not UTF-8": Uint8Array.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  };
  test.for(Object.entries(files))("%s", async ([, bytes]) => {
    using dir = folder();
    const path = join(dir.path, "db.json");
    writeFileSync(path, bytes);
    const before = readFileSync(path);
    const error = await refused(() => openFile(path));
    expect(error.code).toMatch(/^CORRUPTION\./);
    expect(error.message).toContain("db.json");
    expect(readFileSync(path).equals(before), "the file is left as it was").toBe(true);
    // Not left locked: the same file is refused for the same reason again.
    expect((await refused(() => openFile(path))).code).toBe(error.code);
  });

  test("a folder where the file should be", async () => {
    using dir = folder();
    mkdirSync(join(dir.path, "db.json"));
    expect((await refused(() => openFile(join(dir.path, "db.json")))).code).toMatch(/^(STORAGE|CORRUPTION)\./);
    expect(statSync(join(dir.path, "db.json")).isDirectory()).toBe(true);
  });

  test("a damaged data file is refused, and good again once restored", async () => {
    using dir = folder();
    const path = join(dir.path, "db.json");
    {
      await using db = await openFile(path);
      await db.users.createMany({ data: [1, 2, 3].map((n) => ({ ...ada, email: `${n}@example.org` })) });
    }
    const good = readFileSync(path);
    for (const damage of [
      good.subarray(0, good.length >> 1),
      Buffer.from(good.toString("latin1").replace("2@example.org", "2@example.ogr"), "latin1"),
    ]) {
      writeFileSync(path, damage);
      const before = contents(dir.path);
      const error = await refused(() => openFile(path));
      expect(error.code).toMatch(/^CORRUPTION\./);
      expect(contents(dir.path)).toEqual(before);
    }
    writeFileSync(path, good);
    await using db = await openFile(path);
    expect(await db.users.count()).toBe(3);
  });

  test("a registry that is not JSON", async () => {
    using dir = folder();
    const path = join(dir.path, "db.json");
    {
      await using db = await openFile(path);
      await db.users.create({ data: ada });
    }
    const registry = [...contents(dir.path).keys()].find((name) => name.includes("registry"));
    expect(registry).toBeDefined();
    const good = readFileSync(join(dir.path, registry ?? ""));
    writeFileSync(join(dir.path, registry ?? ""), "{ nope");
    expect((await refused(() => openFile(path))).code).toMatch(/^CORRUPTION\./);
    writeFileSync(join(dir.path, registry ?? ""), good);
    await using db = await openFile(path);
    expect(await db.users.count()).toBe(1);
  });
});

/** Runs `work` without the right to write into folders of others; root gives up its rights for that time. */
async function withoutRights<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("the disk", () => {
  test("a directory without permission", async (context) => {
    if (process.platform === "win32") {
      console.warn("SKIPPED: directory permissions are not a Windows notion");
      return context.skip();
    }
    using dir = folder();
    const closed = join(dir.path, "closed");
    mkdirSync(closed);
    chmodSync(dir.path, 0o755);
    chmodSync(closed, 0o555);
    const error = await withoutRights(() => refused(() => openFile(join(closed, "db.json"))));
    expect(error.code).toBe("STORAGE.IO");
    expect(error.message).toContain("closed");
    expect(contents(closed).size).toBe(0);
  });

  test("a data file that may not be read", async (context) => {
    if (process.platform === "win32") {
      console.warn("SKIPPED: file permissions are not a Windows notion");
      return context.skip();
    }
    using dir = folder();
    chmodSync(dir.path, 0o777);
    const path = join(dir.path, "db.json");
    {
      await using db = await openFile(path);
      await db.users.create({ data: ada });
    }
    chmodSync(path, 0o000);
    const error = await withoutRights(() => refused(() => openFile(path)));
    expect(error.code).toBe("STORAGE.IO");
    chmodSync(path, 0o644);
    await using db = await openFile(path);
    expect(await db.users.count()).toBe(1);
  });

  test("a full disk: what was acknowledged stays, what was not is not there", async (context) => {
    using dir = folder();
    const disk = join(dir.path, "disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      console.warn("SKIPPED: a full disk can only be shown where a tmpfs can be mounted");
      return context.skip();
    }
    try {
      const path = join(disk, "db.json");
      const acknowledged: string[] = [];
      const db = await openFile(path);
      let failure: Awaited<ReturnType<typeof refused>> | null = null;
      for (let n = 0; failure === null; n++) {
        expect(n, "the disk must fill up").toBeLessThan(2_000);
        const data = { ...ada, email: `${n}@example.org`, extra: { text: "x".repeat(4_000) } };
        try {
          await db.users.create({ data });
          acknowledged.push(data.email);
        } catch (error) {
          failure = await refused(() => Promise.reject(error));
        }
      }
      expect(failure.code).toBe("STORAGE.FULL");
      expect(acknowledged.length).toBeGreaterThan(5);
      const stored = async (from: Database) =>
        (await from.users.findMany({ select: ["email"], orderBy: { id: "asc" } })).map((row) => row.email);
      expect(await stored(db), "reads go on").toEqual(acknowledged);
      await db.close().catch((error: unknown) => refused(() => Promise.reject(error)));
      execFileSync("mount", ["-o", "remount,size=16m", disk]);
      await using again = await openFile(path);
      expect(await stored(again)).toEqual(acknowledged);
      await again.users.create({ data: { ...ada, email: "after@example.org" } });
      expect(await again.users.count()).toBe(acknowledged.length + 1);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
});

describe("models with mistakes", () => {
  test("all of them are reported at once, with what was probably meant", async () => {
    using dir = folder();
    const broken = {
      User: defineModel("User", z.object({ id: z.int(), email: z.string() }), {
        indexes: ["emial"],
        relations: { posts: hasMany("Pots", { to: "authorId" }) },
      }),
      Post: defineModel("Post", z.object({ id: z.int(), authorId: z.string() }), {
        relations: { author: belongsTo("User", { from: "autorId" }) },
      }),
    };
    const error = await refused(() => openFile(join(dir.path, "db.json"), { models: broken }));
    expect(error).toBeInstanceOf(SchemaError);
    const issues = (error as SchemaError).issues;
    expect(issues.length).toBeGreaterThanOrEqual(3);
    for (const meant of ["email", "Post", "authorId"]) expect(error.message).toContain(`did you mean \`${meant}\``);
    expect(contents(dir.path).size, "no file was made").toBe(0);
  });
});

describe("calls with mistakes", () => {
  let dir: ReturnType<typeof folder>;
  let db: Database;
  let before: unknown;
  const everything = async () => ({ users: await db.users.findMany(), posts: await db.posts.findMany() });

  beforeEach(async () => {
    dir = folder();
    db = await openFile(join(dir.path, "db.json"));
    await db.users.create({ data: { ...ada, posts: { create: [{ title: "One", body: "" }] } } });
    before = await everything();
  });
  afterEach(async () => {
    expect(await everything(), "nothing was changed by what was refused").toEqual(before);
    await db.close();
    dir[Symbol.dispose]();
  });

  const one = { id: 1 };
  const calls: Record<string, (key: string) => Promise<unknown>> = {
    "findMany argument": (key) => db.users.findMany({ [key]: 1 }),
    "findFirst argument": (key) => db.users.findFirst({ [key]: 1 }),
    "findById option": (key) => db.users.findById(1, { [key]: 1 }),
    where: (key) => db.users.findMany({ where: { [key]: 1 } }),
    "where, nested": (key) => db.users.findMany({ where: { address: { [key]: 1 } } }),
    "where, operator": (key) => db.users.findMany({ where: { age: { [key]: 1 } } }),
    "where, in $and": (key) => db.users.findMany({ where: { $and: [{ [key]: 1 }] } }),
    "where, in $not": (key) => db.users.findMany({ where: { $not: { [key]: 1 } } }),
    "where, relation": (key) => db.users.findMany({ where: { posts: { some: { [key]: 1 } } } }),
    "where, quantifier": (key) => db.users.findMany({ where: { posts: { [key]: {} } } }),
    "findUnique where": (key) => db.users.findUnique({ where: { [key]: 1 } }),
    orderBy: (key) => db.users.findMany({ orderBy: { [key]: "asc" } }),
    "orderBy, nested": (key) => db.users.findMany({ orderBy: { address: { [key]: "asc" } } }),
    select: (key) => db.users.findMany({ select: [key] }),
    omit: (key) => db.users.findMany({ omit: [key] }),
    populate: (key) => db.users.findMany({ populate: [key] }),
    "populate, nested": (key) => db.users.findMany({ populate: [`posts.${key}`] }),
    distinct: (key) => db.users.findMany({ distinct: [key] }),
    count: (key) => db.users.count({ [key]: 1 }),
    exists: (key) => db.users.exists({ [key]: 1 }),
    "aggregate argument": (key) => db.users.aggregate({ count: true, [key]: 1 }),
    "aggregate sum": (key) => db.users.aggregate({ sum: [key] }),
    "groupBy by": (key) => db.users.groupBy({ by: [key], count: true }),
    "groupBy having": (key) => db.users.groupBy({ by: ["age"], count: true, having: { [key]: 1 } }),
    "groupBy orderBy": (key) => db.users.groupBy({ by: ["age"], count: true, orderBy: { [key]: "asc" } }),
    explain: (key) => db.users.explain({ where: { [key]: 1 } }),
    "builder where": (key) => db.users.where({ [key]: 1 }).all(),
    "builder second where": (key) =>
      db.users
        .where({})
        .where({ [key]: 1 })
        .all(),
    "builder orderBy": (key) => db.users.where({}).orderBy(key, "asc").all(),
    "builder select": (key) => db.users.where({}).select(key).all(),
    "create argument": (key) => db.users.create({ data: { ...ada, email: "x" }, [key]: 1 }),
    "create data": (key) => db.users.create({ data: { ...ada, email: "x", [key]: 1 } }),
    "create data, relation": (key) => db.users.create({ data: { ...ada, email: "x", posts: { [key]: {} } } }),
    "create data, related row": (key) =>
      db.users.create({ data: { ...ada, email: "x", posts: { create: { title: "t", body: "", [key]: 1 } } } }),
    createMany: (key) =>
      db.users.createMany({
        data: [
          { ...ada, email: "y" },
          { ...ada, email: "x", [key]: 1 },
        ],
      }),
    "createMany argument": (key) => db.users.createMany({ data: [], [key]: 1 }),
    "update where": (key) => db.users.update({ where: { [key]: 1 }, data: { age: 1 } }),
    "update data": (key) => db.users.update({ where: one, data: { [key]: 1 } }),
    "update patch": (key) => db.users.update({ where: one, data: { address: { $patch: { [key]: 1 } } } }),
    "update argument": (key) => db.users.update({ where: one, data: { age: 1 }, [key]: 1 }),
    "updateMany where": (key) => db.users.updateMany({ where: { [key]: 1 }, data: { age: 1 } }),
    "updateMany data": (key) => db.users.updateMany({ where: { age: 36 }, data: { [key]: 1 } }),
    "upsert create": (key) =>
      db.users.upsert({ where: { id: 9 }, create: { ...ada, email: "x", [key]: 1 }, update: { age: 1 } }),
    "upsert update": (key) => db.users.upsert({ where: one, create: { ...ada, email: "x" }, update: { [key]: 1 } }),
    "delete where": (key) => db.users.delete({ where: { [key]: 1 } }),
    "delete argument": (key) => db.users.delete({ where: { id: 99 }, [key]: 1 }),
    "deleteMany where": (key) => db.users.deleteMany({ where: { [key]: 1 } }),
  };
  const CODES = /^(QUERY\.(UNKNOWN_|INVALID_|NOT_UNIQUE|MISSING_WHERE)|VALIDATION\.FAILED)/;

  for (const key of ["nope", "__proto__", "constructor", "toString"]) {
    test.for(Object.keys(calls))(`${key} in %s`, async (name) => {
      const error = await refused(() => calls[name]?.(key));
      expect(error.code).toMatch(CODES);
      expect(error.message).toContain(key);
      expect(error.message.length).toBeLessThan(1_000);
    });
  }

  test.for(["nope", "__proto__", "$icn"])("an object with %s where a number belongs", async (key) => {
    const error = await refused(() => db.users.update({ where: one, data: { age: { [key]: 1 } } }));
    expect(error.code).toMatch(CODES);
    expect(error.message).toContain("age");
  });

  test("a cursor without the values of the order", async () => {
    expect((await refused(() => db.users.findMany({ after: { nope: 1 } }))).code).toBe("QUERY.INVALID_CURSOR");
    expect((await refused(() => db.users.findMany({ after: 7 }))).code).toBe("QUERY.INVALID_CURSOR");
  });

  test("a near miss is answered with what was meant", async () => {
    const error = await refused(() => db.users.findMany({ where: { emial: "x" } }));
    expect(error.code).toBe("QUERY.UNKNOWN_FIELD");
    expect(error.message).toContain('did you mean "email"');
  });

  test.for([
    ["a filter that is undefined", { where: { email: undefined } }],
    ["a filter that is undefined, deep", { where: { $or: [{ address: { city: undefined } }] } }],
  ] as const)("%s", async ([, args]) => {
    expect((await refused(() => db.users.findMany(args))).code).toBe("QUERY.UNDEFINED_VALUE");
  });

  test.for([
    ["a text where a number belongs", { where: { age: "36" } }],
    ["a number where a filter belongs", { where: 7 }],
    ["an array where a filter belongs", { where: [] }],
    ["not a number", { where: { age: { $gt: Number.NaN } } }],
    ["a function as value", { where: { email: () => "x" } }],
    ["an invalid date", { where: { email: new Date(Number.NaN) } }],
    ["a negative limit", { limit: -1 }],
    ["half a row", { limit: 1.5 }],
    ["a limit in words", { limit: "ten" }],
    ["a pattern that does not parse", { where: { email: { $regex: "(" } } }],
    ["a direction that does not exist", { orderBy: { age: "up" } }],
  ] as const)("%s", async ([, args]) => {
    expect((await refused(() => db.users.findMany(args as Record<string, unknown>))).code).toMatch(/^QUERY\./);
  });

  test("deleteMany and updateMany without a filter", async () => {
    expect((await refused(() => db.users.deleteMany({}))).code).toBe("QUERY.MISSING_WHERE");
    expect((await refused(() => db.users.updateMany({ data: { age: 1 } }))).code).toBe("QUERY.MISSING_WHERE");
  });

  test("a value that refers to itself", async () => {
    const extra: Record<string, unknown> = {};
    extra.self = extra;
    const error = await refused(() => db.users.create({ data: { ...ada, email: "x", extra } }));
    expect(error.code).toBe("VALIDATION.FAILED");
  });

  test("a value nested a hundred thousand deep", async () => {
    let extra: Record<string, unknown> = {};
    for (let i = 0; i < 100_000; i++) extra = { extra };
    const error = await refused(() => db.users.create({ data: { ...ada, email: "x", extra } }));
    expect(error.code).toBe("VALIDATION.FAILED");
  });
});

describe("large and strange values", () => {
  const big = "ß".repeat(5_000_000);

  test("10 MB strings are stored exactly, or refused with a short message", async () => {
    using dir = folder();
    const path = join(dir.path, "db.json");
    {
      await using db = await openFile(path);
      await db.users.create({ data: ada });
      await db.posts.create({ data: { title: "Long", body: big, authorId: 1 } });
      const error = await refused(() => db.posts.create({ data: { title: big, body: "", authorId: 1 } }));
      expect(error.code).toBe("VALIDATION.FAILED");
      expect(error.message.length).toBeLessThan(1_000);
      // As a value of a filter, of an index, as a field name, as a pattern.
      expect(await db.posts.count({ body: big })).toBe(1);
      expect(await db.posts.count({ body: { $contains: big.slice(1) } })).toBe(1);
      await db.users.create({ data: { ...ada, email: big } });
      expect((await db.users.findUnique({ where: { email: big } }))?.id).toBe(2);
      const twice = await refused(() => db.users.create({ data: { ...ada, email: big } }));
      expect(twice.code).toBe("UNIQUE.VIOLATION");
      expect(twice.message.length).toBeLessThan(1_000);
      const unknown = await refused(() => db.users.findMany({ where: { [big]: 1 } }));
      expect(unknown.code).toBe("QUERY.UNKNOWN_FIELD");
      expect(unknown.message.length).toBeLessThan(1_000);
      const mistyped = await refused(() => db.users.findMany({ where: { age: big } }));
      expect(mistyped.code).toBe("QUERY.INVALID_VALUE");
      expect(mistyped.message.length).toBeLessThan(1_000);
    }
    await using db = await openFile(path);
    expect((await db.posts.findById(1))?.body === big).toBe(true);
    expect((await db.users.findUnique({ where: { email: big } }))?.id).toBe(2);
  });

  test("keys that mean something to JavaScript are data like any other", async () => {
    using dir = folder();
    const path = join(dir.path, "db.json");
    const any = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1,"hasOwnProperty":null,"a.b":2,"$inc":3,"":4}',
    ) as Record<string, unknown>;
    {
      await using db = await openFile(path);
      await db.users.create({ data: { ...ada, any } });
      // A record cannot hold this one key: it is refused, not left out.
      const error = await refused(() => db.users.create({ data: { ...ada, email: "b", extra: any } }));
      expect(error.message).toContain('extra.__proto__: the key "__proto__" cannot be kept here');
      const { ["__proto__"]: _, ...kept } = any;
      await db.users.create({ data: { ...ada, email: "b", extra: kept } });
    }
    await using db = await openFile(path);
    const row = await db.users.findById(1);
    expect(JSON.stringify(row?.any)).toBe(JSON.stringify(any));
    expect(Object.getPrototypeOf(row?.any)).toBe(Object.prototype);
    // All others are kept, in order.
    const { extra } = (await db.users.findById(2)) ?? {};
    expect(JSON.stringify(extra)).toBe(JSON.stringify(any).replace('"__proto__":{"polluted":true},', ""));
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const copy = JSON.parse(`{"__proto__":{"polluted":true},"email":"y"}`) as object;
    const error = await refused(() => db.users.create({ data: copy }));
    expect(error.code).toBe("VALIDATION.FAILED");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(await db.users.count()).toBe(2);
  });

  test("strings that JSON finds hard come back exactly", async () => {
    using dir = folder();
    const path = join(dir.path, "db.json");
    const hard = [
      "\u0000",
      "\u2028\u2029",
      "\ud800",
      "\udc00x",
      "\u{1f600}",
      '"\\\n\r\t',
      "\ufeff",
      "\u00e9",
      "e\u0301",
      " ",
    ];
    {
      await using db = await openFile(path);
      await db.users.createMany({ data: hard.map((email, n) => ({ ...ada, email, age: n, tags: hard })) });
    }
    await using db = await openFile(path);
    for (const [n, email] of hard.entries()) {
      const row = await db.users.findUnique({ where: { email } });
      expect([row?.age, row?.tags]).toEqual([n, hard]);
    }
  });
});
