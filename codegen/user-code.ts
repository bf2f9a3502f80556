/**
 * Runs the user's own modules (config and models) through jiti: TypeScript, legacy decorators, tsconfig paths. `tenon`
 * itself is handed in, so that models declare into the very copy that generates. Whatever a module throws becomes a
 * ConfigError that says in which file and line.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";
import { ConfigError, TenonError } from "../src/base/errors.js";
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
    sourceMaps: true,
    transformOptions: { babel: { plugins: [allowDefiniteFields] } },
    tsconfigPaths: existsSync(own) ? own : false,
    virtualModules: { tenon: { ...tenon }, "tenon/config": { ...config } },
  });
  const files = new Set<string>();
  return {
    async load(file) {
      files.add(file);
      // Stacks then name places in the user's source rather than in what it was compiled to.
      process.setSourceMapsEnabled(true);
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
  const at = placeOf(error, root) ?? { file, line: 0, column: 0 };
  const shown = relative(root, at.file) || at.file;
  const where = at.line === 0 ? shown : `${shown}:${at.line}:${at.column}`;
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]?.trim() ?? "";
  const frame = at.line === 0 ? "" : codeFrame(at.file, at.line, at.column);
  return new ConfigError("CONFIG.LOAD_FAILED", `${where}: ${withoutPlace(reason)}${frame}`, {
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
  readonly column: number;
}

/** Where in the user's files an error arose: the parser's own report, else the first frame of the stack below `root`. */
function placeOf(error: unknown, root: string): Place | null {
  if (typeof error !== "object" || error === null) return null;
  const stack = `${String((error as { message?: unknown }).message)}\n${String((error as { stack?: unknown }).stack)}`;
  for (const line of stack.split("\n")) {
    const match = /((?:file:\/\/)?(?:[A-Za-z]:)?[/\\][^():*?"<>|]+):(\d+):(\d+)/.exec(line);
    if (match === null) continue;
    const [, path = "", row = "0", column = "0"] = match;
    const file = path.startsWith("file:") ? fileURLToPath(path) : path;
    if (!file.startsWith(root) || file.includes(`${sep}node_modules${sep}`)) continue;
    return { file, line: Number(row), column: Number(column) };
  }
  const parsed = /^\s*(?:SyntaxError:\s*)?(\S+\.[cm]?[jt]sx?): .*\((\d+):(\d+)\)/m.exec(stack);
  if (parsed === null) return null;
  return { file: parsed[1] ?? "", line: Number(parsed[2]), column: Number(parsed[3]) + 1 };
}

/** The parser repeats file and place inside its message. */
function withoutPlace(message: string): string {
  return message
    .replace(/^(?:\w*Error:\s*)?\S+\.[cm]?[jt]sx?:\s*/, "")
    .replace(/\s*\(\d+:\d+\)$/, "")
    .replace(/^Cannot find module '([^']+)'.*$/, 'cannot find module "$1"');
}

/** The line concerned, with a mark under the column. */
export function codeFrame(file: string, line: number, column: number): string {
  let source: string | undefined;
  try {
    source = readFileSync(file, "utf8").split(/\r?\n/)[line - 1];
  } catch {
    return "";
  }
  if (source === undefined) return "";
  const gutter = `  ${line} | `;
  const bar = `${" ".repeat(gutter.length - 2)}| `;
  return `\n${gutter}${source.slice(0, 160)}\n${bar}${" ".repeat(Math.max(0, Math.min(column, 160) - 1))}^`;
}
