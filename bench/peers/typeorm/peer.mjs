/** TypeORM, the same on both databases: repositories, relations by `find`, inserts by `insert` (no look before each write). */
import { Between, DataSource, EntitySchema } from "typeorm";
import { thousands } from "../joined.mjs";

function entities(json) {
  const id = { type: "int", primary: true };
  const User = new EntitySchema({
    name: "User",
    tableName: "users",
    columns: { id, email: { type: "text" }, name: { type: "text" }, age: { type: "int" } },
    relations: { posts: { type: "one-to-many", target: "Post", inverseSide: "author" } },
  });
  const Post = new EntitySchema({
    name: "Post",
    tableName: "posts",
    columns: {
      id,
      authorId: { type: "int" },
      title: { type: "text" },
      body: { type: "text" },
      tags: { type: json },
      views: { type: "int" },
    },
    relations: {
      author: { type: "many-to-one", target: "User", inverseSide: "posts", joinColumn: { name: "authorId" } },
      comments: { type: "one-to-many", target: "Comment", inverseSide: "post" },
    },
  });
  const Comment = new EntitySchema({
    name: "Comment",
    tableName: "comments",
    columns: { id, postId: { type: "int" }, text: { type: "text" } },
    relations: {
      post: { type: "many-to-one", target: "Post", inverseSide: "comments", joinColumn: { name: "postId" } },
    },
  });
  return [User, Post, Comment];
}

export async function openTypeorm(options, json, { counts, trim, loaded }) {
  const source = await new DataSource({ ...options, entities: entities(json), synchronize: false }).initialize();
  const tables = {
    users: source.getRepository("User"),
    posts: source.getRepository("Post"),
    comments: source.getRepository("Comment"),
  };
  const { users, posts } = tables;
  const bulk = (data) => thousands(data, (table, rows) => tables[table].insert(rows));
  return {
    async: true,
    level() {},
    load: async (data) => {
      await bulk(data);
      await loaded();
    },
    pointKey: (id) => posts.findOneBy({ id }),
    pointUnique: (email) => users.findOneBy({ email }),
    range: (from, to) => users.find({ where: { age: Between(from, to) }, order: { name: "ASC", id: "ASC" }, take: 20 }),
    populate: (from, to) =>
      users.find({
        where: { id: Between(from, to) },
        relations: { posts: { comments: true } },
        order: { id: "ASC", posts: { id: "ASC", comments: { id: "ASC" } } },
      }),
    insert: (post) => posts.insert(post),
    bulk,
    update: (id, views) => posts.update(id, { views }),
    counts,
    trim,
    close: () => source.destroy(),
  };
}
