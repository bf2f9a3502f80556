/** drizzle-orm on pg: `.prepare()` with placeholders for repeated statements, a relational query for populate. */
import { asc, between, eq, relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import pg from "pg";
import { thousands } from "./joined.mjs";
import { countsOf, databaseOf, trimTo } from "./postgres-schema.mjs";

export const levels = ["read", "os"];

const users = pgTable("users", {
  id: integer().primaryKey(),
  email: text().notNull().unique(),
  name: text().notNull(),
  age: integer().notNull(),
});
const posts = pgTable("posts", {
  id: integer().primaryKey(),
  authorId: integer().notNull(),
  title: text().notNull(),
  body: text().notNull(),
  tags: jsonb().notNull(),
  views: integer().notNull(),
});
const comments = pgTable("comments", {
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

export async function open(dir) {
  const pool = new pg.Pool({ connectionString: await databaseOf(dir), max: 10 });
  const db = drizzle(pool, { schema });
  const at = sql.placeholder;
  const postById = db
    .select()
    .from(posts)
    .where(eq(posts.id, at("id")))
    .prepare("postById");
  const userByEmail = db
    .select()
    .from(users)
    .where(eq(users.email, at("email")))
    .prepare("userByEmail");
  const usersByAge = db
    .select()
    .from(users)
    .where(between(users.age, at("from"), at("to")))
    .orderBy(asc(users.name), asc(users.id))
    .limit(20)
    .prepare("usersByAge");
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
    .prepare("populated");
  const setViews = db
    .update(posts)
    .set({ views: sql`${at("views")}::int` })
    .where(eq(posts.id, at("id")))
    .prepare("setViews");
  const tables = { users, posts, comments };
  const add = (table, rows) => db.insert(tables[table]).values(rows);
  return {
    async: true,
    level() {},
    load: async (data) => {
      await thousands(data, add);
      await pool.query("analyze");
    },
    pointKey: async (id) => (await postById.execute({ id }))[0],
    pointUnique: async (email) => (await userByEmail.execute({ email }))[0],
    range: (from, to) => usersByAge.execute({ from, to }),
    populate: (from, to) => populated.execute({ from, to }),
    insert: (post) => db.insert(posts).values(post),
    bulk: (data) => thousands(data, add),
    update: (id, views) => setViews.execute({ id, views }),
    counts: () => countsOf(pool),
    trim: (sizes) => trimTo(pool, sizes),
    close: () => pool.end(),
  };
}
