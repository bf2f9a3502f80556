/**
 * Which strings SQL databases hold: well-formed Unicode without U+0000. PostgreSQL has no other text; SQLite would keep
 * U+0000 in a column but ends a JSON string at it, and neither has lone surrogates. What cannot be kept is refused by name.
 */
import { QueryError } from "../../base/errors.js";
import type { Json } from "../../schema/model.js";

const NUL = String.fromCharCode(0);

/** Part of every Node that is supported; the library of ES2023 does not know it yet. */
interface Utf16 {
  isWellFormed(): boolean;
}

function isPortable(text: string): boolean {
  return !text.includes(NUL) && (text as unknown as Utf16).isWellFormed();
}

/** The strings inside, names of objects too. */
function allPortable(value: Json): boolean {
  if (typeof value === "string") return isPortable(value);
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every(allPortable);
  return Object.entries(value).every(([name, inner]) => isPortable(name) && allPortable(inner));
}

function refused(where: string): QueryError {
  return new QueryError("QUERY.INVALID_VALUE", `${where}: a string holds U+0000 or half of a surrogate pair`, {
    fix: "SQL databases hold well-formed text only: remove these characters, or use a bytes field",
    meta: { field: where.slice(where.indexOf(".") + 1) },
  });
}

/** The value itself, when every string in it can be kept. */
export function portable(where: string, value: Json): Json {
  if (typeof value === "string" ? isPortable(value) : allPortable(value)) return value;
  throw refused(where);
}

/** JSON text made by `encodeJson`: what is refused stands in it escaped, so that most text needs one look. */
export function portableJson(where: string, value: Json, text: string): string {
  if (!text.includes("\\u") || allPortable(value)) return text;
  throw refused(where);
}
