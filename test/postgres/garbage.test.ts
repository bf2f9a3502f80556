/**
 * What a query of PostgreSQL has brought is garbage as soon as the caller lets go of it: a collection of the young objects frees
 * it. Results that lived until the next full collection made large reads twice as dear.
 */
import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { belongsTo, createClient, defineModel, hasMany } from "../../src/index.js";
import { postgres } from "../../src/postgres.js";
import type { RelatedQuery } from "../../src/repository/surface.js";
import { embeddedPostgres, pg } from "../support/drivers.js";
import { postgresUrl } from "../support/postgres-server.js";

const MB = 1024 * 1024;
const QUERIES = 40;
const SERIES = 5;
const PARENTS = 50;
const CHILDREN = 1500;

const given = { field: "id", generate: "given" } as const;
const models = {
  Author: defineModel("Author", z.object({ id: z.int(), name: z.string() }), {
    key: given,
    relations: { posts: hasMany("Post", { to: "authorId" }) },
  }),
  Post: defineModel("Post", z.object({ id: z.int(), authorId: z.int(), title: z.string(), text: z.string() }), {
    key: given,
    relations: { author: belongsTo("Author", { from: "authorId" }) },
  }),
};

/** Collects the young objects, as V8 does by itself many times a second. */
function minorCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (options: { type: "minor" }) => void;
  return () => gc({ type: "minor" });
}

async function opened() {
  const schema = `garbage_${randomBytes(6).toString("hex")}`;
  const server = await postgresUrl();
  const admin = new pg!.Pool({ connectionString: server, max: 1 });
  await admin.query(`create schema ${schema}`);
  const connectionString = `${server}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  const db = await createClient<"authors" | "posts">({ models, engine: postgres({ driver: pg!, connectionString }) });
  onTestFinished(async () => {
    await db.close();
    await admin.query(`drop schema ${schema} cascade`);
    await admin.end();
  });
  const ids = (count: number) => Array.from({ length: count }, (_, id) => id);
  await db.authors.createMany({ data: ids(PARENTS).map((id) => ({ id, name: `author ${id}` })) });
  await db.posts.createMany({
    data: ids(CHILDREN).map((id) => ({
      id,
      authorId: id % PARENTS,
      title: `title ${id}`,
      text: `text ${id}`.repeat(5),
    })),
  });
  return db;
}

type Opened = Awaited<ReturnType<typeof opened>>;

test.skipIf(pg === null || !embeddedPostgres).each<[string, (db: Opened) => Promise<readonly unknown[]>, number]>([
  ["rows", (db) => db.posts.findMany(), CHILDREN],
  ["a populate tree", (db) => (db.authors.query() as RelatedQuery).withPosts!().all(), PARENTS],
])("%s that nobody holds any more are freed by a minor collection", async (_, find, count) => {
  const db = await opened();
  const collect = minorCollection();
  // A call of its own, which holds no row once it has answered.
  const found = async (): Promise<number> => (await find(db)).length;
  const series = async (): Promise<number> => {
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < QUERIES; n++) {
      expect(await found()).toBe(count);
      // Twice: what has survived one is moved out of the young objects by the next.
      collect();
      collect();
    }
    return (process.memoryUsage().heapUsed - before) / MB;
  };
  const grown: number[] = [];
  for (let n = 0; n < SERIES; n++) grown.push(await series());
  // Code is compiled in the first series, and now and then there is a full collection: the one in the middle has seen neither.
  const usual = grown.toSorted((a, b) => a - b)[SERIES >> 1]!;
  // 0.1 where nothing stays; 9 and more where one part of each result did.
  expect(usual, `${QUERIES} queries, MB: ${grown.join(" ")}`).toBeLessThan(2);
});
