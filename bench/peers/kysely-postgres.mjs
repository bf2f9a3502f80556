/** Kysely on pg: one query object a call, populate as three queries joined in JavaScript. */
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { attach, thousands } from "./joined.mjs";
import { countsOf, databaseOf, trimTo } from "./postgres-schema.mjs";

export const levels = ["read", "os"];

export async function open(dir) {
  const pool = new pg.Pool({ connectionString: await databaseOf(dir), max: 10 });
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  const encode = (row) => (row.tags === undefined ? row : { ...row, tags: JSON.stringify(row.tags) });
  const add = (table, rows) => db.insertInto(table).values(rows.map(encode)).execute();
  const all = (table, field, ids) => db.selectFrom(table).selectAll().where(field, "in", ids).orderBy("id").execute();
  const ids = (rows) => rows.map((row) => row.id);
  return {
    async: true,
    level() {},
    load: async (data) => {
      await thousands(data, add);
      await pool.query("analyze");
    },
    pointKey: (id) => db.selectFrom("posts").selectAll().where("id", "=", id).executeTakeFirst(),
    pointUnique: (email) => db.selectFrom("users").selectAll().where("email", "=", email).executeTakeFirst(),
    range: (from, to) =>
      db
        .selectFrom("users")
        .selectAll()
        .where("age", ">=", from)
        .where("age", "<=", to)
        .orderBy("name")
        .orderBy("id")
        .limit(20)
        .execute(),
    populate: async (from, to) => {
      const users = await db
        .selectFrom("users")
        .selectAll()
        .where("id", ">=", from)
        .where("id", "<=", to)
        .orderBy("id")
        .execute();
      const posts = await all("posts", "authorId", ids(users));
      const comments = await all("comments", "postId", ids(posts));
      attach(posts, "comments", comments, "postId");
      return attach(users, "posts", posts, "authorId");
    },
    insert: (post) => add("posts", [post]),
    bulk: (data) => thousands(data, add),
    update: (id, views) => db.updateTable("posts").set({ views }).where("id", "=", id).execute(),
    counts: () => countsOf(pool),
    trim: (sizes) => trimTo(pool, sizes),
    close: () => db.destroy(),
  };
}
