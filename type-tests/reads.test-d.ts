/** Reading calls of a repository: what each answers with, exactly, and what each refuses. */
import type { Plan, Without } from "tenon/types";
import { expectError, expectType } from "tsd";
import type { Comment, Post, Profile, User } from "#tenon";
import { db } from "./db.js";

const signal = new AbortController().signal;

// findById, findByIdOrThrow
expectType<Promise<User | null>>(db.users.findById(7));
expectType<Promise<User>>(db.users.findByIdOrThrow(7, { signal }));
expectType<Promise<Pick<User, "id" | "email"> | null>>(db.users.findById(7, { select: ["id", "email"] }));
expectType<Promise<Without<User, "email">>>(db.users.findByIdOrThrow(7, { omit: ["email"] }));
expectType<Promise<(Post & { author: User }) | null>>(db.posts.findById(7, { populate: ["author"] }));
expectError(db.users.findById("7"));
expectError(db.users.findById());
expectError(db.users.findById(7, { where: { id: 7 } }));
expectError(db.users.findByIdOrThrow(7, { limit: 1 }));
expectError(db.users.findByIdOrThrow(null));

// findUnique, findUniqueOrThrow
expectType<Promise<User | null>>(db.users.findUnique({ where: { id: 1 } }));
expectType<Promise<User | null>>(db.users.findUnique({ where: { email: "a@x", active: true } }));
expectType<Promise<User>>(db.users.findUniqueOrThrow({ where: { email: "a@x" } }));
expectType<Promise<User & { profile: Profile | null }>>(
  db.users.findUniqueOrThrow({ where: { id: 1 }, populate: ["profile"] }),
);
expectType<Promise<Pick<Profile, "bio"> | null>>(db.profiles.findUnique({ where: { userId: 1 }, select: ["bio"] }));
expectError(db.users.findUnique({ where: { age: 3 } }));
expectError(db.users.findUnique({ where: { id: { $gt: 3 } } }));
expectError(db.users.findUnique({}));
expectError(db.users.findUnique());
expectError(db.users.findUniqueOrThrow({ where: { id: 1 }, limit: 1 }));

// findFirst, findFirstOrThrow
expectType<Promise<User | null>>(db.users.findFirst());
expectType<Promise<User>>(db.users.findFirstOrThrow({ orderBy: { age: "desc" } }));
expectType<Promise<Pick<User, "name"> | null>>(db.users.findFirst({ where: { active: true }, select: ["name"] }));
expectError(db.users.findFirst({ where: { nope: 1 } }));
expectError(db.users.findFirst({ take: 1 }));
expectError(db.users.findFirstOrThrow({ select: ["nope"] }));

// findMany
expectType<Promise<User[]>>(db.users.findMany());
expectType<Promise<User[]>>(db.users.findMany({}));
expectType<Promise<User[]>>(
  db.users.findMany({ where: {}, orderBy: [{ age: "asc" }, { id: "desc" }], limit: 20, offset: 40, signal }),
);
expectType<Promise<User[]>>(db.users.findMany({ orderBy: { id: "asc" }, after: { id: 9 }, distinct: ["role"] }));
expectType<Promise<User[]>>(db.users.findMany({ after: null }));
expectType<Promise<User[]>>(
  db.users.findMany({ orderBy: { name: { direction: "desc", nulls: "first" }, posts: { $count: "desc" } } }),
);
expectType<Promise<User[]>>(db.users.findMany({ orderBy: { profile: { bio: "asc" } } }));
expectError(db.users.findMany({ orderBy: { nope: "asc" } }));
expectError(db.users.findMany({ orderBy: { age: "up" } }));
expectError(db.users.findMany({ orderBy: { posts: "asc" } }));
expectError(db.users.findMany({ limit: "20" }));
expectError(db.users.findMany({ after: { nope: 1 } }));
expectError(db.users.findMany({ distinct: ["nope"] }));
expectError(db.users.findMany({ signal: true }));
expectError(db.users.findMany({ include: { posts: true } }));
expectError(db.users.findMany({ populate: { posts: true } }));
expectError(db.users.findMany([]));

// filters: every operator with the type of its field
expectType<Promise<User[]>>(
  db.users.findMany({
    where: {
      id: { $in: [1, 2], $nin: [3], $ne: 4 },
      email: { $contains: "a", $startsWith: "b", $endsWith: "c", $regex: /d/u },
      age: { $gt: 1, $gte: 2, $lt: 3, $lte: 4, $not: { $eq: 5 } },
      name: { $exists: true },
      role: { $in: ["admin", "member"] },
      active: { $ne: false },
      createdAt: { $gte: new Date(0) },
      score: null,
      posts: { some: { views: 1 }, every: { status: "live" }, none: { title: "x" } },
      profile: { is: { bio: "x" }, isNot: null },
      $and: [{ age: 1 }, { $or: [{ active: true }] }],
      $not: { id: 1 },
      $where: (row) => row.email.length > 3,
    },
  }),
);
expectType<Promise<Post[]>>(db.posts.findMany({ where: { author: { email: "a", profile: { bio: "b" } } } }));
expectError(db.users.findMany({ where: { id: "1" } }));
expectError(db.users.findMany({ where: { id: null } }));
expectError(db.users.findMany({ where: { id: { $in: ["1"] } } }));
expectError(db.users.findMany({ where: { age: { $contains: 1 } } }));
expectError(db.users.findMany({ where: { age: { $not: { $regex: "x" } } } }));
expectError(db.users.findMany({ where: { email: { $regex: 1 } } }));
expectError(db.users.findMany({ where: { role: "owner" } }));
expectError(db.users.findMany({ where: { role: { $in: ["owner"] } } }));
expectError(db.users.findMany({ where: { active: "yes" } }));
expectError(db.users.findMany({ where: { createdAt: "2020-01-01" } }));
expectError(db.users.findMany({ where: { posts: { views: 1 } } }));
expectError(db.users.findMany({ where: { posts: { some: { view: 1 } } } }));
expectError(db.users.findMany({ where: { profile: { is: { bios: "x" } } } }));
expectError(db.users.findMany({ where: { $and: { age: 1 } } }));
expectError(db.users.findMany({ where: { $nor: [] } }));
expectError(db.users.findMany({ where: { $where: (row) => row.nope } }));
expectError(db.users.findMany({ where: { $where: (row) => row.email } }));
expectError(db.users.findMany({ where: { email: undefined } }));
expectError(db.users.findMany({ where: () => true }));

// stream
expectType<AsyncIterable<User>>(db.users.stream());
expectType<AsyncIterable<Pick<User, "id">>>(db.users.stream({ select: ["id"], limit: 5 }, { batch: 100, signal }));
expectType<AsyncIterable<Comment & { post: Post }>>(db.comments.stream({ populate: ["post"] }));
expectError(db.users.stream({ nope: 1 }));
expectError(db.users.stream({}, { batch: "100" }));

// exists, count
expectType<Promise<boolean>>(db.users.exists());
expectType<Promise<boolean>>(db.users.exists({ email: "a@x" }, { signal }));
expectType<Promise<number>>(db.users.count());
expectType<Promise<number>>(db.users.count({ age: { $gte: 18 } }, { signal }));
expectError(db.users.exists({ nope: 1 }));
expectError(db.users.exists({ where: { id: 1 } }));
expectError(db.users.count({ age: "18" }));
expectError(db.users.count({ where: {} }));

// explain
expectType<Promise<Plan>>(db.users.explain());
expectType<Promise<Plan>>(db.users.explain({ where: { id: 1 }, populate: ["posts"] }, { analyze: true }));
expectError(db.users.explain({ where: { nope: 1 } }));
expectError(db.users.explain({}, { analyse: true }));

// a repository and a member that do not exist
expectError(db.persons);
expectError(db.users.findAll());

// lists: any array, constant or not, and nothing but arrays
const names: (keyof User)[] = ["id"];
const two = ["id", "email"] as const;
expectType<Promise<User[]>>(db.users.findMany({ select: names, populate: [] }));
expectType<Promise<Pick<User, "id" | "email">[]>>(db.users.findMany({ select: two }));
expectType<Promise<Pick<User, "id" | "email" | "name">[]>>(db.users.findMany({ select: [...two, "name"] }));
expectType<Promise<Pick<User, "id" | "email" | "name" | "age">[]>>(
  db.users.findMany({ select: ["age", ...two, "name"] }),
);
const byViews = [{ views: "desc" }] as const;
expectType<Promise<Post[]>>(db.posts.findMany({ orderBy: [...byViews, { id: "asc" }] }));
expectType<Promise<Post[]>>(db.posts.findMany({ orderBy: [{ views: "desc" }, { id: "asc" }] as const }));
expectError(db.users.findMany({ select: "id" }));
expectError(db.users.findMany({ select: new Set(["id"] as const) }));
expectError(db.users.findMany({ select: { length: 1, 0: "id" } }));
expectError(db.users.findMany({ select: ["id"] as string[] }));
expectError(db.users.findMany({ omit: { email: true } }));
expectError(db.users.findMany({ populate: "posts" }));
expectError(db.users.findMany({ populate: { posts: true } }));
expectError(db.users.findMany({ orderBy: "name" }));
expectError(db.users.aggregate({ sum: "age" }));
expectError(db.users.groupBy({ by: "role", count: true }));
