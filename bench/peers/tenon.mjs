/** Tenon through its public API, one adapter for every storage. Every write is validated, foreign keys are checked. */
import { join } from "node:path";
import { embedded, file, memory } from "../../dist/src/embedded.js";
import { createClient } from "../../dist/src/index.js";
import * as models from "../blog/models.mjs";

export const openTenon = (storage) => openEngine(embedded({ storage }));

/** The same over any engine. */
export async function openEngine(engine) {
  const db = await createClient({ models, engine });
  const thousands = async (repository, rows) => {
    for (let i = 0; i < rows.length; i += 1000) await repository.createMany({ data: rows.slice(i, i + 1000) });
  };
  const load = async ({ users, posts, comments }) => {
    await thousands(db.users, users);
    await thousands(db.posts, posts);
    await thousands(db.comments, comments);
  };
  return {
    async: true,
    level() {},
    load,
    pointKey: (id) => db.posts.findById(id),
    pointUnique: (email) => db.users.findUnique({ where: { email } }),
    range: (from, to) =>
      db.users.findMany({ where: { age: { $gte: from, $lte: to } }, orderBy: { name: "asc" }, limit: 20 }),
    populate: (from, to) =>
      db.users.findMany({
        where: { id: { $gte: from, $lte: to } },
        orderBy: { id: "asc" },
        populate: ["posts.comments"],
      }),
    insert: (post) => db.posts.create({ data: post }),
    durable: (post) => db.posts.create({ data: post }),
    bulk: load,
    update: (id, views) => db.posts.update({ where: { id }, data: { views } }),
    counts: async () => ({
      users: await db.users.count(),
      posts: await db.posts.count(),
      comments: await db.comments.count(),
    }),
    async trim(sizes) {
      await db.comments.deleteMany({ where: { id: { $gt: sizes.comments } } });
      await db.posts.deleteMany({ where: { id: { $gt: sizes.posts } } });
      await db.users.deleteMany({ where: { id: { $gt: sizes.users } } });
    },
    close: () => db.close(),
  };
}

export const inMemory = () => memory();
export const inFile = (dir, durability) => file(join(dir, "blog.json"), { durability });
