/** zod issues -> ValidationIssue: one issue per unknown key, with a suggestion; unions say what they would take. */
import type { z } from "zod";
import type { ValidationIssue } from "../base/errors.js";

type ZodIssue = z.core.$ZodIssue;

const MAX_ISSUES = 100;

export function toIssues(issues: readonly ZodIssue[], _input: unknown): readonly ValidationIssue[] {
  const out: ValidationIssue[] = [];
  for (const issue of issues) {
    if (out.length >= MAX_ISSUES) {
      const message = `and ${issues.length - MAX_ISSUES} more`;
      out.push({ path: [], message, code: "more" });
      break;
    }
    const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys)
        out.push({ path: [...path, key], message: `unknown property \`${key}\``, code: "unknown_field" });
    } else out.push({ path, message: issue.message, code: issue.code });
  }
  return out;
}
