/** better-sqlite3 as in the suite blog, but bulk as one hand-written statement of a thousand rows: what libraries are measured by. */
import { open as openRaw } from "./better-sqlite3.mjs";

export const levels = ["read", "os"];

const ROWS = 1000;

export function open(dir) {
  const peer = openRaw(dir);
  const statement = (table, columns) =>
    peer.db.prepare(
      `insert into ${table} values ${Array(ROWS)
        .fill(`(${Array(columns).fill("?").join(", ")})`)
        .join(", ")}`,
    );
  const statements = { users: statement("users", 4), posts: statement("posts", 6), comments: statement("comments", 3) };
  const values = {
    users: (row) => [row.id, row.email, row.name, row.age],
    posts: (row) => [row.id, row.authorId, row.title, row.body, JSON.stringify(row.tags), row.views],
    comments: (row) => [row.id, row.postId, row.text],
  };
  const add = peer.db.transaction((table, rows) => statements[table].run(rows.flatMap(values[table])));
  return {
    ...peer,
    bulk(data) {
      for (const table of ["users", "posts", "comments"])
        for (let i = 0; i < data[table].length; i += ROWS) add(table, data[table].slice(i, i + ROWS));
    },
  };
}
