/** zod issues -> ValidationIssue: one issue per unknown property, with a suggestion. */
import type { z } from "zod";
import type { ValidationIssue } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";

type ZodIssue = z.core.$ZodIssue;

/** More would help nobody: a list of a million wrong elements is one mistake. */
const MAX_ISSUES = 100;

/** `propertiesAt` names the properties that an object at a path may have, for suggestions; null when unknown. */
export function toIssues(
  issues: readonly ZodIssue[],
  propertiesAt: (path: readonly PropertyKey[]) => readonly string[] | null,
): readonly ValidationIssue[] {
  const out: ValidationIssue[] = [];
  for (const issue of issues.slice(0, MAX_ISSUES)) {
    if (issue.code === "unrecognized_keys") {
      const known = propertiesAt(issue.path);
      for (const key of issue.keys) out.push(unknownProperty([...pathOf(issue.path), key], key, known));
    } else out.push({ path: pathOf(issue.path), message: issue.message, code: issue.code });
  }
  const more = issues.length - MAX_ISSUES;
  if (more > 0) out.push({ path: [], message: `and ${more} more`, code: "more" });
  return out;
}

function unknownProperty(path: (string | number)[], key: string, known: readonly string[] | null): ValidationIssue {
  const shown = key.length > 80 ? `${key.slice(0, 80)}…` : key;
  const hint = known === null ? "" : `; ${suggestion(shown, known)}`;
  return { path, message: `unknown property \`${shown}\`${hint}`, code: "unknown_field" };
}

function pathOf(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((step) => (typeof step === "symbol" ? String(step) : step));
}
