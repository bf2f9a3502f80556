/**
 * The physical schema that every PostgreSQL peer shares: the same tables, indexes and foreign keys as Tenon's models
 * declare, in a database of the peer's own on the server that the suite has started.
 */
import { basename } from "node:path";
import pg from "pg";

const DDL = `
  create table users (id integer primary key, email text not null unique, name text not null, age integer not null);
  create index users_age on users (age);
  create table posts (id integer primary key, "authorId" integer not null references users (id), title text not null,
    body text not null, tags jsonb not null, views integer not null);
  create index posts_author on posts ("authorId");
  create table comments (id integer primary key, "postId" integer not null references posts (id), text text not null);
  create index comments_post on comments ("postId");
`;

/** The address of the peer's own database, made when it is not there. `dir` is the peer's folder, its name the peer's. */
export async function databaseOf(dir, ddl = DDL) {
  const server = process.env.TENON_BENCH_POSTGRES;
  const name = `bench_${basename(dir).replaceAll("-", "_")}`;
  const url = server.replace(/\/postgres$/, `/${name}`);
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  const { rows } = await admin.query("select 1 from pg_database where datname = $1", [name]);
  if (rows.length === 0) await admin.query(`create database ${name}`);
  await admin.end();
  if (rows.length === 0 && ddl !== "") {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(ddl);
    await client.end();
  }
  return url;
}

export async function countsOf(pool) {
  const count = async (table) => Number((await pool.query(`select count(*) n from ${table}`)).rows[0].n);
  return { users: await count("users"), posts: await count("posts"), comments: await count("comments") };
}

/** Takes out what a round has put in; the statistics are brought up to date after the load only. */
export async function trimTo(pool, { users, posts, comments }) {
  await pool.query(
    `delete from comments where id > ${comments}; delete from posts where id > ${posts}; delete from users where id > ${users}`,
  );
}

/** What every library does alike beside its own calls. */
export const postgresTools = (pool) => ({
  counts: () => countsOf(pool),
  trim: (sizes) => trimTo(pool, sizes),
  loaded: () => pool.query("analyze"),
});
