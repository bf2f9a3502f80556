/**
 * Documents <-> JSON text, exactly.
 *
 *   {"$date": ms | null}      Date; null: an invalid one
 *   {"$bigint": "123"}        bigint
 *   {"$bytes": "base64"}      Uint8Array
 *   {"$number": "-0" | "NaN" | "Infinity" | "-Infinity"}
 *   an object's own name that begins with "$" gets one more "$"
 *
 * Most documents hold nothing of that: they are told apart by one quick walk and then are JSON.stringify's work alone.
 */
import { CorruptionError, QueryError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import type { Doc, Json } from "./model.js";

type Dict = { [key: string]: unknown };
const DOLLAR = 36;

/** Whether JSON.stringify says all there is to say. */
function isPlainJson(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return true;
    case "number":
      // -0 and what JSON has no numbers for.
      return value !== 0 ? value - value === 0 : !Object.is(value, -0);
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlainJson(value[i])) return false;
    return true;
  }
  if (value instanceof Date || value instanceof Uint8Array) return false;
  for (const name in value) {
    if (name.charCodeAt(0) === DOLLAR || name === "toJSON") return false;
    if (!isPlainJson((value as Dict)[name])) return false;
  }
  return true;
}

/** Sets an own property whatever its name. */
function put(target: Dict, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else target[name] = value;
}

/** A copy that JSON.stringify can write: everything that JSON lacks as a tag. */
function tagged(value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (typeof value === "number") {
    if (Object.is(value, -0)) return { $number: "-0" };
    return Number.isFinite(value) ? value : { $number: String(value) };
  }
  if (typeof value === "function" || typeof value === "symbol")
    throw new QueryError("QUERY.INVALID_VALUE", `A ${typeof value} is no data`);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) {
    const time = value.getTime();
    return { $date: Number.isNaN(time) ? null : time };
  }
  if (value instanceof Uint8Array) {
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
  if (Array.isArray(value)) return value.map(tagged);
  // No prototype: a document's own `toJSON` is data, not a method.
  const copy: Dict = Object.create(null);
  for (const name of Object.keys(value)) {
    put(copy, name.charCodeAt(0) === DOLLAR ? `$${name}` : name, tagged((value as Dict)[name]));
  }
  return copy;
}

/** One line of JSON text without line breaks. */
export function encodeJson(value: Json): string {
  return JSON.stringify(isPlainJson(value) ? value : tagged(value));
}

/** A JSON array of documents. */
export function encodeDocs(docs: readonly Doc[]): string {
  for (let i = 0; i < docs.length; i++) if (!isPlainJson(docs[i])) return JSON.stringify(docs.map(tagged));
  return JSON.stringify(docs);
}

/** Whether text may hold tags or escaped names; when it does not, `freezeJson` is enough. */
export function mayHoldTags(text: string): boolean {
  // One character is found many times quicker than two, and most text has no dollar at all.
  return text.includes("$") && text.includes('"$');
}

/** Freezes freshly parsed JSON. */
export function freezeJson(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) freezeJson(value[i] as Json);
  else
    for (const name in value) {
      const inner = (value as Dict)[name];
      if (typeof inner === "object" && inner !== null) freezeJson(inner as Json);
    }
  return Object.freeze(value);
}

/**
 * Turns tags in freshly parsed JSON into their values, in place, and freezes everything. `strict` refuses tags that do not
 * exist: text that we wrote has none. A file that others wrote may use such names for its own purposes.
 */
export function reviveJson(value: Json, strict: boolean): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const inner = value[i] as Json;
      if (typeof inner === "object" && inner !== null) (value as Json[])[i] = reviveJson(inner, strict);
    }
    return Object.freeze(value);
  }
  const dict = value as Dict;
  for (const name in dict) {
    if (name.charCodeAt(0) === DOLLAR) return reviveSpecial(dict, name, strict);
    const inner = dict[name];
    // The property exists, so assigning `__proto__` here sets the own property, never the prototype.
    if (typeof inner === "object" && inner !== null) dict[name] = reviveJson(inner as Json, strict);
  }
  return Object.freeze(dict) as Json;
}

const DECODERS: ReadonlyMap<string, (raw: unknown) => Json | undefined> = new Map<
  string,
  (raw: unknown) => Json | undefined
>([
  [
    "$date",
    (raw: unknown) => (typeof raw === "number" ? new Date(raw) : raw === null ? new Date(Number.NaN) : undefined),
  ],
  ["$bigint", (raw: unknown) => (typeof raw === "string" && /^-?\d+$/.test(raw) ? BigInt(raw) : undefined)],
  ["$bytes", (raw: unknown) => (typeof raw === "string" ? new Uint8Array(Buffer.from(raw, "base64")) : undefined)],
  [
    "$number",
    (raw: unknown) =>
      raw === "-0" || raw === "NaN" || raw === "Infinity" || raw === "-Infinity" ? Number(raw) : undefined,
  ],
]);

/** An object with names that begin with "$", the first of them `first`; what stands before it is revived already. */
function reviveSpecial(dict: Dict, first: string, strict: boolean): Json {
  const names = Object.keys(dict);
  if (names.length === 1) {
    const value = DECODERS.get(names[0]!)?.(dict[names[0]!]);
    if (value !== undefined) return value;
  }
  const copy: Dict = {};
  let seen = false;
  for (const name of names) {
    seen ||= name === first;
    const inner = seen ? reviveJson(dict[name] as Json, strict) : (dict[name] as Json);
    if (name.startsWith("$$")) put(copy, name.slice(1), inner);
    else if (name.startsWith("$") && strict) {
      throw new CorruptionError(
        "CORRUPTION.FORMAT",
        `Stored data has a tag that does not exist: ${JSON.stringify(name)}`,
      );
    } else put(copy, name, inner);
  }
  return Object.freeze(copy) as Json;
}

/** Parses and freezes text written by this module. */
export function decodeJson(text: string): Json {
  const value = JSON.parse(text) as Json;
  return mayHoldTags(text) ? reviveJson(value, true) : freezeJson(value);
}

/** A parsed value as a document; anything but a plain object is refused. */
export function asDoc(value: Json, where: string): Doc {
  if (isPlainObject(value)) return value as Doc;
  throw new CorruptionError("CORRUPTION.FORMAT", `${where} holds a document that is no object`, {
    meta: { what: "no object" },
    fix: "a collection is a list of objects: correct the file, or restore a backup",
  });
}
