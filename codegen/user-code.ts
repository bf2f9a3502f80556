/**
 * Runs the user's own modules (config and models) through jiti: TypeScript, legacy decorators, tsconfig paths. `tenon`
 * itself is handed in, so that models declare into the very copy that generates. Whatever a module throws becomes a
 * ConfigError that says in which file and line.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { ConfigError, SchemaError, TenonError } from "../src/base/errors.js";
import * as config from "../src/config.js";
import * as tenon from "../src/index.js";

export interface UserCode {
  /** The module's exports. */
  load(file: string): Promise<Readonly<Record<string, unknown>>>;
  /** Files of the user that were run so far. */
  files(): readonly string[];
}

export function createUserCode(root: string, tsconfig: string | null): UserCode {
  const own = tsconfig ?? join(root, "tsconfig.json");
  const jiti = createJiti(join(root, "tenon.config.ts"), {
    interopDefault: false,
    moduleCache: false,
    transformOptions: { babel: { plugins: [allowDefiniteFields] } },
    tsconfigPaths: existsSync(own) ? own : false,
    virtualModules: { tenon: { ...tenon }, "tenon/config": { ...config } },
  });
  const files = new Set<string>();
  return {
    async load(file) {
      files.add(file);
      try {
        return await jiti.import<Readonly<Record<string, unknown>>>(file);
      } catch (error) {
        throw loadFailed(error, file, root);
      } finally {
        for (const path of Object.keys(jiti.cache))
          if (path.startsWith(root) && !path.includes(`${sep}node_modules${sep}`)) files.add(path);
      }
    },
    files: () => [...files].sort(),
  };
}

function loadFailed(error: unknown, file: string, root: string): TenonError {
  if (error instanceof TenonError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]?.trim() ?? "";
  const at = importOf(reason, placeOf(error, root) ?? { file, line: 0, column: 0 });
  const shown = relative(root, at.file) || at.file;
  const where = [shown, ...(at.line === 0 ? [] : [at.line]), ...(at.column === 0 ? [] : [at.column])].join(":");
  const frame = at.line === 0 ? "" : codeFrame(at.file, at.line, at.column);
  return new ConfigError("CONFIG.LOAD_FAILED", `${where}: ${readable(reason)}${frame}`, {
    cause: error,
    meta: { file: at.file, line: at.line, column: at.column },
  });
}

/**
 * Babel refuses a decorated `id!: number`, because legacy decorators give the field an initializer. The mark means
 * nothing at run time, so it is taken away before anybody sees it.
 */
function allowDefiniteFields() {
  return {
    visitor: {
      Program(program: { traverse(visitor: object): void }) {
        program.traverse({
          ClassProperty(property: { node: { definite?: boolean | null } }) {
            property.node.definite = null;
          },
        });
      },
    },
  };
}

interface Place {
  readonly file: string;
  readonly line: number;
  /** 0: not known. The loader keeps lines but not columns, so only the parser's own reports have one. */
  readonly column: number;
}

const AT_PATH = /((?:file:\/\/)?(?:[A-Za-z]:)?[/\\][^():*?"<>|]+):(\d+):(\d+)/;

/** Where in the user's files an error arose: the parser's own report, else the first frame of the stack below `root`. */
function placeOf(error: unknown, root: string): Place | null {
  if (typeof error !== "object" || error === null) return null;
  const { message, stack } = error as { message?: unknown; stack?: unknown };
  const reported = AT_PATH.exec(String(message));
  const inMessage = reported === null ? null : placeIn(reported, root);
  // The parser counts columns from 0.
  if (inMessage !== null) return { ...inMessage, column: inMessage.column + 1 };
  for (const line of String(stack).replace(String(message), "").split("\n")) {
    const match = AT_PATH.exec(line);
    const place = match === null ? null : placeIn(match, root);
    if (place !== null) return { ...place, column: 0 };
  }
  return null;
}

function placeIn([, path = "", line = "0", column = "0"]: RegExpExecArray, root: string): Place | null {
  const file = path.startsWith("file:") ? fileURLToPath(path) : path;
  if (!file.startsWith(root) || file.includes(`${sep}node_modules${sep}`)) return null;
  return { file, line: Number(line), column: Number(column) };
}

/** A module that cannot be found: the place of its name in the source. */
function importOf(reason: string, place: Place): Place {
  const name = /^Cannot find module '([^']+)'/.exec(reason)?.[1];
  if (name === undefined) return place;
  const lines = sourceLines(place.file);
  const index = lines.findIndex((line) => line.includes(`"${name}"`) || line.includes(`'${name}'`));
  return index < 0 ? place : { ...place, line: index + 1, column: (lines[index] ?? "").indexOf(name) };
}

/** What the loader and the compiler put around a message. */
function readable(message: string): string {
  return message
    .replace(/^(?:(?:\w*Error|TRANSFORM_ERROR):\s*)+/, "")
    .replace(/^\S+\.[cm]?[jt]sx?:\s*/, "")
    .replace(/^(?:(?:\w*Error|TRANSFORM_ERROR):\s*)+/, "")
    .replace(/\(0 , \w+\.(\w+)\)/g, "$1")
    .replace(/^Cannot find module '([^']+)'.*$/, 'cannot find module "$1"');
}

/** The line concerned, with a mark under the column when that is known. */
function codeFrame(file: string, line: number, column: number): string {
  const source = sourceLines(file)[line - 1];
  if (source === undefined) return "";
  const gutter = `  ${line} | `;
  const frame = `\n${gutter}${source.slice(0, 160)}`;
  if (column === 0 || column > 160) return frame;
  return `${frame}\n${" ".repeat(gutter.length - 2)}| ${" ".repeat(column - 1)}^`;
}

function sourceLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
}

/** Mistakes in models with paths relative to the project, at the first word of their line. */
export function relativeIssues(error: SchemaError, root: string): SchemaError {
  return new SchemaError(
    error.issues.map((issue) => {
      if (issue.at === null) return issue;
      const line = sourceLines(issue.at.file)[issue.at.line - 1] ?? "";
      return {
        ...issue,
        at: { file: relative(root, issue.at.file), line: issue.at.line, column: line.search(/\S/) + 1 || 1 },
      };
    }),
    { cause: error },
  );
}
