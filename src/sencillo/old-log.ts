/**
 * The log that SencilloDB wrote: a line of JSON per operation, `{"op":"create","instructions":{…}}`, without frames,
 * checksums or transaction marks. Its operations are done again, in one transaction. A last line that was never finished is
 * dropped; a damaged one before it is refused, since everything after it would get other `_id`s than its users saw.
 * Functions were never written down: an operation that had one runs without it, as it did in SencilloDB, and is reported.
 */
import { CorruptionError, TenonError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import type { Instructions, RecoveryReport } from "./types.js";

export type LoggedOperation =
  | "create"
  | "createMany"
  | "update"
  | "destroy"
  | "dropCollection"
  | "dropIndex"
  | "rewriteCollection"
  | "ensureIndex";

const LOGGED: ReadonlySet<string> = new Set<LoggedOperation>([
  "create",
  "createMany",
  "update",
  "destroy",
  "dropCollection",
  "dropIndex",
  "rewriteCollection",
  "ensureIndex",
]);

interface Line {
  readonly op: LoggedOperation;
  readonly instructions: Instructions;
}

/** The operation that a line says, or why it says none. */
function parseLine(text: string): Line | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  if (!isPlainObject(value) || typeof value.op !== "string") return "it names no operation";
  if (!LOGGED.has(value.op)) return `it names the operation "${value.op.slice(0, 40)}", which no log holds`;
  if (value.instructions !== undefined && !isPlainObject(value.instructions)) return "its instructions are no object";
  return { op: value.op as LoggedOperation, instructions: (value.instructions ?? {}) as Instructions };
}

/** A document goes to the bucket of its index function; the log of a create without `index` may have had one. */
function mayHaveLostFunction({ op, instructions }: Line): boolean {
  if (op === "rewriteCollection") return true;
  return (op === "create" || op === "createMany") && instructions.index === undefined;
}

export async function replayOldLog(
  path: string,
  bytes: Buffer,
  salvage: boolean,
  run: (op: LoggedOperation, instructions: Instructions) => Promise<unknown>,
): Promise<RecoveryReport> {
  const lines = bytes.toString("utf8").split("\n");
  const last = lines.pop() ?? "";
  const skipped: { line: number; reason: string }[] = [];
  const withoutFunction: number[] = [];
  let applied = 0;
  let torn = Buffer.byteLength(last, "utf8");
  // A whole last line that lacks only its line break was written.
  if (torn > 0 && typeof parseLine(last) !== "string") {
    lines.push(last);
    torn = 0;
  }
  for (const [at, text] of lines.entries()) {
    if (text.trim() === "") continue;
    const line = parseLine(text);
    if (typeof line === "string") {
      if (!salvage) throw damagedLine(path, at + 1, line);
      skipped.push({ line: at + 1, reason: line });
      continue;
    }
    try {
      await run(line.op, line.instructions);
      applied++;
      if (mayHaveLostFunction(line)) withoutFunction.push(at + 1);
    } catch (error) {
      // It had failed when it was called: SencilloDB writes operations down before it tries them.
      if (!(error instanceof TenonError)) throw error;
      skipped.push({ line: at + 1, reason: error.message });
    }
  }
  return { log: path, applied, torn, skipped, withoutFunction };
}

function damagedLine(path: string, line: number, reason: string): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path}, line ${line}: ${reason}`, {
    meta: { file: path, line, what: reason },
    fix: "correct the line; or open the database with `salvage: true`, which leaves such lines out and reports them",
  });
}
