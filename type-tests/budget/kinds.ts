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

/** By the name of a typo: the right call, and the same with one word wrong. */
export const TYPOS: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
  where: ['db.users.findMany({ where: { email: "a" } })', 'db.users.findMany({ where: { emial: "a" } })'],
  "where, a value": ["db.users.findMany({ where: { age: 3 } })", 'db.users.findMany({ where: { age: "3" } })'],
  "where of findUnique": ["db.users.findUnique({ where: { id: 3 } })", "db.users.findUnique({ where: { ix: 3 } })"],
  "where of deleteMany": ["db.users.deleteMany({ where: { id: 3 } })", "db.users.deleteMany({ where: { ix: 3 } })"],
  "where of count": ["db.users.count({ id: 3 })", "db.users.count({ ix: 3 })"],
  "where of the builder": ["db.users.where({ id: 3 })", "db.users.where({ ix: 3 })"],
  select: ['db.users.findMany({ select: ["email"] })', 'db.users.findMany({ select: ["emial"] })'],
  "select of findById": ['db.users.findById(7, { select: ["email"] })', 'db.users.findById(7, { select: ["emial"] })'],
  omit: ['db.users.findMany({ omit: ["email"] })', 'db.users.findMany({ omit: ["emial"] })'],
  populate: ['db.users.findMany({ populate: ["posts"] })', 'db.users.findMany({ populate: ["psts"] })'],
  orderBy: ['db.users.findMany({ orderBy: { name: "asc" } })', 'db.users.findMany({ orderBy: { nmae: "asc" } })'],
  "data of create": [
    'db.comments.create({ data: { text: "x", postId: 1, authorId: 2 } })',
    'db.comments.create({ data: { txt: "x", postId: 1, authorId: 2 } })',
  ],
  "data of createMany": [
    'db.comments.createMany({ data: [{ text: "x", postId: 1, authorId: 2 }] })',
    'db.comments.createMany({ data: [{ txt: "x", postId: 1, authorId: 2 }] })',
  ],
  "data of update": [
    "db.users.update({ where: { id: 3 }, data: { age: 3 } })",
    "db.users.update({ where: { id: 3 }, data: { aeg: 3 } })",
  ],
  "data of upsert": [
    'db.users.upsert({ where: { id: 1 }, create: { email: "a", age: 3, active: true }, update: { age: 3 } })',
    'db.users.upsert({ where: { id: 1 }, create: { email: "a", aeg: 3, active: true }, update: { age: 3 } })',
  ],
  aggregate: ['db.users.aggregate({ sum: ["age"] })', 'db.users.aggregate({ sum: ["aeg"] })'],
  groupBy: ['db.users.groupBy({ by: ["role"], count: true })', 'db.users.groupBy({ by: ["rle"], count: true })'],
  "an option": ["db.users.findMany({ limit: 3 })", "db.users.findMany({ limt: 3 })"],
  "a step": ["db.users.query().withPosts()", "db.users.query().withPots()"],
  "select of the builder": ['db.users.query().select("email")', 'db.users.query().select("emial")'],
  "select of a relation": [
    'db.users.query().withPosts((p) => p.select("title"))',
    'db.users.query().withPosts((p) => p.select("titel"))',
  ],
  "orderBy of the builder": ['db.users.query().orderBy("name")', 'db.users.query().orderBy("nmae")'],
  "the query of a relation": [
    "db.users.query().withPosts(() => db.posts.query())",
    "db.users.query().withPosts(() => db.users.query())",
  ],
};

/** The least that shows what the compiler itself pays for a mistake: the same as above, of types with a word or two. */
export const LEAST = {
  /** A word where a union of words is asked for. */
  word: ['((word: "one" | "two") => word)("one")', '((word: "one" | "two") => word)("three")'],
  /** An unknown key in an argument that may be left out. */
  key: ["((where?: { id?: number }) => where)({ id: 3 })", "((where?: { id?: number }) => where)({ ix: 3 })"],
  /** A wrong word in an option that is a list. */
  list: [
    '((args: { select?: readonly ("one" | "two")[] }) => args)({ select: ["one"] })',
    '((args: { select?: readonly ("one" | "two")[] }) => args)({ select: ["three"] })',
  ],
} as const;
