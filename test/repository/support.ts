/** The models that the repository tests share: every key generation, every relation kind, required and nullable foreign keys. */
import { z } from "zod";
import { embedded, memory } from "../../src/embedded.js";
import {
  belongsTo,
  createClient,
  type DynamicClient,
  defineModel,
  hasMany,
  hasOne,
  manyToMany,
} from "../../src/index.js";

export const User = defineModel(
  "User",
  z.object({
    id: z.int(),
    email: z.email(),
    name: z.string().nullable(),
    nick: z.string().optional(),
    role: z.enum(["admin", "member"]).default("member"),
    age: z.int().min(0).max(150).default(0),
    score: z.number().default(0),
    tags: z.array(z.string().min(1)).max(5).default([]),
    address: z.object({ city: z.string(), zip: z.string().optional(), visits: z.int().max(9).default(0) }).nullable(),
    managerId: z.int().nullable(),
  }),
  {
    indexes: [{ on: "email", unique: true }],
    relations: {
      posts: hasMany("Post", { to: "authorId" }),
      profile: hasOne("Profile", { to: "userId" }),
      passport: hasOne("Passport", { to: "userId" }),
      manager: belongsTo("User", { from: "managerId", onDelete: "setNull" }),
      reports: hasMany("User", { to: "managerId" }),
      labels: manyToMany("Label", { through: "UserLabel", from: "userId", to: "labelId" }),
    },
    timestamps: true,
    version: "rev",
  },
);
export const Post = defineModel(
  "Post",
  z.object({
    id: z.int(),
    title: z.string().min(1),
    views: z.int().default(0),
    authorId: z.int().nullable(),
  }),
  {
    indexes: [{ on: "title", unique: true }],
    relations: {
      author: belongsTo("User", { from: "authorId", onDelete: "setNull" }),
      comments: hasMany("Comment", { to: "postId" }),
    },
    timestamps: true,
  },
);
export const Comment = defineModel("Comment", z.object({ id: z.int(), text: z.string().min(1), postId: z.int() }), {
  relations: { post: belongsTo("Post", { from: "postId", onDelete: "cascade" }) },
});
export const Profile = defineModel(
  "Profile",
  z.object({ id: z.int(), bio: z.string().min(1), userId: z.int().nullable() }),
  {
    indexes: [{ on: "userId", unique: true }],
    relations: { user: belongsTo("User", { from: "userId", onDelete: "setNull" }) },
  },
);
export const Passport = defineModel("Passport", z.object({ number: z.string().min(3), userId: z.int() }), {
  key: "number",
  indexes: [{ on: "userId", unique: true }],
  relations: { user: belongsTo("User", { from: "userId", onDelete: "cascade" }) },
});
export const Label = defineModel(
  "Label",
  z.object({ id: z.uuidv7(), name: z.string().min(1), color: z.string().default("grey") }),
  {
    indexes: [{ on: "name", unique: true }],
    relations: { users: manyToMany("User", { through: "UserLabel", from: "labelId", to: "userId" }) },
  },
);
export const UserLabel = defineModel(
  "UserLabel",
  z.object({ userId: z.int(), labelId: z.string(), weight: z.int().min(1).default(1) }),
  {
    key: ["userId", "labelId"],
    relations: {
      user: belongsTo("User", { from: "userId", onDelete: "cascade" }),
      label: belongsTo("Label", { from: "labelId", onDelete: "cascade" }),
    },
  },
);
/** Rules about the object as a whole, and a ulid key. */
export const Span = defineModel(
  "Span",
  z
    .object({ id: z.ulid(), from: z.int(), to: z.int() })
    .refine((span) => span.from <= span.to, { message: "from must not be after to", path: ["from"] }),
);

export const models = { User, Post, Comment, Profile, Passport, Label, UserLabel, Span };

type Names = "users" | "posts" | "comments" | "profiles" | "passports" | "labels" | "userLabels" | "spans";
export type Db = DynamicClient<Names>;

export async function openDb(options: Partial<Parameters<typeof createClient>[0]> = {}): Promise<Db> {
  return await createClient<Names>({ models, engine: embedded({ storage: memory() }), ...options });
}

/** The error that the call rejects with; fails when it resolves. */
export async function rejection<E extends Error>(
  call: Promise<unknown>,
  type: abstract new (...args: never[]) => E,
): Promise<E> {
  try {
    await call;
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new TypeError("expected a rejection");
}

/** Issues as `path: code`, for short assertions. */
export function issuePaths(error: {
  readonly issues: readonly { readonly path: readonly (string | number)[] }[];
}): string[] {
  return error.issues.map((issue) => issue.path.join("."));
}
