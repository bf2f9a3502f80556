/** Looking at a thrown error: one line of its code, message and fix. */
import { TenonError } from "../../src/base/errors.js";

/** `CODE | message | fix`, or what else happened. */
export function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TenonError)) return `not ours: ${String(error)}`;
    return `${error.code} | ${error.message.split("\n  fix: ")[0]} | ${error.fix}`;
  }
  return "nothing thrown";
}
