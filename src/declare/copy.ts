/**
 * Copiers: parsed value -> stored value, one closure per field type, made once. A copier takes the quick way for a value
 * of its own type and hands anything else to the general copy, which refuses what cannot be stored.
 */
import type { ValidationIssue } from "../base/errors.js";
import type { FieldType, Json, TypeKind } from "../schema/model.js";
import { copyJson } from "./plain-json.js";

/** Never called with undefined or null. */
export type Copy = (value: unknown, path: readonly (string | number)[], issues: ValidationIssue[]) => Json;

const general: Copy = (value, path, issues) =>
  copyJson(value, path, (at, message) => {
    issues.push({ path: at, message, code: "not_storable" });
  });

const wrong = (
  expected: string,
  value: unknown,
  path: readonly (string | number)[],
  issues: ValidationIssue[],
): Json => {
  issues.push({
    path,
    message: `the model's schema made ${describe(value)} of it, but ${expected} is stored`,
    code: "not_storable",
  });
  return null;
};

const number: Copy = (value, path, issues) => {
  if (typeof value !== "number") return wrong("a number", value, path, issues);
  if (Number.isFinite(value)) return value === 0 ? 0 : value;
  return general(value, path, issues);
};

const COPIERS: { readonly [K in TypeKind]?: Copy } = {
  string: (value, path, issues) => (typeof value === "string" ? value : wrong("a string", value, path, issues)),
  int: number,
  float: number,
  bigint: (value, path, issues) => (typeof value === "bigint" ? value : wrong("a bigint", value, path, issues)),
  boolean: (value, path, issues) => (typeof value === "boolean" ? value : wrong("a boolean", value, path, issues)),
  date: (value, path, issues) =>
    value instanceof Date ? general(value, path, issues) : wrong("a date", value, path, issues),
  bytes: (value, path, issues) =>
    value instanceof Uint8Array ? new Uint8Array(value) : wrong("bytes", value, path, issues),
};

/** Lists of strings are common enough for a way of their own; everything else nested is copied in general. */
const strings: Copy = (value, path, issues) => {
  if (!Array.isArray(value)) return general(value, path, issues);
  for (const item of value) if (typeof item !== "string") return general(value, path, issues);
  return value.slice() as string[];
};

export function copierOf(type: FieldType): Copy {
  if (type.kind === "array" && type.element.kind === "string" && !type.nullableElement) return strings;
  return COPIERS[type.kind] ?? general;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
