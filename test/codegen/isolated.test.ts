/**
 * `isolatedDeclarations`: models, the module that opens the client and an application file compile under it with the
 * annotations that docs/editor.md names, and the declarations that come out are whole. What lacks one is refused at its name.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPILERS, emitPackage, makeFolder, makeProject, ROOT, removeFolder } from "../editor/project.js";

const MODELS = `import { belongsTo, defineModel, Field, Id, Model, type ModelHandle, Relation } from "tenon";
import { z } from "zod";

export const User: ModelHandle = defineModel("User", z.object({ id: z.int(), email: z.email() }), {
  indexes: [{ on: "email", unique: true }],
});
export const Named: ModelHandle<"Named"> = defineModel("Named", z.object({ id: z.int() }));

@Model()
export class Note {
  @Id() id!: number;
  @Field(z.string().nullable()) text!: string | null;
  @Field(z.int()) userId!: number;
  @Relation(belongsTo("User", { from: "userId" })) user?: unknown;
}
`;

const OPEN = `import { type Client, createClient } from "#tenon";
import { embedded, memory } from "tenon/embedded";
import * as models from "./annotated.js";

export const client: Promise<Client> = createClient({ models, engine: embedded({ storage: memory() }) });
`;

const APPLICATION = `import type { Row } from "tenon/types";
import type { Client, Transaction, User, UserQuery, UserTypes, UserWhere } from "#tenon";

export type Author = Row<UserTypes, "posts.comments", "id" | "email">;

export async function authors(db: Client, where: UserWhere = {}): Promise<Author[]> {
  return await db.users.findMany({ where, select: ["id", "email"], populate: ["posts.comments"] });
}
export function adults(query: UserQuery): UserQuery {
  return query.where({ age: { $gte: 18 } });
}
export async function rename(tx: Transaction, id: number, name: string): Promise<User> {
  return await tx.users.update({ where: { id }, data: { name } });
}
export class Users {
  readonly #db: Client;
  constructor(db: Client) {
    this.#db = db;
  }
  count(): Promise<number> {
    return this.#db.users.count();
  }
}
`;

const CONSUMER = `import { type Author, adults, authors, rename, Users } from "./out/application.js";
import { client } from "./out/open.js";
import { Note, User } from "./out/annotated.js";

const db = await client;
const [author]: Author[] = await authors(db, { active: true });
export const comments: number | undefined = author?.posts[0]?.comments.length;
export const found: Promise<number> = adults(db.users.query()).count();
export const name: string | null = (await db.transaction((tx) => rename(tx, 1, "A"))).name;
export const count: Promise<number> = new Users(db).count();
export const text: string | null = new Note().text;
export const model: string = User.name;
`;

let root = "";
let folder = "";
beforeAll(async () => {
  root = makeFolder();
  emitPackage(join(root, "tenon"));
  folder = join(root, "p");
  await makeProject(folder, 5, join(root, "tenon"));
}, 120_000);
afterAll(() => removeFolder(root));

const ISOLATED = { isolatedDeclarations: true, declaration: true, emitDeclarationOnly: true, noEmit: false };
const LEGACY = { experimentalDecorators: true };

function compile(compiler: string, files: Readonly<Record<string, string>>, more: object): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const compilerOptions = { outDir: "out", rootDir: ".", ...more };
  const names = Object.keys(files);
  writeFileSync(
    join(folder, "tsconfig.isolated.json"),
    JSON.stringify({ extends: "./tsconfig.json", compilerOptions, include: [], files: names }),
  );
  const args = [join(ROOT, "node_modules", compiler, "bin/tsc"), "-p", "tsconfig.isolated.json", "--pretty", "false"];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).stdout;
}

describe.each(COMPILERS)("TypeScript $version", ({ version, folder: compiler }) => {
  it("declares models, client and application, for others to use", () => {
    const files = { "annotated.ts": MODELS, "open.ts": OPEN, "application.ts": APPLICATION };
    expect(compile(compiler, files, ISOLATED)).toBe("");
    if (version === "7.0") expect(compile(compiler, files, { ...ISOLATED, ...LEGACY })).toBe("");
    const declared = readFileSync(join(folder, "out/application.d.ts"), "utf8");
    expect(declared).toContain("export declare function authors(db: Client, where?: UserWhere): Promise<Author[]>;");
    expect(existsSync(join(folder, "out/annotated.d.ts"))).toBe(true);
    expect(compile(compiler, { "consumer.ts": CONSUMER }, { noEmit: true })).toBe("");
  });

  it("refuses what others would have to infer, at its name", () => {
    const bare = {
      "annotated.ts": MODELS,
      "bare.ts": `${MODELS.replace("User: ModelHandle =", "User =")}`,
      "open.ts": OPEN.replace(": Promise<Client>", ""),
      "application.ts": APPLICATION.replace(": Promise<User> {", " {"),
    };
    const places = [...compile(compiler, bare, ISOLATED).matchAll(/^(\S+)\((\d+),(\d+)\): error (TS90\d\d)/gm)];
    expect(places.map(([, file, line, column]) => `${file}:${line}:${column}`).sort()).toEqual([
      "application.ts:12:23",
      "bare.ts:4:14",
      "open.ts:5:14",
    ]);
  });
});
