/**
 * The same project in the words of each peer: models in groups of five (user, profile, post, comment, tag), written into a
 * folder for `n` models; and how its code is generated, where it is.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { makeProject, ROOT } from "../../test/editor/project.js";
import { modulesOf } from "./install.js";

export interface Project {
  readonly name: string;
  /** `tenon`: the folder of our package. */
  readonly write: (folder: string, models: number, tenon: string) => Promise<void>;
  /** Null when nothing is generated. */
  readonly generator: Generator | null;
}

export interface Generator {
  /** Arguments of node, in the project's folder. */
  readonly command: readonly string[];
  readonly watch: readonly string[];
  /** What is generated, and what is kept between two runs. */
  readonly out: string;
  readonly caches: readonly string[];
  /** The nth change of one model, in this file, is seen when that text is in that other file. */
  readonly touch: (text: string, n: number) => string;
  readonly source: string;
  readonly output: string;
  readonly sign: (n: number) => string;
}

export const ENVIRONMENT = {
  ...process.env,
  // Prisma 7 asks the network for an engine that generation does not use; any file stills it.
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  CHECKPOINT_DISABLE: "1",
  PRISMA_HIDE_UPDATE_MESSAGE: "1",
  NO_COLOR: "1",
};

/** A folder to generate into anew. */
export function clean(folder: string, { out, caches }: Generator): void {
  for (const each of [out, ...caches]) rmSync(join(folder, each), { recursive: true, force: true });
}

const suffixes = (models: number): readonly string[] =>
  Array.from({ length: Math.ceil(models / 5) }, (_, index) => (index === 0 ? "" : String(index)));

/** A folder with the compiler's settings and, if it has any, the peer's packages. */
function scaffold(folder: string, peer: string | null): void {
  mkdirSync(folder, { recursive: true });
  if (peer !== null) symlinkSync(modulesOf(peer), join(folder, "node_modules"));
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

const CLI = join(ROOT, "dist/codegen/cli/main.js");

export const TENON: Project = {
  name: "tenon",
  async write(folder, models, tenon) {
    mkdirSync(folder, { recursive: true });
    await makeProject(folder, models, tenon);
  },
  generator: {
    command: [CLI, "generate"],
    watch: [CLI, "generate", "--watch"],
    out: ".tenon",
    caches: ["node_modules/.cache"],
    source: "models/group1.ts",
    output: ".tenon/profile1.d.ts",
    touch: (text, n) => text.replace("bio:", `bio${n}:`),
    sign: (n) => `  bio${n}: string`,
  },
};

const PRISMA = "node_modules/prisma/build/index.js";

export const PRISMA_PROJECT: Project = {
  name: "prisma",
  generator: {
    command: [PRISMA, "generate", "--schema", "schema.prisma"],
    watch: [PRISMA, "generate", "--watch", "--schema", "schema.prisma"],
    out: "generated",
    caches: [],
    source: "schema.prisma",
    output: "generated/models/Profile1.ts",
    touch: (text, n) => text.replace(/(model Profile1 \{[^}]*?) bio /, `$1 bio${n} `),
    sign: (n) => `bio${n}`,
  },
  async write(folder, models) {
    scaffold(folder, "prisma");
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
    writeFileSync(
      join(folder, "db.ts"),
      'import type { PrismaClient } from "./generated/client.js";\nexport declare const db: PrismaClient;\n',
    );
  },
};

export const DRIZZLE: Project = {
  name: "drizzle",
  generator: null,
  async write(folder, models) {
    scaffold(folder, "drizzle");
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
  },
};

export const KYSELY: Project = {
  name: "kysely",
  generator: null,
  async write(folder, models) {
    scaffold(folder, "kysely");
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
  },
};

/** One interface and a function that takes it, whatever the number of models: the least that an editor can be asked about. */
export const ALONE: Project = {
  name: "typescript",
  generator: null,
  async write(folder) {
    scaffold(folder, null);
    writeFileSync(
      join(folder, "db.ts"),
      `export interface Row { id: number; email: string; name: string | null; age: number; active: boolean }
export interface Where { id?: number; email?: string; name?: string | null; age?: number; active?: boolean }
export declare const db: { users: { findMany(args: { where: Where }): Promise<Row[]> } };
`,
    );
  },
};
