import { belongsTo, defineModel, hasMany, hasOne, manyToMany } from "tenon";
import { z } from "zod";

export const User = defineModel(
  "User",
  z.object({ id: z.int(), email: z.email(), name: z.string().nullable(), managerId: z.int().nullable() }),
  {
    indexes: [{ on: "email", unique: true }],
    relations: {
      posts: hasMany("Post", { to: "authorId" }),
      profile: hasOne("Profile", { to: "userId" }),
      manager: belongsTo("User", { from: "managerId", onDelete: "setNull" }),
      reports: hasMany("User", { to: "managerId" }),
      labels: manyToMany("Label", { through: "UserLabel", from: "userId", to: "labelId" }),
    },
    timestamps: true,
    version: "rev",
    description: "A person with an account.\n\nSigns in by email.",
  },
);

export const Profile = defineModel("Profile", z.object({ userId: z.int(), bio: z.string() }), {
  key: { field: "userId", generate: "given" },
  relations: { user: belongsTo("User", { from: "userId", onDelete: "cascade" }) },
});

export const Post = defineModel(
  "Post",
  z.object({
    id: z.int(),
    title: z.string(),
    views: z.int().default(0),
    status: z.enum(["draft", "live"]).default("draft"),
    authorId: z.int(),
  }),
  {
    relations: {
      /** Who wrote it. */
      author: belongsTo("User", { from: "authorId" }),
      comments: hasMany("Comment", { to: "postId" }),
    },
  },
);

export const Comment = defineModel("Comment", z.object({ id: z.int(), text: z.string(), postId: z.int() }), {
  relations: { post: belongsTo("Post", { from: "postId" }) },
});

export const Label = defineModel("Label", z.object({ id: z.int(), text: z.string() }), {
  relations: { users: manyToMany("User", { through: "UserLabel", from: "labelId", to: "userId" }) },
});

export const UserLabel = defineModel(
  "UserLabel",
  z.object({ userId: z.int(), labelId: z.int(), since: z.date().optional() }),
  {
    key: ["userId", "labelId"],
    relations: {
      user: belongsTo("User", { from: "userId", onDelete: "cascade" }),
      label: belongsTo("Label", { from: "labelId", onDelete: "cascade" }),
    },
  },
);
