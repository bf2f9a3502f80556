/**
 * The same project in the words of each peer: models in groups of five (user, profile, post, comment, tag), ten queries of
 * the same kinds, a place to complete and a typo. `build` writes the project into a folder and returns what it is.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { makeProject, ROOT } from "../../test/editor/project.js";

const MODULES = fileURLToPath(new URL("node_modules", import.meta.url));

export interface Peer {
  readonly name: string;
  /** Null when it is here; else what is missing. */
  readonly missing: string | null;
  readonly build: (folder: string, models: number, packageFolder: string) => Promise<Built>;
  /** Everything above the queries. */
  readonly head: string;
  readonly queries: readonly string[];
  /** Completions are asked at `|`. */
  readonly complete: string;
  /** A query, and the same with a wrong field. */
  readonly typo: readonly [right: string, wrong: string];
}

export interface Built {
  /** Bytes of generated declarations; null when nothing is generated. */
  readonly bytes: number | null;
  /** Milliseconds of the generator as a process, without caches; null likewise. */
  readonly cold: number | null;
  readonly warm: number | null;
}

const suffixes = (models: number): readonly string[] =>
  Array.from({ length: Math.ceil(models / 5) }, (_, index) => (index === 0 ? "" : String(index)));

function timed(command: readonly string[], cwd: string): number {
  const start = performance.now();
  execFileSync(process.execPath, command, {
    cwd,
    stdio: "ignore",
    // Prisma 7 asks the network for an engine that generation does not use; any file stills it.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
  });
  return performance.now() - start;
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** A folder with the compiler's settings and the peers' packages. */
function scaffold(folder: string): void {
  mkdirSync(folder, { recursive: true });
  symlinkSync(MODULES, join(folder, "node_modules"));
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable", "DOM"],
    module: "NodeNext",
    moduleResolution: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
  };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(join(folder, "case.ts"), "");
}

async function buildTenon(folder: string, models: number, packageFolder: string): Promise<Built> {
  mkdirSync(folder, { recursive: true });
  await makeProject(folder, models, packageFolder);
  const command = [join(ROOT, "dist/codegen/cli/main.js"), "generate"];
  const { rmSync } = await import("node:fs");
  rmSync(join(folder, ".tenon"), { recursive: true });
  rmSync(join(folder, "node_modules/.cache"), { recursive: true, force: true });
  const cold = timed(command, folder);
  return { bytes: bytesOf(join(folder, ".tenon")), cold, warm: timed(command, folder) };
}

const TENON = {
  missing: null,
  build: buildTenon,
  head: 'import { db } from "./db.js";\n',
} as const;

async function buildPrisma(folder: string, models: number): Promise<Built> {
  scaffold(folder);
  const text = suffixes(models).map(
    (n) => `model User${n} {
  id Int @id @default(autoincrement())
  email String @unique
  name String?
  age Int
  role String @default("member")
  active Boolean
  score Float?
  createdAt DateTime @default(now())
  posts Post${n}[]
  profile Profile${n}?
  comments Comment${n}[]
}
model Profile${n} {
  id Int @id @default(autoincrement())
  bio String
  website String?
  userId Int @unique
  user User${n} @relation(fields: [userId], references: [id])
}
model Post${n} {
  id Int @id @default(autoincrement())
  title String
  body String?
  status String
  views Int @default(0)
  rating Float?
  publishedAt DateTime?
  authorId Int
  author User${n} @relation(fields: [authorId], references: [id])
  comments Comment${n}[]
  tags Tag${n}[]
}
model Comment${n} {
  id Int @id @default(autoincrement())
  text String
  postId Int
  authorId Int
  post Post${n} @relation(fields: [postId], references: [id])
  author User${n} @relation(fields: [authorId], references: [id])
}
model Tag${n} {
  id Int @id @default(autoincrement())
  label String
  postId Int
  post Post${n} @relation(fields: [postId], references: [id])
}
`,
  );
  const head =
    'generator client {\n  provider = "prisma-client"\n  output = "./generated"\n}\ndatasource db {\n  provider = "sqlite"\n}\n';
  writeFileSync(join(folder, "schema.prisma"), head + text.join(""));
  const command = ["node_modules/prisma/build/index.js", "generate", "--schema", "schema.prisma"];
  const cold = timed(command, folder);
  const warm = timed(command, folder);
  writeFileSync(
    join(folder, "db.ts"),
    'import type { PrismaClient } from "./generated/client.js";\nexport declare const db: PrismaClient;\n',
  );
  return { bytes: bytesOf(join(folder, "generated")), cold, warm };
}

async function buildDrizzle(folder: string, models: number): Promise<Built> {
  scaffold(folder);
  const text = suffixes(models).map(
    (
      n,
    ) => `export const users${n} = sqliteTable("users${n}", { id: integer().primaryKey(), email: text().notNull().unique(), name: text(), age: integer().notNull(), role: text({ enum: ["admin", "member"] }).notNull().default("member"), active: integer({ mode: "boolean" }).notNull(), score: real(), createdAt: integer({ mode: "timestamp" }).notNull() });
export const profiles${n} = sqliteTable("profiles${n}", { id: integer().primaryKey(), bio: text().notNull(), website: text(), userId: integer().notNull().unique() });
export const posts${n} = sqliteTable("posts${n}", { id: integer().primaryKey(), title: text().notNull(), body: text(), status: text({ enum: ["draft", "live", "gone"] }).notNull(), views: integer().notNull().default(0), rating: real(), publishedAt: integer({ mode: "timestamp" }), authorId: integer().notNull() });
export const comments${n} = sqliteTable("comments${n}", { id: integer().primaryKey(), text: text().notNull(), postId: integer().notNull(), authorId: integer().notNull() });
export const tags${n} = sqliteTable("tags${n}", { id: integer().primaryKey(), label: text().notNull(), postId: integer().notNull() });
export const users${n}Relations = relations(users${n}, ({ one, many }) => ({ posts: many(posts${n}), comments: many(comments${n}), profile: one(profiles${n}) }));
export const profiles${n}Relations = relations(profiles${n}, ({ one }) => ({ user: one(users${n}, { fields: [profiles${n}.userId], references: [users${n}.id] }) }));
export const posts${n}Relations = relations(posts${n}, ({ one, many }) => ({ author: one(users${n}, { fields: [posts${n}.authorId], references: [users${n}.id] }), comments: many(comments${n}), tags: many(tags${n}) }));
export const comments${n}Relations = relations(comments${n}, ({ one }) => ({ post: one(posts${n}, { fields: [comments${n}.postId], references: [posts${n}.id] }), author: one(users${n}, { fields: [comments${n}.authorId], references: [users${n}.id] }) }));
export const tags${n}Relations = relations(tags${n}, ({ one }) => ({ post: one(posts${n}, { fields: [tags${n}.postId], references: [posts${n}.id] }) }));
`,
  );
  const head =
    'import { relations } from "drizzle-orm";\nimport { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";\n';
  writeFileSync(join(folder, "schema.ts"), head + text.join(""));
  writeFileSync(
    join(folder, "db.ts"),
    'import type { BaseSQLiteDatabase } from "drizzle-orm/sqlite-core";\nimport type * as schema from "./schema.js";\nexport declare const db: BaseSQLiteDatabase<"async", void, typeof schema>;\n',
  );
  return { bytes: null, cold: null, warm: null };
}

async function buildKysely(folder: string, models: number): Promise<Built> {
  scaffold(folder);
  const groups = suffixes(models);
  const text = groups.map(
    (
      n,
    ) => `export interface User${n} { id: Generated<number>; email: string; name: string | null; age: number; role: Generated<"admin" | "member">; active: boolean; score: number | null; createdAt: Date }
export interface Profile${n} { id: Generated<number>; bio: string; website: string | null; userId: number }
export interface Post${n} { id: Generated<number>; title: string; body: string | null; status: "draft" | "live" | "gone"; views: Generated<number>; rating: number | null; publishedAt: Date | null; authorId: number }
export interface Comment${n} { id: Generated<number>; text: string; postId: number; authorId: number }
export interface Tag${n} { id: Generated<number>; label: string; postId: number }
`,
  );
  const tables = groups.map(
    (n) =>
      `users${n}: User${n}; profiles${n}: Profile${n}; posts${n}: Post${n}; comments${n}: Comment${n}; tags${n}: Tag${n};`,
  );
  const head = 'import type { Generated, Kysely } from "kysely";\n';
  const database = `export interface Database { ${tables.join(" ")} }\nexport declare const db: Kysely<Database>;\n`;
  writeFileSync(join(folder, "db.ts"), head + text.join("") + database);
  return { bytes: null, cold: null, warm: null };
}

function absent(name: string): string | null {
  return existsSync(join(MODULES, name)) ? null : `${name} is not installed (npm install --prefix bench/editor)`;
}

export const PEERS: readonly Peer[] = [
  {
    ...TENON,
    name: "tenon, args",
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
    ...TENON,
    name: "tenon, builder",
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
    name: "prisma 7",
    missing: absent("prisma") ?? absent("@prisma/client"),
    build: buildPrisma,
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
    name: "drizzle 0.45",
    missing: absent("drizzle-orm"),
    build: buildDrizzle,
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
    name: "kysely 0.29",
    missing: absent("kysely"),
    build: buildKysely,
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
