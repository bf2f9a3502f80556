/**
 * PostgreSQL loads each level of a populate tree at once and sends it as rows of its own; what cannot come so stays nested in
 * the rows of its parent. Both are one statement, and a stream, whose rows come one after the other, gives the same.
 */
import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { embedded, memory } from "../../src/embedded.js";
import type { Engine } from "../../src/engine/engine.js";
import { belongsTo, createClient, type DynamicClient, defineModel, hasMany, manyToMany } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import type { RelatedQuery, UntypedQuery, UntypedRepository } from "../../src/repository/surface.js";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";

const given = { field: "id", generate: "given" } as const;

const models = {
  // Named as the levels of a statement would be.
  User: defineModel(
    "User",
    z.object({
      id: z.int(),
      code: z.string(),
      active: z.boolean(),
      seen: z.date().nullable(),
      large: z.bigint(),
      raw: z.instanceof(Uint8Array),
      rate: z.number(),
      bossId: z.int().nullable(),
    }),
    {
      key: given,
      collection: "level0",
      indexes: [{ on: "code", unique: true }],
      relations: {
        boss: belongsTo("User", { from: "bossId" }),
        posts: hasMany("Post", { to: "author" }),
      },
    },
  ),
  Post: defineModel("Post", z.object({ id: z.int(), author: z.string(), title: z.string(), more: z.json() }), {
    key: given,
    collection: "level1",
    relations: {
      user: belongsTo("User", { from: "author", to: "code" }),
      tags: manyToMany("Tag", { through: "PostTag", from: "postId", to: "tagId" }),
    },
  }),
  Tag: defineModel("Tag", z.object({ id: z.int(), name: z.string() }), { key: given }),
  PostTag: defineModel("PostTag", z.object({ postId: z.int(), tagId: z.int() }), {
    key: ["postId", "tagId"],
    relations: { post: belongsTo("Post", { from: "postId" }), tag: belongsTo("Tag", { from: "tagId" }) },
  }),
};

type Names = "level0" | "level1" | "tags" | "postTags";

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function filled(engine: Engine): Promise<DynamicClient<Names>> {
  const db = await createClient<Names>({ models, engine });
  onTestFinished(() => db.close());
  const user = (id: number, bossId: number | null) => ({
    id,
    code: `c"${id}\\`,
    active: id % 2 === 0,
    seen: id === 1 ? null : new Date(Date.UTC(1969, 11, 31, 23, 59, 59, id)),
    large: BigInt(id) * 10n ** 30n,
    raw: new Uint8Array([0, id]),
    rate: id / 3,
    bossId,
  });
  await db.level0.createMany({ data: [user(1, null), user(2, 1), user(3, 1), user(4, 3)] });
  await db.tags.createMany({ data: range(3).map((id) => ({ id, name: `tag ${4 - id}` })) });
  await db.level1.createMany({
    data: range(8).map((id) => ({
      id,
      author: `c"${1 + (id % 3)}\\`,
      title: `title ${9 - id}`,
      more: { deep: [id, null, 'x"y'] },
    })),
  });
  await db.postTags.createMany({ data: range(8).map((id) => ({ postId: id, tagId: 1 + (id % 3) })) });
  await db.postTags.createMany({ data: [2, 5, 8].map((id) => ({ postId: id, tagId: 1 })) });
  return db;
}

/** Queries, and how many of their levels come as rows of their own. */
const FINDS: readonly (readonly [find: (users: RelatedQuery) => UntypedQuery, apart: number])[] = [
  [(users) => users.withPosts!(), 2],
  [(users) => users.withBoss!(), 2],
  [(users) => users.withBoss!((boss) => boss.withBoss!()).withPosts!((posts) => posts.withTags!()), 5],
  [(users) => users.withPosts!((posts) => posts.withUser!().select("title")).select("rate"), 3],
  [
    (users) =>
      users.withPosts!((posts) => posts.orderBy("title"))
        .where({ id: { $gt: 1 } })
        .orderBy("code", "desc")
        .limit(2),
    2,
  ],
  [(users) => users.withPosts!((posts) => posts.withTags!().where({ title: { $gt: "title 3" } })), 3],
  [(users) => users.withPosts!((posts) => posts.withTagsCount!()).withPostsCount!(), 2],
  [(users) => users.withPosts!((posts) => posts.withTags!()).where({ id: 99 }), 3],
  // A slice of each parent's rows, or a test that only JavaScript knows: nested.
  [(users) => users.withPosts!((posts) => posts.withUser!().limit(1)), 0],
  [(users) => users.withBoss!().withPosts!((posts) => posts.limit(1).offset(1)), 2],
  [(users) => users.withPosts!((posts) => posts.where({ title: { $regex: "[246]$" } })), 0],
  [(users) => users.withPosts!().where({ code: { $regex: "[23]" } }), 0],
];

async function schemaOfItsOwn() {
  const server = await postgresUrl();
  const name = `levels_${randomBytes(6).toString("hex")}`;
  const pool = new pg!.Pool({ connectionString: server, max: 1 });
  await pool.query(`create schema ${name}`);
  return {
    url: `${server}?options=${encodeURIComponent(`-c search_path=${name}`)}`,
    dispose: async () => {
      await pool.query(`drop schema ${name} cascade`);
      await pool.end();
    },
  };
}

describe.skipIf(pg === null || !embeddedPostgres)("levels of a populate tree", () => {
  test("whole or nested, found or streamed: what the embedded engine gives", async () => {
    const { url, dispose } = await schemaOfItsOwn();
    onTestFinished(dispose);
    const db = await filled(postgres({ driver: pg!, connectionString: url, max: 2 }));
    const wanted = await filled(embedded({ storage: memory() }));
    const from = (users: UntypedRepository) => users.query() as RelatedQuery;
    for (const [find, apart] of FINDS) {
      const what = find.toString();
      const right = await find(from(wanted.level0)).all();
      expect(await find(from(db.level0)).all(), what).toEqual(right);
      // A second time with the statement that was kept.
      expect(await find(from(db.level0)).all(), what).toEqual(right);
      const streamed: unknown[] = [];
      for await (const row of find(from(db.level0)).stream()) streamed.push(row);
      expect(streamed, what).toEqual(right);
      expect(await db.transaction((tx) => find(from(tx.level0)).all()), what).toEqual(right);
      const { sql } = (await find(from(db.level0)).explain()).root;
      expect(sql?.match(/union all/g)?.length ?? -1, what).toBe(apart - 1);
    }
  });

  test("rows of more values than one function takes keep them all, exactly", async () => {
    const names = range(250).map((n) => `f${n}`);
    const wide = z.object({
      id: z.int(),
      parentId: z.int().nullable(),
      ...Object.fromEntries(names.map((n) => [n, z.number()])),
    });
    const Wide = defineModel("Wide", wide, {
      key: given,
      relations: { children: hasMany("Wide", { to: "parentId" }), parent: belongsTo("Wide", { from: "parentId" }) },
    });
    const { url, dispose } = await schemaOfItsOwn();
    onTestFinished(dispose);
    const db = await createClient<"wides">({
      models: { Wide },
      engine: postgres({ driver: pg!, connectionString: url, max: 2 }),
    });
    onTestFinished(() => db.close());
    const row = (id: number, parentId: number | null) => ({
      id,
      parentId,
      ...Object.fromEntries(names.map((name, at) => [name, [-1.5e-300, 1e300, 0.1, at][at % 4]!])),
    });
    await db.wides.createMany({ data: [row(1, null), row(2, 1), row(3, 1)] });
    // Nested because of its slice.
    const query = (db.wides.query() as RelatedQuery).withChildren!((children) => children.limit(5)).where({ id: 1 });
    expect(await query.all()).toEqual([{ ...row(1, null), children: [row(2, 1), row(3, 1)] }]);
  });
});
