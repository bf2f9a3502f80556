/** Exact result types of the public calls (tsd-style, checked by run.mjs with every compiler). */

import type { Row } from "tenon/types";
import type { Comment, Post, Profile, User, UserTypes } from "#tenon";
import { db } from "./db.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;

const all = await db.users.findMany();
same<typeof all, User[]>(true);
const one = await db.users.findById(7);
same<typeof one, User | null>(true);
const must = await db.users.findFirstOrThrow({ where: { age: 3 } });
same<typeof must, User>(true);
const picked = await db.users.findMany({ select: ["id", "name"] });
same<(typeof picked)[number], Pick<User, "id" | "name">>(true);
const loaded = await db.users.findMany({ populate: ["posts.comments", "profile"] });
same<(typeof loaded)[number]["profile"], Profile | null>(true);
same<(typeof loaded)[number]["posts"][number]["comments"], Comment[]>(true);
same<(typeof loaded)[number]["email"], string>(true);
// An option that is undefined is left out, as at run time; a filter that is undefined is refused (mistakes.ts, 10).
const loose = await db.users.findMany({ limit: undefined, orderBy: undefined, select: undefined, populate: undefined });
same<typeof loose, User[]>(true);
const named: Row<UserTypes, "posts"> | undefined = (await db.users.findMany({ populate: ["posts"] }))[0];
same<NonNullable<typeof named>["posts"], Post[]>(true);
const omitted = await db.users.findFirst({ omit: ["email"] });
same<keyof NonNullable<typeof omitted>, Exclude<keyof User, "email">>(true);
const built = await db.users
  .query()
  .select("id")
  .withPosts((p) => p.select("title").withComments())
  .withPostsCount()
  .all();
same<(typeof built)[number]["id"], number>(true);
same<(typeof built)[number]["postsCount"], number>(true);
same<(typeof built)[number]["posts"][number]["title"], string>(true);
same<(typeof built)[number]["posts"][number]["comments"], Comment[]>(true);
const only = await db.posts.query().withAuthor().one();
same<(typeof only)["author"], User>(true);
const plain = await db.posts.where({ status: "live" }).first();
same<typeof plain, Post | null>(true);
const count = await db.users.count();
same<typeof count, number>(true);
const sums = await db.users.aggregate({ count: true, sum: ["age"], max: ["createdAt"] });
same<typeof sums.count, number>(true);
same<typeof sums.sum.age, number | null>(true);
same<typeof sums.max.createdAt, Date | null>(true);
const groups = await db.users.groupBy({ by: ["role"], count: true, orderBy: { count: "desc" } });
same<(typeof groups)[number]["role"], "admin" | "member">(true);
same<(typeof groups)[number]["count"], number>(true);
const bulk = await db.tags.createMany({ data: [] });
same<keyof typeof bulk, "count">(true);
const returned = await db.tags.deleteMany({ where: { all: true }, returning: true });
same<keyof typeof returned, "count" | "rows">(true);
const written = await db.posts.update({ where: { id: 1 }, data: { views: { $inc: 1 } }, populate: ["author"] });
same<(typeof written)["author"], User>(true);
for await (const row of db.users.stream({ populate: ["posts"] })) same<(typeof row)["posts"], Post[]>(true);
const nested = await db.transaction(async (tx) => tx.transaction(async (inner) => inner.users.count()));
same<typeof nested, number>(true);
{
  await using tx = await db.begin({ mode: "write" });
  await tx.users.create({ data: { email: "a@x", age: 1, active: true } });
  await tx.commit();
}
