/**
 * Where in the user's code a declaration is written: the first stack frame outside of Tenon and of node. Works on the
 * stack's text, so it needs no hook and takes what source maps have made of it.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourceLocation } from "../schema/model.js";

/** `src/` (or `dist/src/`) of Tenon itself. */
const OWN = `${dirname(dirname(fileURLToPath(import.meta.url)))}/`.replaceAll("\\", "/");
const FRAMES = 30;
/** `at name (file:1:2)` or `at file:1:2`. A parenthesis inside a file's name has no name before it, or a blank. */
const FRAME = /^\s*at (?:[^(]*? \((?=.*\)$))?(.+):(\d+):(\d+)\)?$/;

export function callSite(): SourceLocation | null {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack } = new Error("call site");
  Error.stackTraceLimit = before;
  return typeof stack === "string" ? parseStack(stack, OWN) : null;
}

/** The first usable frame of a stack's text that is not below `own`. */
export function parseStack(stack: string, own: string): SourceLocation | null {
  for (const line of stack.split("\n")) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    const file = fileOf(match[1] as string);
    if (file === null || file.replaceAll("\\", "/").startsWith(own)) continue;
    return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return null;
}

function fileOf(text: string): string | null {
  const clean = text.replace(/^async /, "").replace(/[?#].*$/, "");
  if (clean.startsWith("node:") || clean.includes("<anonymous>") || clean === "native" || clean.startsWith("eval ")) {
    return null;
  }
  if (!clean.startsWith("file:")) return clean;
  try {
    return fileURLToPath(clean);
  } catch {
    return null;
  }
}
