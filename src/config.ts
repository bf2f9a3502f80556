/** `tenon/config`: the type and the check of `tenon.config.ts`. */
import { ConfigError } from "./base/errors.js";
import { isPlainObject } from "./base/plain.js";
import { suggestion } from "./base/suggest.js";
import type { ModelMeta, Schema } from "./schema/model.js";

/** What `tenon.config.ts` says. Paths are relative to that file. */
export interface TenonConfig {
  /** Modules that export models: paths, or patterns such as `src/models/**\/*.ts`. */
  models: string | readonly string[];
  /** Folder of the generated client. Default: `.tenon`. */
  out?: string;
  /** The tsconfig whose `paths` the models use. Default: `tsconfig.json` beside the config, when there is one. */
  tsconfig?: string;
  /** Folder of template modules that add files to the output or replace generated ones; see `defineTemplate`. */
  templates?: string;
  /** Carry doc comments of the models over to the generated types. Default: true. */
  comments?: boolean;
  /** Write declaration maps, by which an editor goes from a generated member to the model. Default: true. */
  maps?: boolean;
  /** Generate row types with readonly members (rows are frozen either way). Default: false. */
  readonly?: boolean;
}

/** A checked config, with every default filled in. */
export interface ResolvedConfig {
  readonly models: readonly string[];
  readonly out: string;
  readonly tsconfig: string | null;
  readonly templates: string | null;
  readonly comments: boolean;
  readonly maps: boolean;
  readonly readonly: boolean;
}

/** Types the config; it is checked when it is read. */
export function defineConfig(config: TenonConfig): TenonConfig {
  return config;
}

/** A file that a template makes: a path inside the output folder, and its text. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

export interface TemplateContext {
  readonly schema: Schema;
  /** What Tenon's own templates made; a file of the same path replaces it. */
  readonly files: readonly TemplateFile[];
  /** The notice of the first line. It is put there as a comment, unless the text has it already. */
  readonly header: string;
}

type Made = TemplateFile | readonly TemplateFile[] | null;

/** A module of the `templates` folder: what it makes of each model, or of the whole schema. */
export interface Template {
  readonly perModel?: (model: ModelMeta, context: TemplateContext) => Made;
  readonly perSchema?: (schema: Schema, context: TemplateContext) => Made;
}

/** Types a template; it is checked when it is run. */
export function defineTemplate(template: Template): Template {
  return template;
}

type Check = (value: unknown) => string | null;

const text: Check = (value) => (typeof value === "string" && value.trim() !== "" ? null : "must be a non-empty string");
const flag: Check = (value) => (typeof value === "boolean" ? null : "must be true or false");

const CHECKS: { readonly [K in keyof Required<TenonConfig>]: Check } = {
  models: (value) => {
    const list = Array.isArray(value) ? value : [value];
    if (list.length === 0) return "must name at least one module";
    return list.every((item) => text(item) === null) ? null : "must be a path or a list of paths";
  },
  out: text,
  tsconfig: text,
  templates: text,
  comments: flag,
  maps: flag,
  readonly: flag,
};

/** Checks what a config file exports and fills in defaults. Throws ConfigError that names the bad key. */
export function resolveConfig(value: unknown, file: string): ResolvedConfig {
  if (!isPlainObject(value)) {
    throw new ConfigError("CONFIG.INVALID", `${file} does not export a config`, {
      fix: 'export default defineConfig({ models: "./src/models/index.ts" })',
      meta: { file },
    });
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(CHECKS, key)) continue;
    throw new ConfigError("CONFIG.INVALID", `${file}: unknown key "${key}"; ${suggestion(key, Object.keys(CHECKS))}`, {
      meta: { file, key },
    });
  }
  if (value.models === undefined) {
    throw new ConfigError("CONFIG.INVALID", `${file}: "models" is missing`, {
      fix: 'say where the models are: models: "./src/models/index.ts"',
      meta: { file, key: "models" },
    });
  }
  for (const [key, check] of Object.entries(CHECKS)) {
    const given = value[key];
    const problem = given === undefined ? null : check(given);
    if (problem !== null)
      throw new ConfigError("CONFIG.INVALID", `${file}: "${key}" ${problem}`, { meta: { file, key } });
  }
  const config = value as unknown as TenonConfig;
  return {
    models: typeof config.models === "string" ? [config.models] : config.models,
    out: config.out ?? ".tenon",
    tsconfig: config.tsconfig ?? null,
    templates: config.templates ?? null,
    comments: config.comments ?? true,
    maps: config.maps ?? true,
    readonly: config.readonly ?? false,
  };
}
