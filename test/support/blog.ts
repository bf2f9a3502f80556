/** The schema and rows that most specs share: users, profiles, posts, comments, labels. Small enough to check by eye. */
import {
  array,
  boolean,
  date,
  float,
  int,
  nullable,
  object,
  oneOf,
  optional,
  type Row,
  schemaOf,
  string,
} from "./schema.js";
import type { Database } from "./target.js";

export const blog = schemaOf({
  User: {
    fields: {
      id: int,
      email: string,
      name: nullable(string),
      age: nullable(int),
      role: oneOf("admin", "editor", "member"),
      score: float,
      active: boolean,
      tags: array(string),
      address: optional(
        object({ city: string, zip: optional(string), geo: optional(object({ lat: float, lon: float })) }),
      ),
      managerId: nullable(int),
    },
    indexes: [{ on: ["email"], unique: true }, "role", { on: ["role", "age"] }, "address.city"],
    relations: {
      profile: { kind: "hasOne", target: "Profile", to: ["userId"] },
      posts: { kind: "hasMany", target: "Post", to: ["authorId"] },
      reviews: { kind: "hasMany", target: "Post", to: ["reviewerId"] },
      manager: { kind: "belongsTo", target: "User", from: ["managerId"], onDelete: "setNull" },
      reports: { kind: "hasMany", target: "User", to: ["managerId"] },
    },
  },
  Profile: {
    fields: { id: int, userId: int, bio: string },
    indexes: [{ on: ["userId"], unique: true }],
    relations: { user: { kind: "belongsTo", target: "User", from: ["userId"], onDelete: "cascade" } },
  },
  Post: {
    fields: {
      id: int,
      title: string,
      status: oneOf("draft", "live"),
      views: int,
      publishedAt: nullable(date),
      authorId: int,
      reviewerId: nullable(int),
      lines: array(object({ sku: string, qty: int })),
    },
    indexes: ["views", { on: ["status", "views"] }],
    relations: {
      author: { kind: "belongsTo", target: "User", from: ["authorId"], onDelete: "restrict" },
      reviewer: { kind: "belongsTo", target: "User", from: ["reviewerId"], onDelete: "setNull" },
      comments: { kind: "hasMany", target: "Comment", to: ["postId"] },
      labels: { kind: "manyToMany", target: "Label", through: "PostLabel", from: ["postId"], to: ["labelName"] },
    },
  },
  Comment: {
    fields: { id: int, postId: int, authorId: nullable(int), text: string },
    relations: {
      post: { kind: "belongsTo", target: "Post", from: ["postId"], onDelete: "cascade" },
      author: { kind: "belongsTo", target: "User", from: ["authorId"], onDelete: "setNull" },
    },
  },
  Label: {
    fields: { name: string, color: string },
    key: ["name"],
    relations: {
      posts: { kind: "manyToMany", target: "Post", through: "PostLabel", from: ["labelName"], to: ["postId"] },
    },
  },
  PostLabel: {
    fields: { postId: int, labelName: string, weight: int },
    key: ["postId", "labelName"],
    relations: {
      post: { kind: "belongsTo", target: "Post", from: ["postId"], onDelete: "cascade" },
      label: { kind: "belongsTo", target: "Label", from: ["labelName"], onDelete: "restrict" },
    },
  },
});

export function user(id: number, over: Row = {}): Row {
  const base = {
    id,
    email: `u${id}@x.io`,
    name: null,
    age: null,
    role: "member",
    score: 0,
    active: true,
    tags: [],
    managerId: null,
  };
  return { ...base, ...over };
}

export function post(id: number, authorId: number, over: Row = {}): Row {
  return {
    id,
    title: `post ${id}`,
    status: "live",
    views: 0,
    publishedAt: null,
    authorId,
    reviewerId: null,
    lines: [],
    ...over,
  };
}

export const USERS: readonly Row[] = [
  user(1, {
    name: "Ada",
    age: 36,
    role: "admin",
    score: 9.5,
    tags: ["math", "code"],
    address: { city: "London", zip: "N1", geo: { lat: 51.5, lon: -0.1 } },
  }),
  user(2, {
    name: "Bob",
    age: 20,
    role: "editor",
    score: 1.25,
    tags: ["code"],
    address: { city: "Paris" },
    managerId: 1,
  }),
  user(3, { name: "Cyd", age: 20, active: false, tags: [], managerId: 1 }),
  user(4, {
    name: null,
    age: null,
    score: -2,
    tags: ["math", "math"],
    address: { city: "Paris", zip: "75001" },
    managerId: 2,
  }),
  user(5, { name: "Eve", age: 51, role: "editor", active: false, tags: ["art"] }),
];

export const POSTS: readonly Row[] = [
  post(1, 1, {
    title: "Alpha",
    views: 10,
    publishedAt: new Date("2026-01-01T00:00:00Z"),
    reviewerId: 2,
    lines: [
      { sku: "a", qty: 1 },
      { sku: "b", qty: 5 },
    ],
  }),
  post(2, 1, { title: "Beta", views: 30, status: "draft" }),
  post(3, 2, {
    title: "Gamma",
    views: 20,
    publishedAt: new Date("2026-02-01T00:00:00Z"),
    reviewerId: 1,
    lines: [{ sku: "a", qty: 2 }],
  }),
  post(4, 1, { title: "Delta", views: 30, publishedAt: new Date("2026-01-15T00:00:00Z") }),
  post(5, 4, { title: "alpha", views: 0, status: "draft" }),
];

export const COMMENTS: readonly Row[] = [
  { id: 1, postId: 1, authorId: 2, text: "first" },
  { id: 2, postId: 1, authorId: null, text: "second" },
  { id: 3, postId: 3, authorId: 1, text: "third" },
  { id: 4, postId: 4, authorId: 2, text: "fourth" },
];

export async function seedBlog(db: Database): Promise<void> {
  await db.insert("User", USERS);
  await db.insert("Profile", [
    { id: 1, userId: 1, bio: "countess" },
    { id: 2, userId: 3, bio: "singer" },
  ]);
  await db.insert("Post", POSTS);
  await db.insert("Comment", COMMENTS);
  await db.insert("Label", [
    { name: "news", color: "red" },
    { name: "fun", color: "blue" },
    { name: "empty", color: "grey" },
  ]);
  await db.insert("PostLabel", [
    { postId: 1, labelName: "news", weight: 2 },
    { postId: 1, labelName: "fun", weight: 1 },
    { postId: 3, labelName: "fun", weight: 7 },
  ]);
}
