/**
 * `tenon init`: writes what a project needs to begin, and nothing that exists already: the config, a pair of example
 * models, `imports["#tenon"]` and scripts in package.json. No network, no questions that a flag cannot answer.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "../../src/base/errors.js";
import { isPlainObject } from "../../src/base/plain.js";
import type { CliContext, CommonOptions } from "./context.js";
import { EXIT, type Output } from "./output.js";

const CONFIG = `import { defineConfig } from "tenon/config";

export default defineConfig({
  models: "./src/models/index.ts",
});
`;

const MODELS = `import { belongsTo, defineModel, hasMany } from "tenon";
import { z } from "zod";

export const User = defineModel(
  "User",
  z.object({
    id: z.int(),
    email: z.email(),
    name: z.string().nullable(),
  }),
  {
    indexes: [{ on: "email", unique: true }],
    relations: { posts: hasMany("Post", { to: "authorId" }) },
    timestamps: true,
  },
);

export const Post = defineModel(
  "Post",
  z.object({
    id: z.int(),
    title: z.string().min(1),
    status: z.enum(["draft", "live"]).default("draft"),
    authorId: z.int(),
  }),
  {
    relations: { author: belongsTo("User", { from: "authorId", onDelete: "cascade" }) },
  },
);
`;

const DB = `import { createClient } from "#tenon";
import { embedded, file } from "tenon/embedded";
import * as models from "./models/index.js";

export const db = await createClient({
  models,
  engine: embedded({ storage: file("data/db.json") }),
});
`;

const IMPORT = { types: "./.tenon/client.d.ts", default: "./.tenon/client.js" };
const SCRIPTS = { "tenon:generate": "tenon generate", "tenon:check": "tenon generate --check" };

export interface InitOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function runInit(context: CliContext, output: Output, _options: InitOptions): number {
  const { cwd } = context;
  const created: string[] = [];
  const kept: string[] = [];
  // The config decides where models live; an existing one means that the user has chosen.
  const configured = ["ts", "mts", "js", "mjs", "json"].some((extension) =>
    existsSync(join(cwd, `tenon.config.${extension}`)),
  );
  const files: readonly (readonly [string, string])[] = configured
    ? []
    : [
        ["tenon.config.ts", CONFIG],
        ["src/models/index.ts", MODELS],
        ["src/db.ts", DB],
      ];
  const manifest = updateManifest(join(cwd, "package.json"));
  for (const [path, text] of files) {
    const target = join(cwd, path);
    if (existsSync(target)) {
      kept.push(path);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    created.push(path);
  }
  if (configured) kept.push("tenon.config");
  (manifest ? created : kept).push("package.json");
  output.result({ created, kept });
  for (const path of created) output.data(path);
  for (const path of kept) output.note(`  kept ${path}`);
  output.success(created.length === 0 ? "everything is in place" : `${created.length} files written`);
  output.note("\nNext steps:");
  output.note("  1. describe your data in src/models/index.ts");
  output.note("  2. npx tenon generate");
  output.note('  3. import { db } from "./db.js", then: await db.users.findMany()');
  return EXIT.ok;
}

/** Adds what is missing, keeps the file's indentation and line ends. Answers whether anything changed. */
function updateManifest(path: string): boolean {
  const before = existsSync(path) ? readFileSync(path, "utf8") : null;
  const manifest = before === null ? { private: true } : parseManifest(before, path);
  const type = manifest.type === undefined ? { type: "module" } : {};
  const imports = isPlainObject(manifest.imports) ? manifest.imports : {};
  const scripts = isPlainObject(manifest.scripts) ? manifest.scripts : {};
  const after = {
    ...manifest,
    ...type,
    scripts: { ...SCRIPTS, ...scripts },
    imports: { "#tenon": IMPORT, ...imports },
  };
  if (sameKeys(manifest, after, "scripts") && sameKeys(manifest, after, "imports") && manifest.type !== undefined)
    return false;
  const indent = /^\{\r?\n([ \t]+)"/.exec(before ?? "")?.[1] ?? "  ";
  const text = `${JSON.stringify(after, null, indent)}\n`;
  writeFileSync(path, before?.includes("\r\n") ? text.replaceAll("\n", "\r\n") : text);
  return true;
}

function parseManifest(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (isPlainObject(value)) return value;
  } catch (error) {
    throw new ConfigError("CONFIG.LOAD_FAILED", `${path}: ${(error as Error).message}`, { cause: error });
  }
  throw new ConfigError("CONFIG.INVALID", `${path} does not hold an object`);
}

function sameKeys(before: Record<string, unknown>, after: Record<string, unknown>, key: string): boolean {
  const count = (value: unknown): number => (isPlainObject(value) ? Object.keys(value).length : 0);
  return count(before[key]) === count(after[key]);
}
