/**
 * Templates of the user: a folder of modules, each of which adds files to the output or replaces those of the same path.
 * Every file carries the header by which its owner is known, as a comment of its language, so that a file that nothing
 * generates any more can be removed.
 */
import { posix, relative, resolve } from "node:path";
import { ConfigError, TenonError } from "../src/base/errors.js";
import { isPlainObject } from "../src/base/plain.js";
import { suggestion } from "../src/base/suggest.js";
import type { Template, TemplateContext, TemplateFile } from "../src/config.js";
import type { Schema } from "../src/schema/model.js";
import type { GeneratedFile } from "../templates/index.js";
import { HEADER } from "../templates/text.js";
import { expandPattern } from "./glob.js";
import type { Project } from "./load.js";
import type { UserCode } from "./user-code.js";

const NOTICE = HEADER.replace(/^\/\/ /, "");
const PARTS = ["perModel", "perSchema"];

/** How a line of comment is written, by extension. */
const COMMENTS: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/\.(?:[cm]?[jt]sx?|css|scss|prisma|proto|kt|java|go|rs|swift)$/, (text) => `// ${text}`],
  [/\.(?:graphql|gql|ya?ml|toml|py|rb|sh|env|ini)$/, (text) => `# ${text}`],
  [/\.sql$/, (text) => `-- ${text}`],
  [/\.(?:md|html|svg|xml|vue)$/, (text) => `<!-- ${text} -->`],
];

/** The built-in files with the user's in their place or beside them. */
export async function applyTemplates(
  project: Project,
  code: UserCode,
  schema: Schema,
  files: readonly GeneratedFile[],
): Promise<readonly GeneratedFile[]> {
  const { root, config } = project;
  if (config.templates === null) return files;
  const folder = relative(root, resolve(root, config.templates)) || ".";
  const modules = expandPattern(`${folder.split("\\").join("/")}/*.{ts,mts,js,mjs}`, root);
  if (modules.length === 0)
    throw new ConfigError("CONFIG.NOT_FOUND", `"templates": no module in ${config.templates}`, {
      meta: { path: config.templates },
    });
  const context: TemplateContext = { schema, files, header: NOTICE };
  const made = new Map(files.map((file) => [file.path, file]));
  const makers = new Map<string, string>();
  for (const file of modules) {
    const shown = relative(root, file);
    const exports = await code.load(file);
    const template = checkTemplate(exports.default, shown);
    for (const each of render(template, context, shown)) {
      const path = checkPath(each, shown);
      const other = makers.get(path);
      if (other !== undefined)
        throw mistake(shown, `"${path}" is what ${other} makes`, "give one of them another path");
      makers.set(path, shown);
      made.set(path, { path, text: withHeader(path, each.text, shown) });
    }
  }
  return [...made.values()];
}

function checkTemplate(value: unknown, file: string): Template {
  if (!isPlainObject(value) || PARTS.every((part) => value[part] === undefined))
    throw mistake(file, "exports no template", "export default defineTemplate({ perModel(model, context) { … } })");
  for (const [key, part] of Object.entries(value)) {
    if (!PARTS.includes(key)) throw mistake(file, `a template has no "${key}"`, suggestion(key, PARTS));
    if (part !== undefined && typeof part !== "function") throw mistake(file, `"${key}" must be a function`);
  }
  return value as Template;
}

function render(template: Template, context: TemplateContext, file: string): readonly TemplateFile[] {
  try {
    const models = [...context.schema.models.values()];
    const perModel = models.flatMap((model) => listOf(template.perModel?.(model, context)));
    return [...perModel, ...listOf(template.perSchema?.(context.schema, context))];
  } catch (error) {
    if (error instanceof TenonError) throw error;
    throw new ConfigError("CONFIG.LOAD_FAILED", `${file}: ${(error as Error).message}`, {
      cause: error,
      meta: { file },
    });
  }
}

function listOf(made: TemplateFile | readonly TemplateFile[] | null | undefined): readonly TemplateFile[] {
  if (made === null || made === undefined) return [];
  return Array.isArray(made) ? (made as readonly TemplateFile[]) : [made as TemplateFile];
}

/** Relative, inside the output folder, in one spelling. */
function checkPath(made: TemplateFile, file: string): string {
  if (!isPlainObject(made) || typeof made.path !== "string" || typeof made.text !== "string")
    throw mistake(file, "a template must return { path, text }, a list of them, or null");
  const path = posix.normalize(made.path.replaceAll("\\", "/"));
  if (path === "." || path.startsWith("..") || posix.isAbsolute(path) || /^[A-Za-z]:/.test(path) || path.endsWith("/"))
    throw mistake(file, `"${made.path}" is no path inside the output folder`);
  return path;
}

function withHeader(path: string, text: string, file: string): string {
  const normal = text.replaceAll("\r\n", "\n");
  const first = normal.slice(0, normal.indexOf("\n") + 1 || undefined);
  if (first.includes(NOTICE)) return normal;
  const comment = COMMENTS.find(([pattern]) => pattern.test(path))?.[1];
  if (comment === undefined)
    throw mistake(file, `how comments are written in ${path} is not known`, "begin the text with context.header");
  return `${comment(NOTICE)}\n${normal}`;
}

function mistake(file: string, message: string, fix?: string): ConfigError {
  return new ConfigError("CONFIG.INVALID", `${file}: ${message}`, {
    ...(fix === undefined ? {} : { fix }),
    meta: { file },
  });
}
