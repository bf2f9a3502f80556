/** Kysely on better-sqlite3: one query object a call, populate as three queries joined in JavaScript. */
import { Kysely, SqliteDialect } from "kysely";
import { openSqlite, setLevel } from "./sqlite-schema.mjs";

export const levels = ["read", "os", "fsync"];

export function open(dir) {
  const raw = openSqlite(dir);
  const db = new Kysely({ dialect: new SqliteDialect({ database: raw }) });
  const encode = (post) => ({ ...post, tags: JSON.stringify(post.tags) });
  const decode = (post) => {
    post.tags = JSON.parse(post.tags);
    return post;
  };
  const attach = (parents, name, children, field) => {
    const byId = new Map();
    for (const parent of parents) {
      parent[name] = [];
      byId.set(parent.id, parent[name]);
    }
    for (const child of children) byId.get(child[field]).push(child);
    return parents;
  };
  const ids = (rows) => rows.map((row) => row.id);
  const add = (trx, table, rows) => trx.insertInto(table).values(rows).execute();
  const load = async ({ users, posts, comments }) => {
    for (const [table, rows] of [
      ["users", users],
      ["posts", posts.map(encode)],
      ["comments", comments],
    ]) {
      for (let i = 0; i < rows.length; i += 1000)
        await db.transaction().execute((trx) => add(trx, table, rows.slice(i, i + 1000)));
    }
  };
  return {
    async: true,
    level: (level) => setLevel(raw, level),
    load,
    pointKey: async (id) => decode(await db.selectFrom("posts").selectAll().where("id", "=", id).executeTakeFirst()),
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
      const posts = await db
        .selectFrom("posts")
        .selectAll()
        .where("authorId", "in", ids(users))
        .orderBy("id")
        .execute();
      const comments = await db
        .selectFrom("comments")
        .selectAll()
        .where("postId", "in", ids(posts))
        .orderBy("id")
        .execute();
      attach(posts.map(decode), "comments", comments, "postId");
      return attach(users, "posts", posts, "authorId");
    },
    insert: (post) => add(db, "posts", [encode(post)]),
    durable: (post) => add(db, "posts", [encode(post)]),
    bulk: load,
    update: (id, views) => db.updateTable("posts").set({ views }).where("id", "=", id).execute(),
    counts: async () => {
      const count = async (table) =>
        (
          await db
            .selectFrom(table)
            .select((eb) => eb.fn.countAll().as("n"))
            .executeTakeFirst()
        ).n;
      return { users: await count("users"), posts: await count("posts"), comments: await count("comments") };
    },
    trim({ users, posts, comments }) {
      raw.exec(
        `delete from comments where id > ${comments}; delete from posts where id > ${posts}; delete from users where id > ${users}`,
      );
    },
    close: () => db.destroy(),
  };
}
