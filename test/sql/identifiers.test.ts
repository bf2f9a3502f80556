/**
 * Names: what the registry refuses, and that everything it lets through works on every SQL database, also where the database has
 * the name for itself or would cut it off. Values: none ever stands in the text of a statement.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError, ForeignKeyViolationError, UniqueViolationError } from "../../src/base/errors.js";
import type { SqliteDriver } from "../../src/engine/sqlite/driver.js";
import { belongsTo, bytes, createClient, defineModel, hasMany, type ModelHandle } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import {
  columnNameProblem,
  indexNameProblem,
  memberNameProblem,
  modelNameProblem,
  propertyNameProblem,
} from "../../src/schema/naming.js";
import { sqlite } from "../../src/sqlite.js";
import { HOSTILE_NAMES, HOSTILE_PROPERTIES, refusedNames } from "../differential/widen.js";
import { betterSqlite3, PGlite } from "../support/drivers.js";
import { queries } from "../support/ir.js";
import { creationOps, int, nullable, schemaOf, string } from "../support/schema.js";
import { SQL_TARGETS } from "../support/sql-targets.js";
import { connect, rejects, type Target, withDatabase } from "../support/target.js";

const NO_NAMES = [
  "",
  " ",
  "a b",
  'a"b',
  "a'b",
  "a`b",
  "a;--",
  "';drop table x;--",
  "a.b",
  "a-b",
  "a$b",
  "$a",
  "1a",
  "é",
  "аdmin", // a Cyrillic а
  "a\u0000",
  "a\n",
  "a\u200b",
  "😀",
  "x".repeat(101),
  "__a",
  ...Object.getOwnPropertyNames(Object.prototype),
  "prototype",
  "toJSON",
];

describe("the registry", () => {
  test.each(NO_NAMES)("refuses %j as a name of a model, a field, a relation", (name) => {
    expect(modelNameProblem(name)).not.toBeNull();
    expect(memberNameProblem(name)).not.toBeNull();
  });
  test("refuses what is no identifier as a name of an index or a column", () => {
    const spelled = NO_NAMES.filter((name) => !/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name));
    expect(spelled.filter((name) => indexNameProblem(name) === null || columnNameProblem(name) === null)).toEqual([]);
  });
  test("refuses properties of nested values that paths cannot name, or no database can keep", () => {
    for (const name of ["", "a.b", "$a", "__proto__", "a\u0000b"])
      expect(propertyNameProblem(name), JSON.stringify(name)).not.toBeNull();
  });
  test("lets all names through that the tests below and the differential use", () => {
    expect(refusedNames()).toEqual([]);
    expect(HOSTILE_NAMES.length + HOSTILE_PROPERTIES.length).toBeGreaterThan(150);
  });
});

const long = (tail: string) => `${"long".repeat(18)}${tail}`;

/** Model, field, relation and index names that are equal in what PostgreSQL keeps, or are SQL's own. */
const strange = schemaOf({
  [long("A")]: {
    fields: {
      [long("id")]: int,
      [long("x")]: string,
      [long("y")]: nullable(int),
      true: nullable(int),
      xmin: int,
      rowid: string,
    },
    key: [long("id")],
    indexes: [
      { on: [long("x")], unique: true, name: long("i1") },
      { on: [long("y")], unique: true, name: long("i2") },
      { on: ["xmin", "true"], name: "order" },
    ],
    relations: { [long("r")]: { kind: "hasMany", target: long("B"), to: [long("ref")] } },
  },
  [long("B")]: {
    fields: { id: int, [long("ref")]: int, [long("reg")]: nullable(int), select: nullable(string) },
    indexes: [{ on: ["select"], name: "table" }],
    relations: {
      [long("r")]: { kind: "belongsTo", target: long("A"), from: [long("ref")], onDelete: "restrict" },
      [long("s")]: { kind: "belongsTo", target: long("A"), from: [long("reg")], onDelete: "setNull" },
    },
  },
});

function namesOn(target: Target): void {
  test("names that are cut off, reserved or SQL's own keep their data apart", () =>
    withDatabase(target, strange, async (engine, place) => {
      const q = queries(strange);
      const row = (n: number, over: object = {}) => ({
        [long("id")]: n,
        [long("x")]: `x${n}`,
        [long("y")]: n * 10,
        true: n,
        xmin: -n,
        rowid: `row ${n}`,
        ...over,
      });
      await engine.write(q.insert(long("A"), [row(1), row(2)]));
      expect(await engine.find(q.find(long("A")))).toEqual([row(1), row(2)]);
      const x = await rejects(
        engine.write(q.insert(long("A"), [row(3, { [long("x")]: "x1" })])),
        UniqueViolationError,
        "UNIQUE.VIOLATION",
      );
      expect(x.meta).toMatchObject({ fields: [long("x")] });
      const y = await rejects(
        engine.write(q.insert(long("A"), [row(3, { [long("y")]: 20 })])),
        UniqueViolationError,
        "UNIQUE.VIOLATION",
      );
      expect(y.meta).toMatchObject({ fields: [long("y")] });
      await engine.write(q.insert(long("B"), [{ id: 1, [long("ref")]: 1, [long("reg")]: 2, select: "from" }]));
      await rejects(
        engine.write(q.insert(long("B"), [{ id: 2, [long("ref")]: 9, [long("reg")]: null, select: null }])),
        ForeignKeyViolationError,
        "FOREIGN_KEY.MISSING_PARENT",
      );
      const found = await engine.find(
        q.find(long("B"), {
          where: { kind: "compare", path: ["select"], op: "eq", value: "from" },
          populate: { [long("r")]: { fields: ["true", "xmin"] }, [long("s")]: { populate: { [long("r")]: {} } } },
        }),
      );
      expect(found).toEqual([
        {
          id: 1,
          [long("ref")]: 1,
          [long("reg")]: 2,
          select: "from",
          [long("r")]: { true: 1, xmin: -1 },
          [long("s")]: { ...row(2), [long("r")]: [] },
        },
      ]);
      const sums = await engine.aggregate(q.aggregate(long("A"), { groupBy: ["true"], measures: { m: "sum:xmin" } }));
      expect(sums).toEqual([
        { true: 1, m: -1 },
        { true: 2, m: -2 },
      ]);
      await engine.write(q.update(long("A"), null, [{ path: ["xmin"], op: "inc", value: 1 }]));
      await engine.write(q.remove(long("A"), { kind: "compare", path: ["true"], op: "eq", value: 2 }));
      expect(await engine.find(q.find(long("A"), { fields: ["xmin"] }))).toEqual([{ xmin: 0 }]);
      await engine.close();
      await using again = await connect(place, strange);
      expect(await again.find(q.find(long("B"), { fields: [long("reg")] }))).toEqual([{ [long("reg")]: null }]);
    }));

  test("two indexes that would have one name in the database are refused by name", async () => {
    const fields = { id: int, b_c: string, c: string };
    const schema = schemaOf({
      A: { fields, indexes: [{ on: ["b_c"], name: "b_c" }] },
      As_b: { fields, indexes: [{ on: ["c"], name: "c" }] },
    });
    const clash = schemaOf({
      A: {
        fields,
        indexes: [
          { on: ["b_c"], name: "As_c" },
          { on: ["c"], name: "aS_C" },
        ],
      },
    });
    await withDatabase(target, schema, async () => undefined);
    const place = await target.place();
    try {
      await using engine = place.engine();
      await engine.open(clash);
      const error = await rejects(engine.admin.apply(creationOps(clash), clash), ConfigError, "CONFIG.INVALID");
      expect(error.message).toContain("As_c");
      expect(await engine.admin.inspect()).toBeNull();
    } finally {
      await place.dispose();
    }
  });
}

for (const target of SQL_TARGETS.filter(({ name }) => name !== "sqlite")) describe(target.name, () => namesOn(target));

describe("values are bound", () => {
  const mark = `MARK${randomUUID().slice(0, 8)}`;
  const models = {
    Owner: defineModel("Owner", z.object({ id: z.int(), name: z.string(), email: z.string() }), {
      indexes: [{ on: "email", unique: true }],
      relations: { things: hasMany("Thing", { to: "ownerId" }) },
    }),
    Thing: defineModel(
      "Thing",
      z.object({
        id: z.int(),
        ownerId: z.int(),
        text: z.string(),
        size: z.int(),
        ratio: z.number(),
        huge: z.bigint(),
        at: z.date(),
        data: bytes(),
        tags: z.array(z.string()),
        inner: z.object({ city: z.string(), huge: z.bigint(), at: z.date(), size: z.int() }),
        free: z.record(z.string(), z.unknown()),
      }),
      { relations: { owner: belongsTo("Owner", { from: "ownerId" }) } },
    ),
  } satisfies Record<string, ModelHandle>;
  const number = 918_273_645;
  const ratio = 0.918273645;
  const huge = 918_273_645_918_273_645_918_273_645n;
  const at = new Date("2031-07-09T11:22:33.444Z");
  const data = Buffer.from(mark);
  const traces = [
    mark,
    String(number),
    String(ratio),
    String(huge),
    "2031-07-09",
    String(at.getTime()),
    data.toString("hex"),
    data.toString("base64").slice(0, 12),
  ];

  async function everyCall(engine: Parameters<typeof createClient>[0]["engine"]): Promise<void> {
    await using db = await createClient<"owners" | "things">({ models, engine });
    const thing = (text: string) => ({
      text: `'${mark}"; drop table things;-- ${text}`,
      size: number,
      ratio,
      huge,
      at,
      data: new Uint8Array(data),
      tags: [mark],
      inner: { city: mark, huge, at, size: number },
      free: { [mark]: mark, "a'b": { [`${mark}"`]: [number] } },
    });
    const owner = await db.owners.create({
      data: { name: mark, email: `${mark}@x`, things: { create: [thing("a"), thing("b")] } },
      populate: ["things"],
    });
    await db.things.createMany({ data: [{ ...thing("c"), ownerId: owner.id }], skipDuplicates: true, returning: true });
    const filters: Readonly<Record<string, unknown>>[] = [
      { text: mark },
      { text: { $ne: mark } },
      { text: { $in: [mark, `${mark}2`] } },
      { text: { $contains: mark } },
      { text: { $startsWith: mark } },
      { text: { $endsWith: mark } },
      { text: { $regex: mark } },
      { size: { $gte: number, $lt: number + 1 } },
      { ratio },
      { huge: { $lte: huge } },
      { at: { $gte: at } },
      { data: new Uint8Array(data) },
      { tags: { $contains: mark } },
      { inner: { city: mark, huge, at: { $lte: at }, size: { $gt: number } } },
      { free: { [mark]: mark } },
      { owner: { is: { name: mark } } },
      { $or: [{ $not: { text: mark } }, { owner: { isNot: { email: `${mark}@x` } } }] },
    ];
    for (const where of filters) {
      await db.things.findMany({ where, orderBy: { text: "asc" }, limit: number, populate: ["owner.things"] });
      await db.things.count(where);
      await db.things.groupBy({ by: ["text"], where, count: true, sum: ["size"], having: { count: { $gte: number } } });
      await db.things.updateMany({ where, data: { size: number, text: mark } });
    }
    await db.things.findMany({
      orderBy: { text: "asc" },
      after: { text: mark, id: number },
      offset: number,
      limit: number,
    });
    await db.owners.findMany({ where: { things: { some: { text: mark }, every: { size: number } } } });
    await db.things.update({
      where: { id: 1 },
      data: { size: { $inc: number }, tags: { $push: mark }, inner: { $patch: { city: mark } } },
    });
    await db.owners.upsert({
      where: { email: `${mark}@y` },
      create: { name: mark, email: `${mark}@y` },
      update: { name: mark },
    });
    await db.owners
      .create({ data: { name: mark, email: `${mark}@y` } })
      .catch((error: unknown) => expect(error).toBeInstanceOf(UniqueViolationError));
    for await (const _ of db.things.stream({ where: { text: mark } })) void _;
    await db.things.deleteMany({ where: { text: mark } });
    expect(await db.owners.count()).toBe(2);
  }

  function check(texts: readonly string[]): void {
    expect(texts.length).toBeGreaterThan(60);
    for (const trace of traces)
      expect(
        texts.filter((text) => text.toLowerCase().includes(trace.toLowerCase())),
        trace,
      ).toEqual([]);
  }

  test.skipIf(betterSqlite3 === null)("on SQLite", async () => {
    const texts: string[] = [];
    class Listening extends (betterSqlite3!) {
      override prepare(text: string) {
        texts.push(text);
        return super.prepare(text);
      }
      override exec(text: string) {
        texts.push(text);
        return super.exec(text);
      }
    }
    const folder = await mkdtemp(join(tmpdir(), "tenon-bound-"));
    try {
      await everyCall(sqlite({ driver: Listening as SqliteDriver, path: join(folder, "test.db") }));
      check(texts);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test.skipIf(PGlite === null)("on PostgreSQL", { timeout: 120_000 }, async () => {
    const texts: string[] = [];
    const database = new PGlite!();
    try {
      const client = {
        query: (text: string, ...rest: never[]) => {
          texts.push(text);
          return (database.query as (...args: unknown[]) => unknown)(text, ...rest);
        },
        exec: (text: string) => {
          texts.push(text);
          return database.exec(text);
        },
      } as unknown as typeof database;
      await everyCall(postgres({ client }));
      // The record of the schema, and the answer to "who is there", are no user's values.
      check(texts);
    } finally {
      await database.close();
    }
  });
});
