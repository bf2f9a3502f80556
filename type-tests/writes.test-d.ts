/** Writing calls of a repository: results, data, operators, and what is refused. Related rows are in nested.test-d.ts. */
import type { Count, CountAndRows } from "tenon/types";
import { expectError, expectType } from "tsd";
import type { Post, Profile, Tag, User } from "#tenon";
import { db } from "./db.js";

const signal = new AbortController().signal;
const ada = { email: "ada@x", age: 36, active: true };

// create
expectType<Promise<User>>(db.users.create({ data: ada }));
expectType<Promise<User>>(db.users.create({ data: { ...ada, id: 1, name: null, role: "admin", score: 1.5 }, signal }));
expectType<Promise<Pick<User, "id">>>(db.users.create({ data: ada, select: ["id"] }));
expectType<Promise<User & { profile: Profile | null }>>(db.users.create({ data: ada, populate: ["profile"] }));
expectError(db.users.create({ data: { email: "a", age: 1 } }));
expectError(db.users.create({ data: { ...ada, nope: 1 } }));
expectError(db.users.create({ data: { email: "a", age: "1", active: true } }));
expectError(db.users.create({ data: { email: null, age: 1, active: true } }));
expectError(db.users.create({ data: { email: "a", age: { $inc: 1 }, active: true } }));
expectError(db.users.create({ data: { ...ada, role: "owner" } }));
expectError(db.users.create({ data: { ...ada, name: undefined } }));
expectError(db.users.create({ data: [ada] }));
expectError(db.users.create(ada));
expectError(db.users.create({ data: ada, omit: ["id"] }));
expectError(db.users.create({ data: ada, populate: ["nope"] }));
expectError(db.users.create({ data: ada, where: { id: 1 } }));

// createMany
expectType<Promise<Count>>(db.users.createMany({ data: [ada] }));
expectType<Promise<Count>>(db.users.createMany({ data: [ada], skipDuplicates: true, returning: false, signal }));
expectType<Promise<CountAndRows<User>>>(db.users.createMany({ data: [ada], returning: true }));
expectError(db.users.createMany({ data: ada }));
expectError(db.users.createMany({ data: [{ email: "a" }] }));
expectError(db.users.createMany({ data: [ada], returning: "rows" }));
expectError(db.users.createMany({ data: [ada], select: ["id"] }));
expectError((await db.users.createMany({ data: [ada] })).rows);

// update
expectType<Promise<User>>(db.users.update({ where: { id: 1 }, data: { name: "A" } }));
expectType<Promise<User>>(db.users.update({ where: { email: "a", age: { $gt: 3 } }, data: { score: null }, signal }));
expectType<Promise<Post & { author: User }>>(
  db.posts.update({ where: { id: 1 }, data: { views: { $inc: 1 }, title: { $set: "t" } }, populate: ["author"] }),
);
expectType<Promise<Pick<Post, "views">>>(
  db.posts.update({ where: { id: 1 }, data: { views: { $mul: 2 }, rating: { $unset: true } }, select: ["views"] }),
);
expectError(db.users.update({ where: { age: 3 }, data: { name: "A" } }));
expectError(db.users.update({ where: { id: 1 } }));
expectError(db.users.update({ data: { name: "A" } }));
expectError(db.users.update({ where: { id: 1 }, data: { id: 2 } }));
expectError(db.users.update({ where: { id: 1 }, data: { nope: 1 } }));
expectError(db.users.update({ where: { id: 1 }, data: { email: { $inc: 1 } } }));
expectError(db.users.update({ where: { id: 1 }, data: { age: { $inc: "1" } } }));
expectError(db.users.update({ where: { id: 1 }, data: { age: { $unset: true } } }));
expectError(db.users.update({ where: { id: 1 }, data: { active: null } }));
expectError(db.users.update({ where: { id: 1 }, data: { createdAt: "now" } }));

// updateMany
expectType<Promise<Count>>(db.users.updateMany({ where: { active: true }, data: { age: { $inc: 1 } } }));
expectType<Promise<Count>>(db.users.updateMany({ where: { all: true }, data: { active: false }, limit: 10, signal }));
expectType<Promise<CountAndRows<User>>>(
  db.users.updateMany({ where: { active: true }, data: { score: 1 }, returning: true }),
);
expectError(db.users.updateMany({ data: { active: false } }));
expectError(db.users.updateMany({ where: { nope: 1 }, data: { active: false } }));
expectError(db.users.updateMany({ where: { all: false }, data: { active: false } }));
expectError(db.users.updateMany({ where: { all: true }, data: { posts: { create: [] } } }));
expectError(db.users.updateMany({ where: { all: true }, data: { id: 3 } }));

// upsert
expectType<Promise<User>>(
  db.users.upsert({ where: { email: "a" }, create: ada, update: { age: { $inc: 1 } }, signal }),
);
expectType<Promise<Pick<User, "id"> & { posts: Post[] }>>(
  db.users.upsert({ where: { id: 1 }, create: ada, update: {}, select: ["id"], populate: ["posts"] }),
);
expectError(db.users.upsert({ where: { age: 1 }, create: ada, update: {} }));
expectError(db.users.upsert({ where: { id: 1 }, create: ada }));
expectError(db.users.upsert({ where: { id: 1 }, create: {}, update: {} }));
expectError(db.users.upsert({ where: { id: 1 }, create: ada, update: { nope: 1 } }));

// delete
expectType<Promise<Tag>>(db.tags.delete({ where: { id: 1 }, signal }));
expectType<Promise<Pick<Tag, "label">>>(db.tags.delete({ where: { id: 1 }, select: ["label"] }));
expectError(db.tags.delete({ where: { label: "x" } }));
expectError(db.tags.delete({}));
expectError(db.tags.delete({ where: { id: 1 }, limit: 1 }));

// deleteMany
expectType<Promise<Count>>(db.tags.deleteMany({ where: { label: "x" }, limit: 3, signal }));
expectType<Promise<CountAndRows<Tag>>>(db.tags.deleteMany({ where: { all: true }, returning: true }));
expectError(db.tags.deleteMany());
expectError(db.tags.deleteMany({}));
expectError(db.tags.deleteMany({ where: { nope: 1 } }));
expectError(db.tags.deleteMany({ where: { all: true }, data: {} }));
