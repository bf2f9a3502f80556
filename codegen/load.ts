/** From `tenon.config.ts` to a resolved Schema: finds the config, runs the model modules, collects and resolves models. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { ConfigError, SchemaError } from "../src/base/errors.js";
import { type ResolvedConfig, resolveConfig } from "../src/config.js";
import { collectModels } from "../src/declare/collect.js";
import type { ResolvedModels } from "../src/schema/registry.js";
import { expandPattern, isPattern } from "./glob.js";
import { relativeIssues } from "./load-errors.js";
import type { Place } from "./source-plugin.js";
import { createUserCode, type UserCode } from "./user-code.js";

export const CONFIG_NAMES = [
  "tenon.config.ts",
  "tenon.config.mts",
  "tenon.config.js",
  "tenon.config.mjs",
  "tenon.config.json",
];

export interface LoadOptions {
  /** The folder that the command runs in. */
  readonly cwd: string;
  /** `--config`: path of the config file. */
  readonly config?: string | undefined;
  /** `--out`: overrides the config's folder. */
  readonly out?: string | undefined;
}

export interface Project {
  readonly root: string;
  readonly configFile: string;
  readonly config: ResolvedConfig;
  /** Absolute path of the output folder. */
  readonly out: string;
}

export interface Loaded extends Project {
  readonly models: ResolvedModels;
  /** The config and every module of the user that was run. */
  readonly files: readonly string[];
  /** Where models and members are declared. */
  readonly declared: ReadonlyMap<string, Place>;
}

export async function loadProject(options: LoadOptions): Promise<Project> {
  const configFile = findConfig(options);
  const root = dirname(configFile);
  const config = resolveConfig(await readConfig(configFile, root), relative(options.cwd, configFile) || configFile);
  const out = options.out === undefined ? resolve(root, config.out) : resolve(options.cwd, options.out);
  return { root, configFile, config, out };
}

/** What runs a project's models; kept for as long as its modules may stay loaded. */
export function openCode({ root, config }: Project): UserCode {
  return createUserCode(root, config.tsconfig === null ? null : resolve(root, config.tsconfig));
}

export async function loadModels(project: Project, code: UserCode): Promise<Loaded> {
  const { root, config } = project;
  const modules: Record<string, unknown> = {};
  for (const file of modelFiles(config.models, root)) modules[relative(root, file)] = { ...(await code.load(file)) };
  const declared = code.declared();
  const models = resolveModels(modules, root, declared);
  return { ...project, models, files: [project.configFile, ...code.files()], declared };
}

function resolveModels(
  modules: Readonly<Record<string, unknown>>,
  root: string,
  declared: ReadonlyMap<string, Place>,
): ResolvedModels {
  try {
    return collectModels(modules).resolve();
  } catch (error) {
    throw error instanceof SchemaError ? relativeIssues(error, root, declared) : error;
  }
}

function findConfig(options: LoadOptions): string {
  if (options.config !== undefined) {
    const file = resolve(options.cwd, options.config);
    if (existsSync(file)) return file;
    throw new ConfigError("CONFIG.NOT_FOUND", `${options.config} does not exist`, { meta: { file } });
  }
  for (let folder = options.cwd; ; folder = dirname(folder)) {
    const name = CONFIG_NAMES.find((candidate) => existsSync(join(folder, candidate)));
    if (name !== undefined) return join(folder, name);
    if (dirname(folder) === folder) break;
  }
  throw new ConfigError("CONFIG.NOT_FOUND", `no tenon.config.ts in ${options.cwd} or above`, { fix: "npx tenon init" });
}

async function readConfig(file: string, root: string): Promise<unknown> {
  if (file.endsWith(".json")) {
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
      throw new ConfigError("CONFIG.LOAD_FAILED", `${file}: ${(error as Error).message}`, { cause: error });
    }
  }
  const exports = await createUserCode(root, null).load(file);
  return exports.default ?? exports.config;
}

/** Every module that the config names, in its order, each once. */
function modelFiles(patterns: readonly string[], root: string): readonly string[] {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const found = isPattern(pattern) ? expandPattern(pattern, root) : [moduleFile(pattern, root)];
    if (found.length === 0)
      throw new ConfigError("CONFIG.NOT_FOUND", `"models": nothing matches ${pattern}`, { meta: { pattern, root } });
    for (const file of found) files.add(file);
  }
  return [...files];
}

const EXTENSIONS = ["", ".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.js"];

function moduleFile(path: string, root: string): string {
  const base = isAbsolute(path) ? path : resolve(root, path);
  const stem = base.replace(/\.js$/, "");
  for (const candidate of [...EXTENSIONS.map((extension) => `${base}${extension}`), `${stem}.ts`])
    if (existsSync(candidate) && /\.[cm]?[jt]s$/.test(candidate)) return candidate;
  throw new ConfigError("CONFIG.NOT_FOUND", `"models": ${path} does not exist`, {
    fix: `create it, or change "models" in the config`,
    meta: { path: base },
  });
}
