/** One query of each kind in the args form; the budget divides the cost of this file by their number. */
import { db } from "./db.js";

export const q01 = await db.users.findMany();
export const q02 = await db.users.findMany({ where: { age: { $gte: 18 } } });
export const q03 = await db.users.findMany({ where: { email: "a@x", active: true }, limit: 10 });
export const q04 = await db.users.findMany({
  where: { posts: { some: { views: { $gt: 100 } } } },
  orderBy: { name: "asc" },
});
export const q05 = await db.users.findMany({ select: ["id", "email"] });
export const q06 = await db.users.findMany({ populate: ["posts"] });
export const q07 = await db.users.findMany({ populate: ["posts.comments", "profile"] });
export const q08 = await db.users.findMany({ select: ["id"], populate: ["posts.comments"], limit: 5 });
export const q09 = await db.users.findMany({ where: { $or: [{ age: { $lt: 10 } }, { role: "admin" }] } });
export const q10 = await db.posts.findMany({
  where: { author: { email: { $endsWith: "@x" } } },
  orderBy: [{ views: "desc" }],
});
export const q11 = await db.posts.findMany({ populate: ["author", "tags"] });
export const q12 = await db.posts.findMany({ omit: ["body"] });
export const q13 = await db.posts.findFirst({ where: { status: { $in: ["live", "draft"] } } });
export const q14 = await db.posts.findFirstOrThrow({ orderBy: { author: { name: "asc" } } });
export const q15 = await db.users.findUnique({ where: { email: "a@x" } });
export const q16 = await db.users.findUniqueOrThrow({ where: { id: 1 }, populate: ["profile"] });
export const q17 = await db.users.findById(7);
export const q18 = await db.users.findByIdOrThrow(7, { select: ["name"] });
export const q19 = await db.comments.findMany({ populate: ["post.author", "author.profile"] });
export const q20 = await db.comments.findMany({ where: { post: { author: { age: 3 } } }, offset: 10, limit: 10 });
export const q21 = await db.users.exists({ email: "a@x" });
export const q22 = await db.users.count({ active: true });
export const q23 = await db.users.create({ data: { email: "a@x", age: 3, active: true } });
export const q24 = await db.posts.create({ data: { title: "t", status: "live", authorId: 1 } });
export const q25 = await db.posts.create({ data: { title: "t", status: "live", author: { connect: { id: 1 } } } });
export const q26 = await db.users.create({
  data: { email: "a@x", age: 3, active: true, posts: { create: [{ title: "t", status: "live" }] } },
  populate: ["posts"],
});
export const q27 = await db.comments.createMany({ data: [{ text: "x", postId: 1, authorId: 2 }] });
export const q28 = await db.tags.createMany({ data: [{ label: "x", postId: 1 }], returning: true });
export const q29 = await db.users.update({ where: { id: 1 }, data: { name: "x", age: { $inc: 1 } } });
export const q30 = await db.posts.updateMany({ where: { views: { $lt: 3 } }, data: { status: "gone" } });
export const q31 = await db.users.upsert({
  where: { email: "a@x" },
  create: { email: "a@x", age: 3, active: true },
  update: { active: true },
});
export const q32 = await db.users.delete({ where: { id: 1 } });
export const q33 = await db.tags.deleteMany({ where: { label: "x" } });
export const q34 = await db.users.aggregate({ count: true, avg: ["age"], max: ["createdAt"] });
export const q35 = await db.posts.aggregate({ where: { status: "live" }, sum: ["views"] });
export const q36 = await db.users.groupBy({ by: ["role"], count: true });
export const q37 = await db.posts.groupBy({ by: ["status"], sum: ["views"], having: { count: { $gt: 2 } } });
export const q38 = await db.users.explain({ where: { age: 3 } });
export const q39 = db.users.stream({ where: { active: true } });
export const q40 = await db.users.update({
  where: { id: 1 },
  data: { posts: { create: { title: "t", status: "live" } } },
});
export const q41 = [q07[0]?.posts[0]?.comments[0]?.text, q07[0]?.profile?.bio, q08[0]?.id, q19[0]?.post.author.email];
