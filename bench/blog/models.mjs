/** The blog as Tenon models; validated by zod on every write, as in any program. */
import { z } from "zod";
import { belongsTo, defineModel, hasMany } from "../../dist/src/index.js";

export const User = defineModel(
  "User",
  z.object({ id: z.int(), email: z.email(), name: z.string().min(1), age: z.int().min(0).max(150) }),
  {
    key: { field: "id", generate: "given" },
    indexes: [{ on: "email", unique: true }, "age"],
    relations: { posts: hasMany("Post", { to: "authorId" }) },
  },
);

export const Post = defineModel(
  "Post",
  z.object({
    id: z.int(),
    authorId: z.int(),
    title: z.string().min(1).max(200),
    body: z.string(),
    tags: z.array(z.string()),
    views: z.int().min(0),
  }),
  {
    key: { field: "id", generate: "given" },
    relations: { author: belongsTo("User", { from: "authorId" }), comments: hasMany("Comment", { to: "postId" }) },
  },
);

export const Comment = defineModel("Comment", z.object({ id: z.int(), postId: z.int(), text: z.string().min(1) }), {
  key: { field: "id", generate: "given" },
  relations: { post: belongsTo("Post", { from: "postId" }) },
});
