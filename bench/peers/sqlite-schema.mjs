/** The physical schema that every SQLite peer shares: the same tables, indexes and foreign keys as Tenon's models declare. */
import { join } from "node:path";
import Database from "better-sqlite3";

const DDL = `
  create table users (id integer primary key, email text not null unique, name text not null, age integer not null);
  create index users_age on users (age);
  create table posts (id integer primary key, authorId integer not null references users (id), title text not null,
    body text not null, tags text not null, views integer not null);
  create index posts_author on posts (authorId);
  create table comments (id integer primary key, postId integer not null references posts (id), text text not null);
  create index comments_post on comments (postId);
`;

/** WAL; NORMAL leaves the last commits to the operating system, FULL waits for the disk. */
export function openSqlite(dir) {
  const db = new Database(join(dir, "blog.sqlite"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  db.pragma("foreign_keys = ON");
  if (db.prepare("select name from sqlite_master where name = 'users'").get() === undefined) db.exec(DDL);
  return db;
}

export const setLevel = (db, level) => db.pragma(`synchronous = ${level === "fsync" ? "FULL" : "NORMAL"}`);

/** What every library does alike beside its own calls, on a connection of the harness. */
export const sqliteTools = (db) => ({
  counts: () => {
    const count = (table) => db.prepare(`select count(*) n from ${table}`).get().n;
    return { users: count("users"), posts: count("posts"), comments: count("comments") };
  },
  trim: ({ users, posts, comments }) =>
    db.exec(
      `delete from comments where id > ${comments}; delete from posts where id > ${posts}; delete from users where id > ${users}`,
    ),
  loaded: () => {},
});
