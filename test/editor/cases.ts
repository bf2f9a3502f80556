/**
 * What is asked of an editor, as small programs with a mark where the cursor is (`|`). The same cases are run by the test
 * (are the answers right?) and by the bench (how long do they take?).
 */

export const HEAD = 'import { db } from "./db.js";\n';

export interface CompletionCase {
  readonly name: string;
  readonly text: string;
  /** Exactly these, in any order. */
  readonly entries: readonly string[];
}

const USER = ["id", "email", "name", "age", "role", "active", "score", "createdAt"];
const USER_RELATIONS = ["posts", "profile", "comments"];
const POST = ["id", "title", "body", "status", "views", "rating", "publishedAt", "authorId"];
const POST_RELATIONS = ["author", "comments", "tags"];
const COMMENT = ["id", "text", "postId", "authorId"];
const PROFILE = ["id", "bio", "website", "userId"];
const LOGIC = ["$and", "$or", "$not", "$where"];
const ORDERED = ["$eq", "$ne", "$in", "$nin", "$exists", "$not", "$gt", "$gte", "$lt", "$lte"];
const STRING = [...ORDERED, "$contains", "$startsWith", "$endsWith", "$regex"];

const STEPS = ["where", "orderBy", "limit", "offset", "after", "distinct", "select", "omit"];
const ENDS = ["all", "first", "firstOrThrow", "one", "count", "exists", "stream", "explain"];
const POST_BUILDER = [
  ...STEPS,
  ...ENDS,
  ...["withAuthor", "withComments", "withTags", "withCommentsCount", "withTagsCount"],
];
const USER_BUILDER = [
  ...STEPS,
  ...ENDS,
  ...["withPosts", "withProfile", "withComments", "withPostsCount", "withCommentsCount"],
];

/** Paths to depth 3, written down rather than computed. */
const USER_PATHS = [
  "posts",
  "posts.author",
  "posts.author.posts",
  "posts.author.profile",
  "posts.author.comments",
  "posts.comments",
  "posts.comments.post",
  "posts.comments.author",
  "posts.tags",
  "posts.tags.post",
  "profile",
  "profile.user",
  "profile.user.posts",
  "profile.user.profile",
  "profile.user.comments",
  "comments",
  "comments.post",
  "comments.post.author",
  "comments.post.comments",
  "comments.post.tags",
  "comments.author",
  "comments.author.posts",
  "comments.author.profile",
  "comments.author.comments",
];

export const COMPLETIONS: readonly CompletionCase[] = [
  { name: "where", text: "db.users.findMany({ where: { | } });", entries: [...USER, ...USER_RELATIONS, ...LOGIC] },
  { name: "operators of a string", text: "db.users.findMany({ where: { email: { | } } });", entries: STRING },
  { name: "operators of a number", text: "db.users.findMany({ where: { age: { | } } });", entries: ORDERED },
  { name: "values of an enum", text: 'db.users.findMany({ where: { role: "|" } });', entries: ["admin", "member"] },
  {
    name: "where over a to-many relation",
    text: "db.users.findMany({ where: { posts: { | } } });",
    entries: ["some", "every", "none"],
  },
  {
    name: "where inside a relation",
    text: "db.users.findMany({ where: { posts: { some: { | } } } });",
    entries: [...POST, ...POST_RELATIONS, ...LOGIC],
  },
  {
    name: "orderBy",
    text: "db.users.findMany({ orderBy: { | } });",
    entries: [...USER, ...USER_RELATIONS],
  },
  { name: "direction", text: 'db.users.findMany({ orderBy: { name: "|" } });', entries: ["asc", "desc"] },
  { name: "select", text: 'db.users.findMany({ select: ["|"] });', entries: USER },
  { name: "select, second", text: 'db.users.findMany({ select: ["id", "|"] });', entries: USER },
  { name: "populate", text: 'db.users.findMany({ populate: ["|"] });', entries: USER_PATHS },
  { name: "unique where", text: 'db.users.findUnique({ where: { email: "a@x" }, select: ["|"] });', entries: USER },
  {
    name: "data of create",
    text: "db.users.create({ data: { | } });",
    entries: [...USER, ...USER_RELATIONS],
  },
  {
    name: "data of update",
    text: 'db.users.update({ where: { id: 1 }, data: { email: "a@x", | } });',
    entries: [...USER.filter((name) => name !== "id" && name !== "email"), ...USER_RELATIONS],
  },
  { name: "steps of the builder", text: "db.users.query().|", entries: USER_BUILDER },
  { name: "steps after select", text: 'db.users.query().select("id").|', entries: USER_BUILDER },
  { name: "steps inside a relation", text: "db.users.query().withPosts((p) => p.|)", entries: POST_BUILDER },
  {
    name: "where of the builder",
    text: "db.users.where({ | }).all();",
    entries: [...USER, ...USER_RELATIONS, ...LOGIC],
  },
  { name: "select of the builder", text: 'db.users.query().select("|").all();', entries: USER },
  {
    name: "select inside a relation",
    text: 'db.users.query().withPosts((p) => p.select("|")).all();',
    entries: POST,
  },
  {
    name: "a row of some fields",
    text: 'const [row] = await db.users.findMany({ select: ["id", "email"] });\nrow!.|',
    entries: ["id", "email"],
  },
  {
    name: "a row with relations",
    text: 'const [row] = await db.users.findMany({ populate: ["posts.comments", "profile"] });\nrow!.|',
    entries: [...USER, "posts", "profile"],
  },
  {
    name: "a nested row",
    text: 'const [row] = await db.users.findMany({ populate: ["posts.comments"] });\nrow!.posts[0]!.|',
    entries: [...POST, "comments"],
  },
  {
    name: "a nested row of the builder",
    text: 'const row = await db.users.query().withPosts((p) => p.select("title").withComments()).one();\nrow.posts[0]!.|',
    entries: ["title", "comments"],
  },
  {
    name: "the deepest row",
    text: 'const [row] = await db.users.findMany({ populate: ["posts.comments"] });\nrow!.posts[0]!.comments[0]!.|',
    entries: COMMENT,
  },
  {
    name: "a row to one",
    text: 'const [row] = await db.users.findMany({ populate: ["profile"] });\nrow!.profile!.|',
    entries: PROFILE,
  },
];

export interface HoverCase {
  readonly name: string;
  readonly text: string;
}

export const HOVERS: readonly HoverCase[] = [
  { name: "findMany", text: "const |rows = await db.users.findMany();" },
  { name: "findById", text: "const |row = await db.users.findById(7);" },
  { name: "select", text: 'const |rows = await db.users.findMany({ select: ["id", "email"] });' },
  { name: "omit", text: 'const |rows = await db.posts.findMany({ omit: ["body"] });' },
  { name: "populate", text: 'const |rows = await db.users.findMany({ populate: ["posts.comments", "profile"] });' },
  {
    name: "select and populate",
    text: 'const |rows = await db.users.findMany({ select: ["id"], populate: ["posts.comments"] });',
  },
  { name: "create", text: 'const |row = await db.users.create({ data: { email: "a@x", age: 3, active: true } });' },
  { name: "aggregate", text: 'const |sums = await db.users.aggregate({ count: true, avg: ["age"] });' },
  { name: "groupBy", text: 'const |groups = await db.users.groupBy({ by: ["role"], count: true });' },
  { name: "builder", text: "const |rows = await db.users.where({ active: true }).all();" },
  { name: "builder select", text: 'const |rows = await db.users.query().select("id", "name").all();' },
  {
    name: "builder with relations",
    text: 'const |rows = await db.users.query().select("id").withPosts((p) => p.select("title").withComments()).all();',
  },
  { name: "builder count", text: "const |rows = await db.users.query().withPostsCount().all();" },
  { name: "the model's type", text: 'import type { User } from "#tenon";\nexport type X = |User;' },
  { name: "a field", text: "const row = await db.users.findByIdOrThrow(7);\nrow.|email;" },
  { name: "a repository", text: "db.|users;" },
  { name: "a method", text: 'db.users.|findMany({ populate: ["posts"] });' },
  { name: "a filter", text: "db.users.findMany({ where: { |email: { $contains: 'x' } } });" },
  { name: "a step", text: "db.users.query().|withPosts((p) => p.limit(3)).all();" },
];

export interface MistakeCase {
  readonly name: string;
  /** Right program. */
  readonly right: string;
  /** The edit: this text in it … */
  readonly from: string;
  /** … becomes this. */
  readonly to: string;
  /** The error stands at this word of the wrong program. */
  readonly at: string;
  /** The message says this. */
  readonly says: string;
}

/** The ten kinds of mistake, and what the builder adds. */
export const MISTAKES: readonly MistakeCase[] = [
  {
    name: "unknown field",
    right: 'await db.users.findMany({ where: { email: "a" } });',
    from: "email",
    to: "emial",
    at: "emial",
    says: "UserWhere",
  },
  {
    name: "unknown field beside a right one",
    right: 'await db.users.findMany({ where: { email: "a", age: 3 } });',
    from: "age",
    to: "agee",
    at: "agee",
    says: "UserWhere",
  },
  {
    name: "wrong type",
    right: "await db.users.findMany({ where: { age: 3 } });",
    from: "3",
    to: '"3"',
    at: "age",
    says: "number | NumberFilter",
  },
  {
    name: "wrong operator",
    right: "await db.users.findMany({ where: { age: { $gt: 3 } } });",
    from: "$gt",
    to: "$contains",
    at: "$contains",
    says: "NumberFilter",
  },
  {
    name: "unknown relation",
    right: 'await db.users.findMany({ populate: ["posts"] });',
    from: "posts",
    to: "post",
    at: '"post"',
    says: "UserPath",
  },
  {
    name: "unknown nested relation",
    right: 'await db.users.findMany({ populate: ["profile", "posts.comments"] });',
    from: "comments",
    to: "coments",
    at: '"posts.coments"',
    says: "UserPath",
  },
  {
    name: "unknown field in select",
    right: 'await db.users.findMany({ select: ["id", "email"] });',
    from: "email",
    to: "mail",
    at: '"mail"',
    says: "keyof User",
  },
  {
    name: "a missing field of create",
    right: 'await db.users.create({ data: { email: "a", age: 1, active: true } });',
    from: ", active: true",
    to: "",
    at: "data",
    says: "active",
  },
  {
    name: "reading what was not selected",
    right: 'const [row] = await db.users.findMany({ select: ["id"] });\nrow!.id;',
    from: "row!.id",
    to: "row!.email",
    at: "email",
    says: "email",
  },
  {
    name: "reading what was not loaded",
    right: 'const [row] = await db.users.findMany({ populate: ["posts"] });\nrow!.posts;',
    from: "row!.posts",
    to: "row!.comments",
    at: "comments",
    says: "comments",
  },
  {
    name: "a wrong nested filter",
    right: "await db.users.findMany({ where: { posts: { some: { views: 1 } } } });",
    from: "views",
    to: "view",
    at: "view",
    says: "PostWhere",
  },
  {
    name: "a wrong direction",
    right: 'await db.users.findMany({ orderBy: { name: "asc" } });',
    from: '"asc"',
    to: '"up"',
    at: "orderBy",
    says: '"up"',
  },
  {
    name: "builder: unknown field in select",
    right: 'await db.users.query().select("id").all();',
    from: '"id"',
    to: '"ix"',
    at: '"ix"',
    says: "keyof User",
  },
  {
    name: "builder: unknown field inside a relation",
    right: 'await db.users.query().withPosts((p) => p.select("title")).all();',
    from: '"title"',
    to: '"titel"',
    at: '"titel"',
    says: "keyof Post",
  },
  {
    name: "builder: unknown relation",
    right: "await db.users.query().withPosts().all();",
    from: "withPosts",
    to: "withPost",
    at: "withPost",
    says: "withPosts",
  },
  {
    name: "builder: a relation's query of another model",
    right: "await db.users.query().withPosts((p) => p.limit(3)).all();",
    from: "p.limit(3)",
    to: "db.users.query()",
    at: "(p) => db.users.query()",
    says: 'QueryOf<"Post">',
  },
  {
    name: "builder: reading what was not selected",
    right: 'const row = await db.users.query().select("id").one();\nrow.id;',
    from: "row.id",
    to: "row.email",
    at: "email",
    says: "email",
  },
];

export interface DefinitionCase {
  readonly name: string;
  readonly text: string;
  /** The line in models/group.ts that it leads to begins so. */
  readonly to: string;
}

export const DEFINITIONS: readonly DefinitionCase[] = [
  { name: "a repository", text: "db.|users;", to: "User = defineModel(" },
  { name: "a field of a row", text: "(await db.users.findByIdOrThrow(1)).|email;", to: "email: z.email()," },
  {
    name: "a model's type",
    text: 'import type { |User } from "#tenon";\nexport type X = User;',
    to: "User = defineModel(",
  },
  {
    name: "a model's type in use",
    text: 'import type { Post } from "#tenon";\nexport type X = readonly |Post[];',
    to: "Post = defineModel(",
  },
  {
    name: "the type of a filter",
    text: 'import type { |UserWhere } from "#tenon";\nexport type X = UserWhere;',
    to: "User = defineModel(",
  },
  { name: "a field in where", text: 'db.users.findMany({ where: { |email: "a" } });', to: "email: z.email()," },
  {
    name: "a relation in where",
    text: "db.users.findMany({ where: { |posts: { some: {} } } });",
    to: "posts: hasMany(",
  },
  { name: "a field in orderBy", text: 'db.users.findMany({ orderBy: { |age: "asc" } });', to: "age: z.int()," },
  { name: "a field in create", text: "db.tags.create({ data: { |label: 'x', postId: 1 } });", to: "label: z.string()" },
  {
    name: "a field in update",
    text: "db.tags.update({ where: { id: 1 }, data: { |label: 'x' } });",
    to: "label: z.string()",
  },
  {
    name: "a populated relation of a row",
    text: 'const [row] = await db.users.findMany({ populate: ["posts"] });\nrow!.|posts;',
    to: "posts: hasMany(",
  },
  { name: "a step of the builder", text: "db.users.query().|withPosts().all();", to: "posts: hasMany(" },
];

export interface Marked {
  readonly text: string;
  readonly offset: number;
}

/** The program without its mark, after the import, and where the mark was. */
export function marked(text: string): Marked {
  const at = text.indexOf("|");
  return { text: `${HEAD}${text.slice(0, at)}${text.slice(at + 1)}`, offset: HEAD.length + at };
}
