/** The peers: ten queries of the same kinds in the words of each, a place to complete, and a typo. */
import { ALONE, DRIZZLE, KYSELY, PRISMA_PROJECT, type Project, TENON } from "./projects.js";

export interface Peer {
  readonly name: string;
  /** What is installed for it, the first of them with its version to show; null: nothing. */
  readonly packages: readonly string[] | null;
  readonly project: Project;
  /** Everything above the queries. */
  readonly head: string;
  /** The fifth one loads relations of relations: its result is what is hovered. */
  readonly queries: readonly string[];
  /** Completions are asked at `|`. */
  readonly complete: string;
  /** A query, and the same with a wrong field. */
  readonly typo: readonly [right: string, wrong: string];
}

export const PEERS: readonly Peer[] = [
  {
    name: "tenon, args",
    packages: null,
    project: TENON,
    head: 'import { db } from "./db.js";\n',
    queries: [
      "await db.users.findMany()",
      "await db.users.findMany({ where: { age: { $gte: 18 }, active: true } })",
      'await db.users.findMany({ select: ["id", "email"] })',
      'await db.users.findMany({ populate: ["posts"] })',
      'await db.users.findMany({ populate: ["posts.comments", "profile"] })',
      'await db.posts.findMany({ where: { author: { email: "a" } }, orderBy: { views: "desc" }, limit: 20 })',
      'await db.users.findUnique({ where: { email: "a" } })',
      "await db.comments.create({ data: { text: 'x', postId: 1, authorId: 2 } })",
      "await db.users.updateMany({ where: { active: true }, data: { age: 3 } })",
      "await db.users.count({ active: true })",
    ],
    complete: "db.users.findMany({ where: { | } });",
    typo: ['db.users.findMany({ where: { email: "a" } })', 'db.users.findMany({ where: { emial: "a" } })'],
  },
  {
    name: "tenon, builder",
    packages: null,
    project: TENON,
    head: 'import { db } from "./db.js";\n',
    queries: [
      "await db.users.query().all()",
      "await db.users.where({ age: { $gte: 18 }, active: true }).all()",
      'await db.users.query().select("id", "email").all()',
      "await db.users.query().withPosts().all()",
      "await db.users.query().withPosts((p) => p.withComments()).withProfile().all()",
      'await db.posts.where({ author: { email: "a" } }).orderBy("views", "desc").limit(20).all()',
      'await db.users.where({ email: "a" }).first()',
      'await db.comments.query().withPost((p) => p.select("title")).first()',
      "await db.users.query().withPostsCount().all()",
      "await db.users.where({ active: true }).count()",
    ],
    complete: "db.users.query().|",
    typo: ['db.users.query().select("email").all()', 'db.users.query().select("emial").all()'],
  },
  {
    name: "prisma",
    packages: ["@prisma/client", "prisma"],
    project: PRISMA_PROJECT,
    head: 'import { db } from "./db.js";\n',
    queries: [
      "await db.user.findMany()",
      "await db.user.findMany({ where: { age: { gte: 18 }, active: true } })",
      "await db.user.findMany({ select: { id: true, email: true } })",
      "await db.user.findMany({ include: { posts: true } })",
      "await db.user.findMany({ include: { posts: { include: { comments: true } }, profile: true } })",
      'await db.post.findMany({ where: { author: { email: "a" } }, orderBy: { views: "desc" }, take: 20 })',
      'await db.user.findUnique({ where: { email: "a" } })',
      'await db.comment.create({ data: { text: "x", postId: 1, authorId: 2 } })',
      "await db.user.updateMany({ where: { active: true }, data: { age: 3 } })",
      "await db.user.count({ where: { active: true } })",
    ],
    complete: "db.user.findMany({ where: { | } });",
    typo: ['db.user.findMany({ where: { email: "a" } })', 'db.user.findMany({ where: { emial: "a" } })'],
  },
  {
    name: "drizzle",
    packages: ["drizzle-orm"],
    project: DRIZZLE,
    head: 'import { and, desc, eq, gte } from "drizzle-orm";\nimport { db } from "./db.js";\nimport * as s from "./schema.js";\nexport const used = [and, desc, eq, gte, s];\n',
    queries: [
      "await db.query.users.findMany()",
      "await db.query.users.findMany({ where: (u, { and, eq, gte }) => and(gte(u.age, 18), eq(u.active, true)) })",
      "await db.query.users.findMany({ columns: { id: true, email: true } })",
      "await db.query.users.findMany({ with: { posts: true } })",
      "await db.query.users.findMany({ with: { posts: { with: { comments: true } }, profile: true } })",
      'await db.select().from(s.posts).innerJoin(s.users, eq(s.users.id, s.posts.authorId)).where(eq(s.users.email, "a")).orderBy(desc(s.posts.views)).limit(20)',
      'await db.query.users.findFirst({ where: (u, { eq }) => eq(u.email, "a") })',
      'await db.insert(s.comments).values({ text: "x", postId: 1, authorId: 2 }).returning()',
      "await db.update(s.users).set({ age: 3 }).where(eq(s.users.active, true))",
      "await db.$count(s.users, eq(s.users.active, true))",
    ],
    complete: "db.query.users.findMany({ with: { | } });",
    typo: [
      "db.query.users.findMany({ columns: { email: true } })",
      "db.query.users.findMany({ columns: { emial: true } })",
    ],
  },
  {
    name: "kysely",
    packages: ["kysely"],
    project: KYSELY,
    head: 'import { db } from "./db.js";\n',
    queries: [
      'await db.selectFrom("users").selectAll().execute()',
      'await db.selectFrom("users").selectAll().where("age", ">=", 18).where("active", "=", true).execute()',
      'await db.selectFrom("users").select(["id", "email"]).execute()',
      'await db.selectFrom("users").innerJoin("posts", "posts.authorId", "users.id").selectAll().execute()',
      'await db.selectFrom("users").innerJoin("posts", "posts.authorId", "users.id").innerJoin("comments", "comments.postId", "posts.id").innerJoin("profiles", "profiles.userId", "users.id").select(["users.id", "posts.title", "comments.text", "profiles.bio"]).execute()',
      'await db.selectFrom("posts").innerJoin("users", "users.id", "posts.authorId").selectAll("posts").where("users.email", "=", "a").orderBy("posts.views", "desc").limit(20).execute()',
      'await db.selectFrom("users").selectAll().where("email", "=", "a").executeTakeFirst()',
      'await db.insertInto("comments").values({ text: "x", postId: 1, authorId: 2 }).returningAll().executeTakeFirst()',
      'await db.updateTable("users").set({ age: 3 }).where("active", "=", true).execute()',
      'await db.selectFrom("users").select((e) => e.fn.countAll().as("n")).where("active", "=", true).execute()',
    ],
    complete: 'db.selectFrom("users").select(["|"]);',
    typo: ['db.selectFrom("users").select("email").execute()', 'db.selectFrom("users").select("emial").execute()'],
  },
];

const least = "await db.users.findMany({ where: { active: true } })";

/** Not a peer but the least that any of them can take; only measured when it is asked for by name. */
export const FLOOR: Peer = {
  name: "typescript alone",
  packages: null,
  project: ALONE,
  head: 'import { db } from "./db.js";\n',
  queries: Array.from({ length: 10 }, () => least),
  complete: "db.users.findMany({ where: { | } });",
  typo: ['db.users.findMany({ where: { email: "a" } })', 'db.users.findMany({ where: { emial: "a" } })'],
};
