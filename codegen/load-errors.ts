/**
 * What a module of the user throws, said as a ConfigError with file, line and column; mistakes in models with the place of
 * the very member that is wrong.
 */
import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, SchemaError, TenonError } from "../src/base/errors.js";
import type { Place as DeclaredPlace } from "./source-plugin.js";

/** Where a place in what was compiled from a file is in that file; 0 when that is not known. Both count from 1. */
export type ColumnIn = (file: string, line: number, column: number) => number;

export function loadFailed(error: unknown, file: string, root: string, columnIn: ColumnIn): TenonError {
  const place = placeOf(error, root, columnIn);
  // A mistake that a call of ours refuses (`defineModel("User", {})`) is said where the call stands.
  if (error instanceof ConfigError && place !== null)
    return new ConfigError(error.code as "CONFIG.INVALID", said(place, messageAlone(error), root), {
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      cause: error,
      meta: { ...error.meta, ...place },
    });
  if (error instanceof TenonError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]?.trim() ?? "";
  const at = importOf(reason, place ?? { file, line: 0, column: 0 });
  return new ConfigError("CONFIG.LOAD_FAILED", said(at, readable(reason, at), root), { cause: error, meta: { ...at } });
}

function messageAlone({ message, fix }: TenonError): string {
  return fix !== undefined && message.endsWith(`\n  fix: ${fix}`)
    ? message.slice(0, -`\n  fix: ${fix}`.length)
    : message;
}

/** The message behind its place, and the line of source below it. */
function said({ file, line, column }: Place, message: string, root: string): string {
  const shown = relative(root, file) || file;
  const where = [shown, ...(line === 0 ? [] : [line]), ...(column === 0 ? [] : [column])].join(":");
  return `${where}: ${message}${line === 0 ? "" : codeFrame(file, line, column)}`;
}

interface Place {
  readonly file: string;
  readonly line: number;
  /** 0: not known. */
  readonly column: number;
}

const AT_PATH = /((?:file:\/\/)?(?:[A-Za-z]:)?[/\\][^():*?"<>|]+):(\d+):(\d+)/;

/** Where in the user's files an error arose: the parser's own report, else the first frame of the stack below `root`. */
function placeOf(error: unknown, root: string, columnIn: ColumnIn): Place | null {
  if (typeof error !== "object" || error === null) return null;
  const { message, stack } = error as { message?: unknown; stack?: unknown };
  const reported = AT_PATH.exec(String(message));
  const inMessage = reported === null ? null : placeIn(reported, root);
  // The parser counts columns from 0.
  if (inMessage !== null) return { ...inMessage, column: inMessage.column + 1 };
  for (const line of String(stack).replace(String(message), "").split("\n")) {
    const match = AT_PATH.exec(line);
    const place = match === null ? null : placeIn(match, root);
    // What was compiled has the lines of the source, but not its columns.
    if (place !== null) return { ...place, column: columnIn(place.file, place.line, place.column) };
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
function readable(message: string, { file, line }: Place): string {
  const source = sourceLines(file)[line - 1] ?? "";
  return message
    .replace(/^(?:(?:\w*Error|TRANSFORM_ERROR):\s*)+/, "")
    .replace(/^\S+\.[cm]?[jt]sx?:\s*/, "")
    .replace(/^(?:(?:\w*Error|TRANSFORM_ERROR):\s*)+/, "")
    .replace(/\(0 , \w+\.(\w+)\)/g, "$1")
    .replace(/\b_\w+\.(?=\w)/g, (name) => (source.includes(name) ? name : ""))
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

/** Mistakes in models with paths relative to the project: at the member concerned, else at the first word of their line. */
export function relativeIssues(
  error: SchemaError,
  root: string,
  declared: ReadonlyMap<string, DeclaredPlace>,
): SchemaError {
  return new SchemaError(
    error.issues.map((issue) => {
      const place = declared.get(`${issue.model}.${issue.member}`);
      if (place !== undefined)
        return { ...issue, at: { file: relative(root, place.file), line: place.line + 1, column: place.column + 1 } };
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
