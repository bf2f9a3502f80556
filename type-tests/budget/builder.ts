/** One query of each kind in the builder form. */
import { db } from "./db.js";

export const q01 = await db.users.query().all();
export const q02 = await db.users.where({ age: { $gte: 18 } }).all();
export const q03 = await db.users.where({ email: "a@x", active: true }).limit(10).all();
export const q04 = await db.users
  .where({ posts: { some: { views: { $gt: 100 } } } })
  .orderBy("name")
  .all();
export const q05 = await db.users.query().select("id", "email").all();
export const q06 = await db.users.query().withPosts().all();
export const q07 = await db.users
  .query()
  .withPosts((p) => p.withComments())
  .withProfile()
  .all();
export const q08 = await db.users
  .query()
  .select("id")
  .withPosts((p) => p.withComments())
  .limit(5)
  .all();
export const q09 = await db.users.where({ $or: [{ age: { $lt: 10 } }, { role: "admin" }] }).all();
export const q10 = await db.posts
  .where({ author: { email: { $endsWith: "@x" } } })
  .orderBy("views", "desc")
  .all();
export const q11 = await db.posts.query().withAuthor().withTags().all();
export const q12 = await db.posts.query().omit("body").all();
export const q13 = await db.posts.where({ status: { $in: ["live", "draft"] } }).first();
export const q14 = await db.posts
  .query()
  .orderBy({ author: { name: "asc" } })
  .firstOrThrow();
export const q15 = await db.users.where({ email: "a@x" }).one();
export const q16 = await db.users.where({ id: 1 }).withProfile().one();
export const q17 = await db.comments
  .query()
  .withPost((p) => p.withAuthor())
  .withAuthor((a) => a.withProfile())
  .all();
export const q18 = await db.comments
  .where({ post: { author: { age: 3 } } })
  .offset(10)
  .limit(10)
  .all();
export const q19 = await db.users.where({ email: "a@x" }).exists();
export const q20 = await db.users.where({ active: true }).count();
export const q21 = await db.users
  .query()
  .withPostsCount((p) => p.where({ status: "live" }))
  .all();
export const q22 = await db.users
  .where({ active: true })
  .select("id", "name")
  .withPosts((p) => p.where({ status: "live" }).orderBy("views", "desc").limit(3).withComments())
  .all();
export const q23 = await db.users.where({ age: 3 }).explain();
export const q24 = db.users.where({ active: true }).stream();
export const q25 = await db.posts.query().distinct("status").orderBy("views").all();
export const q26 = [q07[0]?.posts[0]?.comments[0]?.text, q07[0]?.profile?.bio, q22[0]?.posts[0]?.comments[0]?.text];
export const q27 = await db.users
  .where({ name: { $exists: false } })
  .orderBy({ createdAt: "desc" })
  .limit(20)
  .offset(40)
  .all();
export const q28 = await db.users.where({ profile: { bio: { $contains: "x" } } }).count();
export const q29 = await db.posts.where({ status: "live" }).orderBy("publishedAt", "desc").limit(10).all();
export const q30 = await db.posts
  .where({ tags: { some: { label: "x" } } })
  .withTags()
  .all();
export const q31 = await db.posts
  .where({ views: { $gt: 10 } })
  .withCommentsCount()
  .first();
export const q32 = await db.comments.where({ postId: 3 }).orderBy("id").all();
export const q33 = await db.comments.where({ author: { role: "admin" } }).first();
export const q34 = await db.tags.where({ label: { $startsWith: "x" } }).all();
export const q35 = await db.profiles.where({ website: null }).exists();
export const q36 = await db.users.where({ role: "member" }).where({ active: false }).all();
export const q37 = await db.posts.where({ authorId: 7 }).select("id", "title", "views").all();
export const q38 = await db.users.query().orderBy("id").after({ id: 7 }).limit(10).all();
export const q39 = await db.posts
  .query()
  .orderBy({ comments: { $count: "desc" } })
  .limit(10)
  .all();
export const q40 = await db.comments
  .query()
  .withPost((p) => p.select("id", "title"))
  .limit(5)
  .all();
export const q41 = [q30[0]?.tags[0]?.label, q31?.commentsCount, q37[0]?.views, q40[0]?.post.title];
