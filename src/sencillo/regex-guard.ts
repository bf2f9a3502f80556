/**
 * Some regular expressions take for ever on some strings. Those that can (several repetitions, or a repeated group) run under a watch that
 * ends them: V8 lets a running match be interrupted, `node:vm` is the way to ask for it.
 */
import { createContext, Script } from "node:vm";
import { QueryError } from "../base/errors.js";

const ESCAPED = /\\./gs;
const CLASS = /\[[^\]]*\]/g;
const REPEATS = /[*+]|\{\d*,\d*\}/g;

/** Whether a match may take much longer than the string is long. */
export function mayExplode(source: string): boolean {
  const bare = source.replace(ESCAPED, "x").replace(CLASS, "x");
  // One repetition of one character is harmless; several, or a repeated group, can match the same text in many ways.
  return (bare.match(REPEATS)?.length ?? 0) > 1 || /\)[*+{]/.test(bare) || /\\[1-9k]/.test(source);
}

const script = new Script("work()");
let sandbox: { work: (() => void) | null } | null = null;

/** Runs `work`, and ends it when it takes longer than `timeout` milliseconds. */
export function watched(timeout: number, work: () => void): void {
  if (sandbox === null) {
    sandbox = { work: null };
    createContext(sandbox);
  }
  const outer = sandbox.work;
  sandbox.work = work;
  try {
    script.runInContext(sandbox, { timeout });
  } catch (error) {
    if (typeof error !== "object" || error === null || !("code" in error)) throw error;
    if (error.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new QueryError("QUERY.TIMEOUT", `A $regex took longer than ${timeout} ms`, {
      fix: "write the expression so that its repetitions cannot overlap, or raise the option regexTimeoutMs",
    });
  } finally {
    sandbox.work = outer;
  }
}
