/**
 * A project as a user has it, for editors to open: model modules, the generated client, `#tenon` in package.json, and
 * `tenon` as declarations in node_modules. Models come in groups of five (user, profile, post, comment, tag), the shape
 * of the type budget; each group is one file.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { applyChanges, planChanges } from "../../codegen/emit.js";
import { generate } from "../../codegen/generate.js";
import { loadProject } from "../../codegen/load.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const COMPILERS = [
  { version: "5.9", folder: "typescript-5.9" },
  { version: "6.0", folder: "typescript" },
  { version: "7.0", folder: "typescript-7" },
] as const;

/** The file that tests edit. */
export const CASE = "case.ts";

/** The text of one group's models. */
export function groupText(n: string): string {
  return `import { belongsTo, defineModel, hasMany, hasOne } from "tenon";
import { z } from "zod";

/** A person with an account. */
export const User${n} = defineModel(
  "User${n}",
  z.object({
    id: z.int(),
    /** Where mail goes. */
    email: z.email(),
    name: z.string().nullable(),
    age: z.int(),
    role: z.enum(["admin", "member"]).default("member"),
    active: z.boolean(),
    score: z.number().nullable(),
    createdAt: z.date(),
  }),
  {
    indexes: [{ on: "email", unique: true }],
    relations: {
      posts: hasMany("Post${n}", { to: "authorId" }),
      profile: hasOne("Profile${n}", { to: "userId" }),
      comments: hasMany("Comment${n}", { to: "authorId" }),
    },
    timestamps: { createdAt: "createdAt", updatedAt: false },
  },
);

export const Profile${n} = defineModel(
  "Profile${n}",
  z.object({ id: z.int(), bio: z.string(), website: z.string().nullable(), userId: z.int() }),
  { indexes: [{ on: "userId", unique: true }], relations: { user: belongsTo("User${n}", { from: "userId" }) } },
);

export const Post${n} = defineModel(
  "Post${n}",
  z.object({
    id: z.int(),
    title: z.string(),
    body: z.string().nullable(),
    status: z.enum(["draft", "live", "gone"]),
    views: z.int().default(0),
    rating: z.number().nullable(),
    publishedAt: z.date().nullable(),
    authorId: z.int(),
  }),
  {
    relations: {
      author: belongsTo("User${n}", { from: "authorId" }),
      comments: hasMany("Comment${n}", { to: "postId" }),
      tags: hasMany("Tag${n}", { to: "postId" }),
    },
  },
);

export const Comment${n} = defineModel(
  "Comment${n}",
  z.object({ id: z.int(), text: z.string(), postId: z.int(), authorId: z.int() }),
  {
    relations: {
      post: belongsTo("Post${n}", { from: "postId" }),
      author: belongsTo("User${n}", { from: "authorId" }),
    },
  },
);

export const Tag${n} = defineModel("Tag${n}", z.object({ id: z.int(), label: z.string(), postId: z.int() }), {
  relations: { post: belongsTo("Post${n}", { from: "postId" }) },
});
`;
}

/** Declarations of the whole package, as they are published; made once a run. */
export function emitPackage(folder: string): void {
  const out = join(folder, "dist");
  const tsc = join(ROOT, "node_modules/typescript-7/bin/tsc");
  const args = ["-p", join(ROOT, "tsconfig.build.json"), "--emitDeclarationOnly", "--outDir", out];
  const { stdout } = spawnSync(process.execPath, [tsc, ...args], { cwd: ROOT, encoding: "utf8" });
  const entry = (name: string) => ({ types: `./dist/src/${name}.d.ts` });
  const exports = { ".": entry("index"), "./types": entry("types"), "./embedded": entry("embedded") };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "tenon", type: "module", exports }));
  writeFileSync(join(folder, "emit.log"), stdout);
}

export function makeFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "tenon-editor-")));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Writes the project of `models` models into `folder`. */
export async function makeProject(folder: string, models: number, packageFolder: string): Promise<void> {
  mkdirSync(join(folder, "models"), { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(packageFolder, join(folder, "node_modules/tenon"));
  symlinkSync(join(ROOT, "node_modules/zod"), join(folder, "node_modules/zod"));
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  const groups = Array.from({ length: Math.ceil(models / 5) }, (_, index) => (index === 0 ? "" : String(index)));
  for (const n of groups) write(`models/group${n}.ts`, groupText(n));
  write("models/index.ts", groups.map((n) => `export * from "./group${n}.js";\n`).join(""));
  write("tenon.config.json", JSON.stringify({ models: "models/index.ts" }));
  const imports = { "#tenon": { types: "./.tenon/client.d.ts", default: "./.tenon/client.js" } };
  write("package.json", JSON.stringify({ type: "module", imports }));
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2022", "ESNext.Disposable"],
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
  write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  write("db.ts", 'import type { Client } from "#tenon";\nexport declare const db: Client;\n');
  // An editor counts a file into the project when it is on the disk.
  write(CASE, "");
  const project = await loadProject({ cwd: folder });
  const { files } = await generate(project);
  applyChanges(project.out, planChanges(project.out, files));
}
