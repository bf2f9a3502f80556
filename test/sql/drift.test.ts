/** Tables that somebody else changes while a client runs, and databases that may not be changed: typed, naming what differs. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { SchemaDriftError } from "../../src/base/errors.js";
import type { Engine } from "../../src/engine/engine.js";
import { openHandle, type SqliteDriver } from "../../src/engine/sqlite/driver.js";
import { belongsTo, createClient, defineModel, hasMany } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import { sqlite } from "../../src/sqlite.js";
import { betterSqlite3, embeddedPostgres, nodeSqlite, pg } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";

interface Shared {
  engine(): Engine;
  /** As another program would. */
  run(text: string): Promise<void>;
}

const models = {
  User: defineModel("User", z.object({ id: z.int(), email: z.string(), nick: z.string().nullable(), age: z.int() }), {
    indexes: [{ on: "email", unique: true }],
    relations: { posts: hasMany("Post", { to: "authorId" }) },
  }),
  Post: defineModel("Post", z.object({ id: z.int(), title: z.string(), authorId: z.int() }), {
    relations: { author: belongsTo("User", { from: "authorId" }) },
  }),
};

async function onSqlite(driver: SqliteDriver): Promise<Shared> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-drift-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "test.db");
  return {
    engine: () => sqlite({ driver, path }),
    run: async (text) => {
      const handle = openHandle(driver, path, { readonly: false, timeout: 1000 });
      handle.exec(text);
      handle.close();
    },
  };
}

async function onPostgres(): Promise<Shared> {
  const url = await postgresUrl();
  const pool = new pg!.Pool({ connectionString: url, max: 1 });
  const schema = `drift_${randomBytes(6).toString("hex")}`;
  await pool.query(`create schema ${schema}`);
  await pool.query(`set search_path = ${schema}`);
  onTestFinished(async () => {
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  });
  const connectionString = `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  return {
    engine: () => postgres({ driver: pg!, connectionString, max: 2 }),
    run: async (text) => {
      await pool.query(text);
    },
  };
}

const TARGETS: readonly { readonly name: string; readonly runs: boolean; readonly make: () => Promise<Shared> }[] = [
  { name: "SQLite, better-sqlite3", runs: betterSqlite3 !== null, make: () => onSqlite(betterSqlite3!) },
  { name: "SQLite, node:sqlite", runs: nodeSqlite !== null, make: () => onSqlite(nodeSqlite!) },
  { name: "PostgreSQL", runs: pg !== null && embeddedPostgres, make: onPostgres },
];

async function drift(work: () => Promise<unknown>): Promise<SchemaDriftError> {
  const error = await work().then(
    (value) => expect.fail(`answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SchemaDriftError);
  const typed = error as SchemaDriftError;
  expect(typed.code).toBe("SCHEMA.DRIFT");
  expect(typed.fix).not.toBe(undefined);
  return typed;
}

describe.each(TARGETS.filter(({ runs }) => runs))("$name", ({ make }) => {
  const open = (place: Shared) => createClient<"users" | "posts">({ models, engine: place.engine() });
  const user = { email: "a@b.c", nick: null, age: 3 };

  test("a column that goes while a client runs: every kind of call names model and field", async () => {
    const place = await make();
    await using db = await open(place);
    await db.users.create({ data: user });
    await place.run("alter table users drop column nick");
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      findMany: () => db.users.findMany(),
      findById: () => db.users.findById(1),
      findUnique: () => db.users.findUnique({ where: { email: "a@b.c" } }),
      where: () => db.users.count({ nick: "x" }),
      groupBy: () => db.users.groupBy({ by: ["nick"], count: true }),
      create: () => db.users.create({ data: { ...user, email: "b" } }),
      createMany: () => db.users.createMany({ data: [{ ...user, email: "c" }] }),
      update: () => db.users.update({ where: { id: 1 }, data: { nick: "y" } }),
      updateMany: () => db.users.updateMany({ where: { age: 3 }, data: { nick: "y" } }),
      stream: async () => {
        for await (const row of db.users.stream()) expect.fail(JSON.stringify(row));
      },
      "write in a transaction": () => db.transaction((tx) => tx.users.create({ data: { ...user, email: "d" } })),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await drift(call);
      expect(error.message, name).toContain("field `nick` of User");
      expect(error.meta.missing, name).toEqual([{ model: "User", field: "nick" }]);
    }
    const read = await drift(() => db.transaction((tx) => tx.users.findMany()));
    expect(read.message).toContain("nick");
    expect(read.meta.models).toEqual(["User"]);
    // What needs nothing that is missing goes on.
    expect(await db.posts.count()).toBe(0);
    await place.run("alter table users add column nick text");
    expect(await db.users.findById(1)).toEqual({ id: 1, ...user });
  });

  test("a table that goes while a client runs: also where it is only populated", async () => {
    const place = await make();
    await using db = await open(place);
    await db.users.create({ data: user });
    await place.run("drop table posts");
    for (const call of [
      () => db.posts.findMany(),
      () => db.posts.findById(1),
      () => db.posts.create({ data: { title: "x", authorId: 1 } }),
      () => db.posts.deleteMany({ where: { id: 1 } }),
      () => db.users.findMany({ populate: ["posts"] }),
      () => db.users.create({ data: { ...user, email: "e", posts: { create: [{ title: "x" }] } } }),
    ]) {
      const error = await drift(call);
      expect(error.message).toContain("model Post has no table `posts`");
      expect(error.meta.missing).toEqual([{ model: "Post", field: null }]);
    }
    expect(await db.users.count()).toBe(1);
  });

  test("made by older models with a difference that is no addition: refused when opened, naming it", async () => {
    const place = await make();
    await (await open(place)).close();
    const changed = defineModel("Post", z.object({ id: z.int(), title: z.int(), authorId: z.int() }), {
      relations: { author: belongsTo("User", { from: "authorId" }) },
    });
    const error = await drift(() => createClient({ models: { ...models, Post: changed }, engine: place.engine() }));
    expect(error.message).toContain("changes field `title` of Post");
  });

  test("another client adds to the schema while this one runs: this one goes on", async () => {
    const place = await make();
    await using db = await open(place);
    const Tag = defineModel("Tag", z.object({ id: z.int(), label: z.string() }));
    await using other = await createClient<"users" | "tags">({ models: { ...models, Tag }, engine: place.engine() });
    await other.tags.create({ data: { label: "x" } });
    await db.users.create({ data: user });
    expect(await db.users.findMany()).toEqual([{ id: 1, ...user }]);
    expect(await other.users.count()).toBe(1);
  });
});

/** As somebody else would: the column is there, and holds something else. */
const RETYPED: Readonly<Record<string, readonly [sql: string, field: string, actual: string]>> = {
  "int -> text": ["alter table users alter column age type text", "age", "text"],
  "text -> int": ["alter table users alter column nick type bigint using length(nick)", "nick", "bigint"],
  "text -> jsonb": ["alter table users alter column nick type jsonb using to_jsonb(nick)", "nick", "jsonb"],
};

describe.skipIf(pg === null || !embeddedPostgres)("PostgreSQL, a column of another type", () => {
  test.each(Object.entries(RETYPED))(
    "%s: model, field, both types, and what to do",
    async (_name, [text, field, actual]) => {
      const place = await onPostgres();
      await using db = await createClient<"users" | "posts">({ models, engine: place.engine() });
      await db.users.create({ data: { email: "a@b.c", nick: "n", age: 3 } });
      // From the second time on the server keeps the statement, with the types of its columns.
      const kept = () => db.users.findMany({ where: { id: { $gt: 0 } }, orderBy: { id: "asc" } });
      for (let time = 0; time < 3; time++) expect(await kept()).toHaveLength(1);
      await place.run(text);
      const value = field === "age" ? 4 : "other";
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        kept,
        where: () => db.users.findMany({ where: { [field]: { $gt: value } } }),
        count: () => db.users.count({ [field]: value }),
        contains: () =>
          db.users.findMany({ where: field === "nick" ? { nick: { $contains: "o" } } : { age: { $lt: 3 } } }),
        "sum or max": () => db.users.aggregate({ where: { [field]: { $ne: value } }, count: true }),
        "update where": () => db.users.updateMany({ where: { [field]: { $lt: value } }, data: { email: "x" } }),
        "write in a transaction": () =>
          db.transaction((tx) => tx.users.deleteMany({ where: { [field]: { $lt: value } } }), { retries: 0 }),
        stream: async () => {
          for await (const row of db.users.stream({ where: { [field]: { $gt: value } } }))
            expect.fail(JSON.stringify(row));
        },
      };
      for (const [name, call] of Object.entries(calls)) {
        const error = await drift(call);
        expect(error.meta.models, name).toEqual(name === "stream" ? expect.anything() : ["User"]);
        if (name === "stream") continue;
        expect(error.meta.missing).toEqual([]);
        expect(error.meta.mistyped, name).toMatchObject([{ model: "User", field, column: field, actual }]);
        expect(error.message).toContain(`field \`${field}\` of User needs`);
        expect(error.fix).toContain(`change column \`${field}\``);
      }
      const read = await drift(() =>
        db.transaction((tx) => tx.users.findMany({ where: { [field]: { $gt: value } } }), { retries: 0 }),
      );
      expect(read.message).toContain("do not fit the models");
      // What does not touch it goes on.
      expect(await db.posts.count()).toBe(0);
    },
  );
  test("a value that a column refuses by itself is still the value's fault", async () => {
    const place = await onPostgres();
    await using db = await createClient<"users" | "posts">({ models, engine: place.engine() });
    await place.run("alter table users add constraint short check (length(email) < 5)");
    const error = await db.users.create({ data: { email: "abcdef", nick: null, age: 1 } }).catch((e: unknown) => e);
    expect(error).not.toBeInstanceOf(SchemaDriftError);
  });
});

describe.skipIf(betterSqlite3 === null)("SQLite, a column of another type", () => {
  test("a strict table that refuses the models' values", async () => {
    const place = await onSqlite(betterSqlite3!);
    await using db = await createClient<"users" | "posts">({ models, engine: place.engine() });
    await place.run("drop table posts; drop table users");
    await place.run(
      "create table users (id integer primary key autoincrement, email integer not null, nick text, age integer not null) strict",
    );
    await place.run(
      "create table posts (id integer primary key autoincrement, title text not null, authorId integer not null)",
    );
    const error = await drift(() => db.users.create({ data: { email: "a@b.c", nick: null, age: 3 } }));
    expect(error.message).toContain("field `email` of User needs text, and column `email` in table `users` is integer");
    expect(error.meta.mistyped).toEqual([
      { model: "User", field: "email", column: "email", expected: "text", actual: "integer" },
    ]);
  });
});
