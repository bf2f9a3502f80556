/**
 * What the CLI prints: data on stdout, everything else on stderr, one JSON object with `--json`. Exit codes:
 * 0 done, 1 a bug in Tenon, 2 something the user must mend, 4 findings (`--check`), 130 interrupted.
 */
import { InternalError, TenonError } from "../../src/base/errors.js";

export const EXIT = { ok: 0, bug: 1, failure: 2, findings: 4, interrupted: 130 } as const;

export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Output {
  readonly json: boolean;
  /** A line of data. */
  data(text: string): void;
  /** The single JSON object; nothing without `--json`. */
  result(value: object): void;
  /** Progress, advice: for people only. */
  note(text: string): void;
  success(text: string): void;
  /** Prints the error; answers with the exit code. */
  failure(error: unknown): number;
}

export function createOutput(streams: Streams, json: boolean): Output {
  const { stdout, stderr, env } = streams;
  const colored = stderr.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const paint = (code: number, text: string): string => (colored ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    json,
    data: (text) => void (json || stdout.write(`${text}\n`)),
    result: (value) => void (json && stdout.write(`${JSON.stringify(value)}\n`)),
    note: (text) => void (json || stderr.write(`${text}\n`)),
    success: (text) => void (json || stderr.write(`${paint(32, "✔")} ${text}\n`)),
    failure(error) {
      const known = error instanceof TenonError;
      const bug = !known || error instanceof InternalError;
      if (json) {
        const shown = known ? error.toJSON() : { name: "Error", code: "INTERNAL.INVARIANT", message: messageOf(error) };
        stdout.write(`${JSON.stringify({ error: shown }, withoutBigInt)}\n`);
      } else {
        stderr.write(`${paint(31, "✖")} ${messageOf(error)}${known ? `\n  ${paint(2, error.code)}` : ""}\n`);
        if (bug) stderr.write(`This is a bug in Tenon; please report it.\n${stackOf(error)}\n`);
      }
      return bug ? EXIT.bug : EXIT.failure;
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : "";
}

function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
