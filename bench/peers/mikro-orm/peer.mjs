/** MikroORM, the same on both databases: a fork of the entity manager a call, as in a request; answers as plain objects. */
import { EntitySchema, wrap } from "@mikro-orm/core";
import { thousands } from "../joined.mjs";

const id = { type: "integer", primary: true };
const text = { type: "text" };
const int = { type: "integer" };

const User = new EntitySchema({
  name: "User",
  tableName: "users",
  properties: {
    id,
    email: { ...text, unique: true },
    name: text,
    age: int,
    posts: { kind: "1:m", entity: () => Post, mappedBy: "authorId" },
  },
});
const Post = new EntitySchema({
  name: "Post",
  tableName: "posts",
  properties: {
    id,
    authorId: { kind: "m:1", entity: () => User, fieldName: "authorId", mapToPk: true },
    title: text,
    body: text,
    tags: { type: "json" },
    views: int,
    comments: { kind: "1:m", entity: () => Comment, mappedBy: "postId" },
  },
});
const Comment = new EntitySchema({
  name: "Comment",
  tableName: "comments",
  properties: {
    id,
    postId: { kind: "m:1", entity: () => Post, fieldName: "postId", mapToPk: true },
    text,
  },
});

const entities = { users: User, posts: Post, comments: Comment };
const user = ({ id, email, name, age }) => ({ id, email, name, age });
const post = ({ id, authorId, title, body, tags, views }) => ({ id, authorId, title, body, tags, views });

export async function openMikro(MikroORM, options, { counts, trim, loaded }) {
  const orm = await MikroORM.init({ entities: [User, Post, Comment], ...options });
  const bulk = (data) => thousands(data, (table, rows) => orm.em.fork().insertMany(entities[table], rows));
  return {
    async: true,
    level() {},
    load: async (data) => {
      await bulk(data);
      await loaded();
    },
    pointKey: async (key) => post(await orm.em.fork().findOne(Post, { id: key })),
    pointUnique: async (email) => user(await orm.em.fork().findOne(User, { email })),
    range: async (from, to) =>
      (
        await orm.em
          .fork()
          .find(User, { age: { $gte: from, $lte: to } }, { orderBy: [{ name: "asc" }, { id: "asc" }], limit: 20 })
      ).map(user),
    populate: async (from, to) =>
      (
        await orm.em
          .fork()
          .find(
            User,
            { id: { $gte: from, $lte: to } },
            { populate: ["posts.comments"], orderBy: { id: "asc", posts: { id: "asc", comments: { id: "asc" } } } },
          )
      ).map((row) => wrap(row).toObject()),
    insert: (row) => orm.em.fork().insert(Post, row),
    bulk,
    update: (key, views) => orm.em.fork().nativeUpdate(Post, { id: key }, { views }),
    counts,
    trim,
    close: () => orm.close(true),
  };
}
