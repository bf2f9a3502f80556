/** pg, raw: a pool, every statement prepared under a name, populate as three statements joined in JavaScript, bulk as one multi-row statement. */
import pg from "pg";
import { attach, thousands } from "./joined.mjs";
import { countsOf, databaseOf, trimTo } from "./postgres-schema.mjs";

export const levels = ["read", "os"];

const COLUMNS = {
  users: ["id", "email", "name", "age"],
  posts: ["id", "authorId", "title", "body", "tags", "views"],
  comments: ["id", "postId", "text"],
};
const value = (row, column) => (column === "tags" ? JSON.stringify(row.tags) : row[column]);

function insertInto(table, rows) {
  const columns = COLUMNS[table];
  const holes = rows.map((_, row) => `(${columns.map((_, at) => `$${row * columns.length + at + 1}`).join(", ")})`);
  return `insert into ${table} (${columns.map((name) => `"${name}"`).join(", ")}) values ${holes.join(", ")}`;
}

export async function open(dir) {
  const pool = new pg.Pool({ connectionString: await databaseOf(dir), max: 10 });
  const run = async (name, text, values) => (await pool.query({ name, text, values })).rows;
  const texts = new Map();
  const add = (table, rows) => {
    const key = `${table}${rows.length}`;
    if (!texts.has(key)) texts.set(key, insertInto(table, rows));
    const values = rows.flatMap((row) => COLUMNS[table].map((column) => value(row, column)));
    return run(key, texts.get(key), values);
  };
  const load = (data) => thousands(data, add);
  const insert = (post) =>
    run("insert", insertInto("posts", [post]), [
      post.id,
      post.authorId,
      post.title,
      post.body,
      JSON.stringify(post.tags),
      post.views,
    ]);
  return {
    async: true,
    level() {},
    load: async (data) => {
      await load(data);
      await pool.query("analyze");
    },
    pointKey: async (id) =>
      (await run("pointKey", `select id, "authorId", title, body, tags, views from posts where id = $1`, [id]))[0],
    pointUnique: async (email) =>
      (await run("pointUnique", "select id, email, name, age from users where email = $1", [email]))[0],
    range: (from, to) =>
      run("range", "select id, email, name, age from users where age between $1 and $2 order by name, id limit 20", [
        from,
        to,
      ]),
    populate: async (from, to) => {
      const ids = (rows) => rows.map((row) => row.id);
      const users = await run(
        "users",
        "select id, email, name, age from users where id between $1 and $2 order by id",
        [from, to],
      );
      const posts = await run(
        "posts",
        `select id, "authorId", title, body, tags, views from posts where "authorId" = any($1) order by id`,
        [ids(users)],
      );
      const comments = await run(
        "comments",
        `select id, "postId", text from comments where "postId" = any($1) order by id`,
        [ids(posts)],
      );
      attach(posts, "comments", comments, "postId");
      return attach(users, "posts", posts, "authorId");
    },
    insert,
    bulk: load,
    update: (id, views) => run("update", "update posts set views = $1 where id = $2", [views, id]),
    counts: () => countsOf(pool),
    trim: (sizes) => trimTo(pool, sizes),
    close: () => pool.end(),
  };
}
