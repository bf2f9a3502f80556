/** The models that the documents' examples speak of. */
import { belongsTo, defineModel, hasMany, hasOne, manyToMany } from "tenon";
import { z } from "zod";

export const User = defineModel(
  "User",
  z.object({
    email: z.email(),
    name: z.string().nullable(),
    role: z.enum(["admin", "editor", "member", "guest"]).default("member"),
    age: z.int().nullable(),
    active: z.boolean().default(true),
    tags: z.array(z.string()).default([]),
    lines: z.array(z.object({ sku: z.string(), qty: z.int() })).default([]),
    address: z.object({ city: z.string(), zip: z.string().optional() }).optional(),
    scores: z.record(z.string(), z.number()).optional(),
    settings: z.json().optional(),
    shape: z
      .discriminatedUnion("kind", [
        z.object({ kind: z.literal("circle"), radius: z.number() }),
        z.object({ kind: z.literal("square"), side: z.number() }),
      ])
      .optional(),
  }),
  {
    indexes: [{ on: "email", unique: true }],
    timestamps: true,
    version: "rev",
    relations: {
      posts: hasMany("Post", { to: "authorId" }),
      profile: hasOne("Profile"),
      labels: manyToMany("Label", { through: "UserLabel" }),
    },
  },
);

export const Post = defineModel(
  "Post",
  z.object({
    title: z.string(),
    status: z.enum(["draft", "live"]).default("draft"),
    views: z.int().default(0),
    publishedAt: z.date().nullable(),
    authorId: z.int().nullable(),
  }),
  { relations: { author: belongsTo("User", { from: "authorId" }), comments: hasMany("Comment") } },
);

export const Comment = defineModel("Comment", z.object({ text: z.string(), postId: z.int() }), {
  relations: { post: belongsTo("Post", { from: "postId" }) },
});

export const Profile = defineModel("Profile", z.object({ bio: z.string(), userId: z.int() }), {
  relations: { user: belongsTo("User", { from: "userId" }) },
});

export const Label = defineModel("Label", z.object({ name: z.string() }), {
  indexes: [{ on: "name", unique: true }],
  relations: { users: manyToMany("User", { through: "UserLabel" }) },
});

export const UserLabel = defineModel(
  "UserLabel",
  z.object({ userId: z.int(), labelId: z.int(), weight: z.int().default(1) }),
  {
    key: ["userId", "labelId"],
    relations: { user: belongsTo("User", { from: "userId" }), label: belongsTo("Label", { from: "labelId" }) },
  },
);

export const Order = defineModel("Order", z.object({ customerId: z.int(), total: z.number() }));
export const Stock = defineModel("Stock", z.object({ left: z.int() }), { collection: "stock" });
export const Audit = defineModel("Audit", z.object({ what: z.string() }));
export const Invitation = defineModel("Invitation", z.object({ code: z.string(), userId: z.int() }), {
  indexes: [{ on: "code", unique: true }],
});
