/** Opening a client: stale generated code, drift, options; and stacks that lead to the caller's line. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { collectModels } from "../../src/declare/collect.js";
import { embedded, file, folder, memory } from "../../src/embedded.js";
import { ConfigError, createClient, defineModel, hasMany, SchemaDriftError, SchemaError } from "../../src/index.js";
import { createBoundClient } from "../../src/runtime.js";
import { models, openDb, rejection } from "./support.js";

const thing = (shape: z.ZodRawShape, options = {}) => ({
  Thing: defineModel("Thing", z.object({ id: z.int(), ...shape }), options),
});

describe("generated code", () => {
  test("of the same schema opens; an older one is refused with the command that renews it", async () => {
    const { hash } = collectModels(models).resolve().schema;
    const db = await createBoundClient({ hash }, { models, engine: embedded({ storage: memory() }) });
    expect(Object.keys(db)).toContain("users");
    await (db as AsyncDisposable)[Symbol.asyncDispose]();
    const stale = createBoundClient({ hash: "old" }, { models, engine: embedded({ storage: memory() }) });
    const error = await rejection(stale, SchemaDriftError);
    expect(error.code).toBe("SCHEMA.STALE_CLIENT");
    expect(error.fix).toBe("npx tenon generate");
  });
});

describe("the database's schema", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "tenon-client-"));
  });
  afterEach(async () => await rm(dir, { recursive: true }));
  const stored = () => embedded({ storage: file(join(dir, "db.json")) });

  test("additions are applied, rows stay", async () => {
    {
      await using db = await createClient<"things">({
        models: thing({ a: z.string() }),
        engine: stored(),
      });
      await db.things.create({ data: { a: "x" } });
    }
    const grown = { ...thing({ a: z.string(), b: z.string().nullable() }, { indexes: ["a"] }), Other: models.Span };
    await using db = await createClient<"things" | "spans">({ models: grown, engine: stored() });
    expect(await db.things.findMany({ where: { a: "x" } })).toEqual([{ id: 1, a: "x", b: null }]);
    expect(await db.spans.count()).toBe(0);
  });

  test("anything else is drift that names each difference, and the engine is closed again", async () => {
    {
      await using db = await createClient<"things">({
        models: thing({ a: z.string(), b: z.int() }),
        engine: stored(),
      });
      await db.things.create({ data: { a: "x", b: 1 } });
    }
    const engine = stored();
    const error = await rejection(
      createClient({ models: thing({ a: z.int(), c: z.string() }), engine }),
      SchemaDriftError,
    );
    expect(error.code).toBe("SCHEMA.DRIFT");
    const differences = error.meta.differences as string[];
    expect(differences).toHaveLength(3);
    for (const difference of differences) expect(error.message).toContain(difference);
    await expect(engine.count("Thing", null)).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
    await using db = await createClient<"things">({
      models: thing({ a: z.string(), b: z.int() }),
      engine: stored(),
    });
    expect(await db.things.findById(1)).toEqual({ id: 1, a: "x", b: 1 });
  });
});

describe("a database that is open for reading only", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "tenon-client-"));
  });
  afterEach(async () => await rm(dir, { recursive: true }));
  const old = thing({ a: z.string() });
  const LAYOUTS = {
    file: (readOnly: boolean) => file(join(dir, "db.json"), { readOnly }),
    folder: (readOnly: boolean) => folder(join(dir, "db"), { readOnly }),
  };

  test.each(Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[])(
    "%s: additions are drift that names them",
    async (layout) => {
      const engine = (readOnly: boolean) => embedded({ storage: LAYOUTS[layout](readOnly) });
      await (await createClient({ models: old, engine: engine(false) })).close();
      const grown = { ...thing({ a: z.string(), b: z.string().nullable() }), Other: models.Span };
      const refused = engine(true);
      const error = await rejection(createClient({ models: grown, engine: refused }), SchemaDriftError);
      expect(error.code).toBe("SCHEMA.DRIFT");
      expect(error.message).toContain("adds model Span");
      expect(error.message).toContain("adds field `b` (string, nullable) to Thing");
      expect(error.meta.differences).toHaveLength(2);
      expect(error.fix).toContain("open it once for writing");
      expect(error.cause).toMatchObject({ code: "STORAGE.READ_ONLY" });
      await expect(refused.count("Thing", null)).rejects.toMatchObject({ code: "STORAGE.CLOSED" });
      const changed = createClient({ models: thing({ a: z.int() }), engine: engine(true) });
      expect((await rejection(changed, SchemaDriftError)).message).toContain("changes field `a` of Thing");
      await using db = await createClient<"things">({ models: old, engine: engine(true) });
      expect(await db.things.count()).toBe(0);
    },
  );
});

test.each([
  [undefined, "options"],
  [{ engine: 1 }, "models"],
  [{ models }, "engine"],
  [{ models, engine: {} }, "engine"],
  [{ models, engine: "x", modles: 1 }, "modles"],
])("wrong options: %j", async (options, word) => {
  expect((await rejection(createClient(options as never), ConfigError)).message).toContain(word);
});

test("mistakes in the models come all at once", async () => {
  const wrong = thing({ a: z.string() }, { relations: { others: hasMany("Othr", { to: "x" }) }, indexes: ["nope"] });
  const error = await rejection(createClient({ models: wrong, engine: embedded({ storage: memory() }) }), SchemaError);
  expect(error.issues.length).toBeGreaterThanOrEqual(2);
});

describe("stacks lead to the caller's line", () => {
  test.each([
    "findById",
    "findByIdOrThrow",
    "findUnique",
    "findMany",
    "findFirstOrThrow",
    "count",
    "exists",
    "aggregate",
    "create",
    "createMany",
    "update",
    "updateMany",
    "upsert",
    "delete",
    "deleteMany",
  ])("%s", async (call) => {
    await using db = await openDb();
    const users = db.users as unknown as Record<string, (args: unknown) => Promise<unknown>>;
    async function theCallersFunction(): Promise<void> {
      await users[call]!({ nope: 1 });
    }
    expect((await rejection(theCallersFunction(), Error)).stack).toContain("theCallersFunction");
  });

  test("errors of the engine, of nested writes, of transactions and of queries, too", async () => {
    await using db = await openDb();
    await db.users.create({ data: { email: "a@x.de" } });
    async function theCallersFunction(work: () => Promise<unknown>): Promise<void> {
      await work();
    }
    const calls = [
      async () => await db.users.create({ data: { email: "a@x.de" } }),
      async () => await db.users.create({ data: { email: "b@x.de", posts: { connect: { id: 9 } } } }),
      async () => await db.users.update({ where: { id: 9 }, data: { name: "x" } }),
      async () => await db.users.update({ where: { id: 1 }, data: { age: { $inc: -5 } } }),
      async () => await db.transaction(async (tx) => await tx.users.create({ data: { email: "a@x.de" } })),
      async () => await db.users.where({ id: 9 }).one(),
    ];
    for (const call of calls)
      expect((await rejection(theCallersFunction(call), Error)).stack).toContain("theCallersFunction");
  });
});
