import { embedded, file } from "tenon/embedded";
import { createClient } from "#tenon";
import * as models from "./models.js";

await using db = await createClient({ models, engine: embedded({ storage: file("data/blog.json") }) });

// A user and two posts, in one transaction; on the second run the user is there already.
const ada = await db.users.upsert({
  where: { email: "ada@example.org" },
  create: {
    email: "ada@example.org",
    name: "Ada",
    posts: { create: [{ title: "On the engine" }, { title: "On looms", views: 7 }] },
  },
  update: { name: "Ada Lovelace" },
});
await db.posts.updateMany({ where: { authorId: ada.id }, data: { views: { $inc: 1 } } });

// Nested, typed, in one call: who has a popular post, and their most read ones.
const users = await db.users
  .where({ posts: { some: { views: { $gt: 5 } } } })
  .withPosts((posts) => posts.orderBy("views", "desc").limit(3))
  .all();

for (const user of users) {
  console.log(`${user.name} <${user.email}>`);
  for (const post of user.posts) console.log(`  ${post.title}: ${post.views} views`);
}
