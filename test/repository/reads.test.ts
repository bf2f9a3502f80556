/** Reading calls: what each promises beyond the query language itself. */
import { describe, expect, test } from "vitest";
import { NotFoundError, QueryError } from "../../src/index.js";
import { type Db, openDb, rejection } from "./support.js";

async function seeded(): Promise<Db> {
  const db = await openDb();
  await db.users.createMany({
    data: [1, 2, 3].map((n) => ({ email: `u${n}@x.de`, age: n * 10, role: n === 1 ? "admin" : "member" })),
  });
  await db.labels.create({ data: { name: "red", users: { connect: { id: 1, $through: { weight: 7 } } } } });
  return db;
}

test("findById: a value, a composite key, a shape", async () => {
  await using db = await seeded();
  expect(await db.users.findById(2)).toMatchObject({ id: 2 });
  expect(await db.users.findById(9)).toBeNull();
  expect(await db.users.findById(2, { select: ["email"] })).toEqual({ email: "u2@x.de" });
  expect(await db.users.findById(1, { populate: ["labels"], select: ["id"] })).toMatchObject({
    labels: [{ name: "red" }],
  });
  const [link] = await db.userLabels.findMany();
  expect(await db.userLabels.findById({ userId: 1, labelId: link?.labelId })).toMatchObject({ weight: 7 });
  const error = await rejection(db.users.findByIdOrThrow(9), NotFoundError);
  expect(error.message).toContain("No User matches 9");
});

test("findUnique: key, unique index, further conditions", async () => {
  await using db = await seeded();
  expect(await db.users.findUnique({ where: { email: "u3@x.de" } })).toMatchObject({ id: 3 });
  expect(await db.users.findUnique({ where: { email: "u3@x.de" }, select: ["id"] })).toEqual({ id: 3 });
  expect(await db.users.findUnique({ where: { email: { $eq: "u3@x.de" }, age: 30 } })).toMatchObject({ id: 3 });
  expect(await db.users.findUnique({ where: { email: "u3@x.de", age: 31 } })).toBeNull();
  expect((await rejection(db.users.findUnique({ where: { age: 10 } }), QueryError)).code).toBe("QUERY.NOT_UNIQUE");
  await rejection(db.users.findUniqueOrThrow({ where: { email: "none@x.de" } }), NotFoundError);
});

test("findUnique looks at own arguments only, and at each once", async () => {
  await using db = await seeded();
  const inherited = Object.create({ where: { id: 1 } }) as Record<string, unknown>;
  await rejection(db.users.findUnique(inherited), QueryError);
  const where = Object.create({ id: 1 }) as Record<string, unknown>;
  await rejection(db.users.findUnique({ where }), QueryError);
  const bare = Object.assign(Object.create(null), { email: "u2@x.de" }) as Record<string, unknown>;
  expect(await db.users.findUnique(Object.assign(Object.create(null), { where: bare }))).toMatchObject({ id: 2 });
  for (const key of ["__proto__", "constructor", "toString"])
    await rejection(db.users.findUnique({ where: Object.fromEntries([[key, 1]]) }), QueryError);
  let reads = 0;
  const changing = {
    get email() {
      return reads++ === 0 ? "u1@x.de" : 7;
    },
  };
  expect(await db.users.findUnique({ where: changing })).toMatchObject({ id: 1 });
  expect(reads).toBe(1);
  Object.defineProperty(Object.prototype, "where", { value: { id: 1 }, enumerable: true, configurable: true });
  try {
    await rejection(db.users.findUnique({}), QueryError);
  } finally {
    Reflect.deleteProperty(Object.prototype, "where");
  }
});

test("findFirst, findMany, exists, count", async () => {
  await using db = await seeded();
  expect(await db.users.findFirst()).toMatchObject({ id: 1 });
  expect(await db.users.findFirst({ orderBy: { age: "desc" }, offset: 1 })).toMatchObject({ id: 2 });
  expect(await db.users.findFirst({ where: { age: 1 } })).toBeNull();
  await rejection(db.users.findFirstOrThrow({ where: { age: 1 } }), NotFoundError);
  expect((await db.users.findMany({ limit: 2, select: ["id"] })).map((row) => row.id)).toEqual([1, 2]);
  expect([await db.users.exists(), await db.users.exists({ age: 10 }), await db.users.exists({ age: 11 })]).toEqual([
    true,
    true,
    false,
  ]);
  expect([await db.users.count(), await db.users.count({ role: "member" }), await db.users.count({})]).toEqual([
    3, 2, 3,
  ]);
});

test("aggregate and groupBy", async () => {
  await using db = await seeded();
  expect(await db.users.aggregate({ count: true, sum: ["age"], max: ["age"] })).toEqual({
    count: 3,
    sum: { age: 60 },
    max: { age: 30 },
  });
  expect(await db.users.groupBy({ by: ["role"], count: true, orderBy: { count: "desc" } })).toEqual([
    { role: "member", count: 2 },
    { role: "admin", count: 1 },
  ]);
});

test("stream gives one snapshot and frees it when left early", async () => {
  await using db = await seeded();
  const ids: unknown[] = [];
  for await (const row of db.users.stream({ orderBy: { id: "asc" } }, { batch: 1 })) {
    ids.push(row.id);
    await db.users.create({ data: { email: `new${ids.length}@x.de` } });
  }
  expect(ids).toEqual([1, 2, 3]);
  for await (const _ of db.users.stream()) break;
  expect(await db.users.count()).toBe(6);
});

test("explain says how a query is answered", async () => {
  await using db = await seeded();
  const plan = await db.users.explain({ where: { id: 1 } }, { analyze: true });
  expect(plan.root).toMatchObject({ access: "key", actual: { returned: 1 } });
});

test("the last rows of an order are read from the end of its index", async () => {
  await using db = await seeded();
  const plan = await db.users.explain({ orderBy: { email: "desc" }, limit: 1 }, { analyze: true });
  expect(plan.root).toMatchObject({ access: "index", sort: "index", actual: { read: 1 } });
});

describe("bad arguments, in every position", () => {
  type Call = (db: Db, value: never) => unknown;
  const calls: Record<string, Call> = {
    findById: (db, value) => db.users.findById(1, value),
    findUnique: (db, value) => db.users.findUnique(value),
    findFirst: (db, value) => db.users.findFirst(value),
    findMany: (db, value) => db.users.findMany(value),
    stream: async (db, value) => db.users.stream(value),
    exists: (db, value) => db.users.exists(value),
    "exists options": (db, value) => db.users.exists({}, value),
    count: (db, value) => db.users.count(value),
    "count options": (db, value) => db.users.count({}, value),
    aggregate: (db, value) => db.users.aggregate(value),
    groupBy: (db, value) => db.users.groupBy(value),
    explain: (db, value) => db.users.explain(value),
    "explain options": (db, value) => db.users.explain({}, value),
    create: (db, value) => db.users.create(value),
    createMany: (db, value) => db.users.createMany(value),
    update: (db, value) => db.users.update(value),
    updateMany: (db, value) => db.users.updateMany(value),
    upsert: (db, value) => db.users.upsert(value),
    delete: (db, value) => db.users.delete(value),
    deleteMany: (db, value) => db.users.deleteMany(value),
    query: async (db, value) => db.users.where(value),
  };
  const values: [string, unknown][] = [
    ["a number", 5],
    ["a string", "where"],
    ["null", null],
    ["a list", []],
    ["a date", new Date(0)],
    ["a function", () => true],
    ["an unknown key", { nope: 1 }],
    ["__proto__ as a key", JSON.parse('{"__proto__": {"id": 1}}')],
    ["constructor as a key", { constructor: 1 }],
    ["toString as a key", { toString: 1 }],
  ];
  test.each(Object.keys(calls).flatMap((name) => values.map(([label, value]) => [name, label, value] as const)))(
    "%s with %s",
    async (name, _, value) => {
      await using db = await seeded();
      const before = await db.users.findMany();
      const error = await rejection(calls[name]!(db, value as never) as Promise<unknown>, QueryError);
      expect(error.message.length).toBeLessThan(500);
      expect(error.fix).toBeTruthy();
      expect(await db.users.findMany()).toEqual(before);
      expect(({} as { id?: unknown }).id).toBeUndefined();
    },
  );

  test.each([
    ["findById", [undefined], "QUERY.UNDEFINED_VALUE"],
    ["findById", [null], "QUERY.INVALID_VALUE"],
    ["findById", ["1"], "QUERY.INVALID_VALUE"],
    ["findById", [Number.NaN], "QUERY.INVALID_VALUE"],
    ["findById", [{ id: 1 }], "QUERY.INVALID_VALUE"],
    ["findById", [1, { select: ["nope"] }], "QUERY.UNKNOWN_FIELD"],
    ["findById", [1, { select: ["id"], omit: ["id"] }], "QUERY.INVALID_VALUE"],
    ["findById", [1, { populate: ["postz"] }], "QUERY.UNKNOWN_RELATION"],
    ["findById", [1, { signal: 5 }], "QUERY.INVALID_VALUE"],
    ["findUnique", [{ where: undefined }], "QUERY.UNDEFINED_VALUE"],
    ["findUnique", [{ where: { id: undefined } }], "QUERY.UNDEFINED_VALUE"],
    ["findUnique", [{ where: { id: null } }], "QUERY.NOT_UNIQUE"],
    ["findUnique", [{ where: { id: "1" } }], "QUERY.INVALID_VALUE"],
    ["findUnique", [{ where: { $or: [{ id: 1 }] } }], null],
    ["findMany", [{ where: undefined }], "QUERY.UNDEFINED_VALUE"],
    ["findMany", [{ where: { posts: { sme: {} } } }], "QUERY.UNKNOWN_OPERATOR"],
    ["findMany", [{ orderBy: { nmae: "asc" } }], "QUERY.UNKNOWN_FIELD"],
    ["findMany", [{ limit: -1 }], "QUERY.INVALID_VALUE"],
    ["findMany", [{ after: {} }], "QUERY.INVALID_CURSOR"],
    ["count", [{ where: { id: 1 } }], "QUERY.UNKNOWN_FIELD"],
    ["exists", [{ where: { id: 1 } }], "QUERY.UNKNOWN_FIELD"],
    ["createMany", [{ data: {} }], "QUERY.INVALID_VALUE"],
    ["createMany", [{ data: [], skipDuplicates: "yes" }], "QUERY.INVALID_VALUE"],
    ["createMany", [{ data: [], returning: 1 }], "QUERY.INVALID_VALUE"],
    ["create", [{ data: {} }], "VALIDATION.FAILED"],
    ["create", [{}], "VALIDATION.FAILED"],
    ["create", [{ data: [] }], "VALIDATION.FAILED"],
    ["create", [{ data: new Map() }], "VALIDATION.FAILED"],
    ["create", [{ data: { email: "a@x.de", posts: { connect: { id: undefined } } } }], "QUERY.UNDEFINED_VALUE"],
    ["create", [{ data: { email: "a@x.de", posts: { connect: { views: 1 } } } }], "QUERY.NOT_UNIQUE"],
    ["create", [{ data: { email: "a@x.de", posts: { connect: 5 } } }], "QUERY.INVALID_VALUE"],
    ["create", [{ data: { email: "a@x.de", posts: "all" } }], "VALIDATION.FAILED"],
    ["update", [{ where: { id: 1 } }], "VALIDATION.FAILED"],
    ["update", [{ where: { role: "admin" }, data: {} }], "QUERY.NOT_UNIQUE"],
    ["update", [{ data: {} }], "QUERY.UNDEFINED_VALUE"],
    ["updateMany", [{ where: { id: 1 }, data: {}, limit: "1" }], "QUERY.INVALID_VALUE"],
    ["updateMany", [{ all: "yes", data: {} }], "QUERY.INVALID_VALUE"],
    ["updateMany", [{ all: true, where: { id: 1 }, data: {} }], "QUERY.INVALID_VALUE"],
    ["deleteMany", [{ where: { id: { $gtt: 1 } } }], "QUERY.UNKNOWN_OPERATOR"],
  ])("%s(%j) -> %s", async (call, args, code) => {
    await using db = await seeded();
    const users = db.users as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const result = users[call]!(...(args as unknown[]));
    if (code === null) return void (await result);
    await expect(result).rejects.toMatchObject({ code });
    expect(await db.users.count()).toBe(3);
  });
});

test("strings of 10 MB are stored, found and refused like any other, with short messages", async () => {
  await using db = await openDb();
  const long = "x".repeat(10_000_000);
  const { id } = await db.users.create({ data: { email: "a@x.de", name: long } });
  expect((await db.users.findFirst({ where: { name: long } }))?.id).toBe(id);
  const calls = [
    db.users.create({ data: { email: long } }),
    db.users.create({ data: { email: "b@x.de", role: long } }),
    db.users.create({ data: { [long]: 1, email: "b@x.de" } }),
    db.users.findMany({ where: { [long]: 1 } }),
    db.users.findMany({ where: { age: long } }),
    db.users.findMany({ orderBy: { [long]: "asc" } }),
    db.users.findById(long),
    db.users.findByIdOrThrow(5, { select: [long] }),
    db.users.update({ where: { email: long }, data: {} }),
    db.users.create({ data: { email: "b@x.de", posts: { [long]: 1 } } }),
    db.users.create({ data: { email: "b@x.de", posts: { connect: { title: long } } } }),
    db.users.update({ where: { id }, data: { tags: { [`$${long}`]: 1 } } }),
    db.users.update({ where: { id }, data: { address: { $patch: { [long]: 1 } } } }),
  ];
  for (const call of calls) {
    const error = await rejection(call, Error);
    expect(error.message.length).toBeLessThan(2000);
  }
  expect(await db.users.count()).toBe(1);
});

test("keys that objects inherit are data like any other, and never a prototype", async () => {
  await using db = await openDb();
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const data = JSON.parse(`{"email": "a@x.de", "${key}": {"polluted": true}}`) as object;
    await expect(db.users.create({ data })).rejects.toMatchObject({ code: "VALIDATION.FAILED" });
    await expect(db.users.update({ where: { id: 1 }, data })).rejects.toMatchObject({ code: "VALIDATION.FAILED" });
    await expect(
      db.users.update({ where: { id: 1 }, data: { address: { $patch: JSON.parse(`{"${key}": 1}`) } } }),
    ).rejects.toMatchObject({ code: "VALIDATION.FAILED" });
    await expect(
      db.users.create({ data: { email: "a@x.de", posts: JSON.parse(`{"${key}": {}}`) } }),
    ).rejects.toMatchObject({ code: "VALIDATION.FAILED" });
  }
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
