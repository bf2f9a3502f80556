/** drizzle-orm on better-sqlite3: `.prepare()` with placeholders for repeated statements, a relational query for populate. */
import { asc, between, eq, relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { openSqlite, setLevel } from "./sqlite-schema.mjs";

export const levels = ["read", "os", "fsync"];

const users = sqliteTable("users", {
  id: integer().primaryKey(),
  email: text().notNull().unique(),
  name: text().notNull(),
  age: integer().notNull(),
});
const posts = sqliteTable("posts", {
  id: integer().primaryKey(),
  authorId: integer().notNull(),
  title: text().notNull(),
  body: text().notNull(),
  tags: text({ mode: "json" }).notNull(),
  views: integer().notNull(),
});
const comments = sqliteTable("comments", {
  id: integer().primaryKey(),
  postId: integer().notNull(),
  text: text().notNull(),
});
const usersRelations = relations(users, ({ many }) => ({ posts: many(posts) }));
const postsRelations = relations(posts, ({ one, many }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
  comments: many(comments),
}));
const commentsRelations = relations(comments, ({ one }) => ({
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}));
const schema = { users, posts, comments, usersRelations, postsRelations, commentsRelations };

export function open(dir) {
  const sqlite = openSqlite(dir);
  const db = drizzle(sqlite, { schema });
  const at = sql.placeholder;
  const postById = db
    .select()
    .from(posts)
    .where(eq(posts.id, at("id")))
    .prepare();
  const userByEmail = db
    .select()
    .from(users)
    .where(eq(users.email, at("email")))
    .prepare();
  const usersByAge = db
    .select()
    .from(users)
    .where(between(users.age, at("from"), at("to")))
    .orderBy(asc(users.name), asc(users.id))
    .limit(20)
    .prepare();
  const populated = db.query.users
    .findMany({
      where: (user) => between(user.id, at("from"), at("to")),
      orderBy: (user) => asc(user.id),
      with: {
        posts: {
          orderBy: (post) => asc(post.id),
          with: { comments: { orderBy: (comment) => asc(comment.id) } },
        },
      },
    })
    .prepare();
  const insertPost = db
    .insert(posts)
    .values({
      id: at("id"),
      authorId: at("authorId"),
      title: at("title"),
      body: at("body"),
      tags: at("tags"),
      views: at("views"),
    })
    .prepare();
  const setViews = db
    .update(posts)
    .set({ views: sql`${at("views")}` })
    .where(sql`${posts.id} = ${at("id")}`)
    .prepare();
  const thousands = (table, rows) => {
    for (let i = 0; i < rows.length; i += 1000) {
      db.transaction((tx) => {
        tx.insert(table)
          .values(rows.slice(i, i + 1000))
          .run();
      });
    }
  };
  return {
    level: (level) => setLevel(sqlite, level),
    load(data) {
      thousands(users, data.users);
      thousands(posts, data.posts);
      thousands(comments, data.comments);
    },
    pointKey: (id) => postById.get({ id }),
    pointUnique: (email) => userByEmail.get({ email }),
    range: (from, to) => usersByAge.all({ from, to }),
    populate: (from, to) => populated.execute({ from, to }).sync(),
    insert: (post) => insertPost.run(post),
    durable: (post) => insertPost.run(post),
    bulk(rows) {
      this.load(rows);
    },
    update: (id, views) => setViews.run({ id, views }),
    counts: () => ({
      users: sqlite.prepare("select count(*) n from users").get().n,
      posts: sqlite.prepare("select count(*) n from posts").get().n,
      comments: sqlite.prepare("select count(*) n from comments").get().n,
    }),
    trim(sizes) {
      sqlite.exec(
        `delete from comments where id > ${sizes.comments}; delete from posts where id > ${sizes.posts}; delete from users where id > ${sizes.users}`,
      );
    },
    close: () => sqlite.close(),
  };
}
