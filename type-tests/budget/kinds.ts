/** One call of each kind in both forms, and typos beside the right call. */

export const KINDS: Readonly<Record<string, string>> = {
  findMany: "await db.users.findMany()",
  "findMany, where": "await db.users.findMany({ where: { age: { $gte: 18 }, active: true } })",
  "findMany, where across relations":
    'await db.users.findMany({ where: { posts: { some: { views: { $gt: 1 } } } }, orderBy: { name: "asc" } })',
  "findMany, select": 'await db.users.findMany({ select: ["id", "email"] })',
  "findMany, omit": 'await db.posts.findMany({ omit: ["body"] })',
  "findMany, populate": 'await db.users.findMany({ populate: ["posts"] })',
  "findMany, populate deep":
    '(await db.users.findMany({ populate: ["posts.comments"] }))[0]?.posts[0]?.comments[0]?.text',
  findFirst: 'await db.posts.findFirst({ where: { status: "live" } })',
  findFirstOrThrow: "await db.posts.findFirstOrThrow({ orderBy: { views: 'desc' } })",
  findById: "await db.users.findById(7)",
  findByIdOrThrow: 'await db.users.findByIdOrThrow(7, { select: ["name"] })',
  findUnique: 'await db.users.findUnique({ where: { email: "a@x" } })',
  findUniqueOrThrow: "await db.users.findUniqueOrThrow({ where: { id: 1 } })",
  stream: "db.users.stream({ where: { active: true } })",
  exists: 'await db.users.exists({ email: "a@x" })',
  count: "await db.users.count({ active: true })",
  aggregate: 'await db.users.aggregate({ count: true, avg: ["age"], max: ["createdAt"] })',
  groupBy: 'await db.users.groupBy({ by: ["role"], count: true })',
  explain: "await db.users.explain({ where: { age: 3 } })",
  create: 'await db.users.create({ data: { email: "a@x", age: 3, active: true } })',
  "create, nested":
    'await db.users.create({ data: { email: "a@x", age: 3, active: true, posts: { create: [{ title: "t", status: "live" }] } } })',
  createMany: 'await db.comments.createMany({ data: [{ text: "x", postId: 1, authorId: 2 }] })',
  update: 'await db.users.update({ where: { id: 1 }, data: { name: "x", age: { $inc: 1 } } })',
  updateMany: "await db.users.updateMany({ where: { active: true }, data: { age: 3 } })",
  upsert:
    'await db.users.upsert({ where: { email: "a@x" }, create: { email: "a@x", age: 3, active: true }, update: { age: 3 } })',
  delete: "await db.users.delete({ where: { id: 1 } })",
  deleteMany: 'await db.tags.deleteMany({ where: { label: "x" } })',
  "builder, all": "await db.users.query().all()",
  "builder, where": "await db.users.where({ age: { $gte: 18 }, active: true }).all()",
  "builder, orderBy and limit": 'await db.posts.where({ status: "live" }).orderBy("views", "desc").limit(20).all()',
  "builder, select": 'await db.users.query().select("id", "email").all()',
  "builder, omit": 'await db.posts.query().omit("body").all()',
  "builder, relation": "await db.users.query().withPosts().all()",
  "builder, relation built": "await db.users.query().withPosts((p) => p.withComments()).withProfile().all()",
  "builder, relation selected": 'await db.comments.query().withPost((p) => p.select("title")).first()',
  "builder, relation counted": "await db.users.query().withPostsCount().all()",
  "builder, count": "await db.users.where({ active: true }).count()",
};

export const TYPOS: readonly (readonly [name: string, right: string, wrong: string])[] = [
  ["where", 'db.users.findMany({ where: { email: "a" } })', 'db.users.findMany({ where: { emial: "a" } })'],
  ["select", 'db.users.findMany({ select: ["email"] })', 'db.users.findMany({ select: ["emial"] })'],
  ["populate", 'db.users.findMany({ populate: ["posts"] })', 'db.users.findMany({ populate: ["psts"] })'],
  ["orderBy", 'db.users.findMany({ orderBy: { name: "asc" } })', 'db.users.findMany({ orderBy: { nmae: "asc" } })'],
  [
    "data of create",
    'db.comments.create({ data: { text: "x", postId: 1, authorId: 2 } })',
    'db.comments.create({ data: { txt: "x", postId: 1, authorId: 2 } })',
  ],
  ["a step", "db.users.query().withPosts()", "db.users.query().withPots()"],
  ["select of the builder", 'db.users.query().select("email")', 'db.users.query().select("emial")'],
];
