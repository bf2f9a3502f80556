import { belongsTo, defineModel, hasMany } from "tenon";
import { z } from "zod";

export const User = defineModel("User", z.object({ email: z.email(), name: z.string() }), {
  indexes: [{ on: "email", unique: true }],
  relations: { posts: hasMany("Post", { to: "authorId" }) },
});

export const Post = defineModel(
  "Post",
  z.object({ title: z.string().min(1), views: z.int().default(0), authorId: z.int() }),
  { relations: { author: belongsTo("User", { from: "authorId" }) }, timestamps: true },
);
