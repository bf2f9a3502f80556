/**
 * Spaces and keys of a database in a Store. A collection `users` has
 *
 *   cusers        ""            its record: counters, indexed fields
 *                 "b" bucket    { no }: the bucket's number
 *   iusers        idKey         { b }: the number of the bucket where the document is
 *   susers        encodeKey([field, text]) idKey      { i }: the document's `_id`; text is the value as a string
 *   d<no>:users   docKey        the documents of one bucket, in the order of their array
 *   p<no>:users   idKey         { k }: the docKey of a document that is not where its `_id` would put it
 *
 *   no     = "i" number         buckets with names like array positions come first, as in a JavaScript object
 *          | "n" number         the others in the order in which they were made
 *   docKey = number             its `_id`
 *          | number "." number  put there later: behind everything that there was then
 *   idKey  = number | "x" JSON
 *   number = a letter that says how many digits follow, digits: numbers sort as they should
 */
import { encodeKey } from "../storage/key.js";
import type { Key } from "../storage/store.js";

interface Names {
  readonly meta: string;
  readonly ids: string;
  readonly indexes: string;
  readonly docs: Map<string, string>;
  readonly places: Map<string, string>;
}

/** Names that were asked for: the same string again is found quicker in every map than one that is made anew. */
const known = new Map<string, Names>();
const MOST = 1000;

function namesOf(collection: string): Names {
  let names = known.get(collection);
  if (names === undefined) {
    if (known.size >= MOST) known.clear();
    const [meta, ids, indexes] = [`c${collection}`, `i${collection}`, `s${collection}`];
    names = { meta, ids, indexes, docs: new Map(), places: new Map() };
    known.set(collection, names);
  }
  return names;
}

function numbered(names: Map<string, string>, letter: string, no: string, collection: string): string {
  let name = names.get(no);
  if (name === undefined) {
    if (names.size >= MOST) names.clear();
    name = `${letter}${no}:${collection}`;
    names.set(no, name);
  }
  return name;
}

export const spaces = {
  meta: (collection: string) => namesOf(collection).meta,
  ids: (collection: string) => namesOf(collection).ids,
  indexes: (collection: string) => namesOf(collection).indexes,
  docs: (collection: string, no: string) => numbered(namesOf(collection).docs, "d", no, collection),
  places: (collection: string, no: string) => numbered(namesOf(collection).places, "p", no, collection),
};

export const RECORD_KEY = "";
export const bucketKey = (bucket: string): Key => `b${bucket}`;
export const BUCKETS = { gte: "b", lt: "c" };

export interface SpaceName {
  readonly kind: "c" | "i" | "s" | "d" | "p";
  readonly collection: string;
  /** For d and p. */
  readonly no: string | null;
}

export function parseSpace(space: string): SpaceName {
  const kind = space[0] as SpaceName["kind"];
  if (kind !== "d" && kind !== "p") return { kind, collection: space.slice(1), no: null };
  const end = space.indexOf(":");
  return { kind, collection: space.slice(end + 1), no: space.slice(1, end) };
}

export function numberKey(value: number): string {
  const digits = String(value);
  return String.fromCharCode(96 + digits.length) + digits;
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

export function idKey(id: unknown): Key {
  return isCount(id) ? numberKey(id) : `x${JSON.stringify(id) ?? "undefined"}`;
}

/** Where a new document with this `_id` goes; null: its `_id` says nothing about its place. */
export function docKey(id: unknown): Key | null {
  return isCount(id) ? numberKey(id) : null;
}

export function laterKey(after: number, move: number): Key {
  return `${numberKey(after)}.${numberKey(move)}`;
}

/** The number in front of a docKey. */
export function majorOf(key: Key): number {
  const end = key.indexOf(".");
  return Number(end < 0 ? key.slice(1) : key.slice(1, end));
}

const POSITION = /^(0|[1-9]\d{0,9})$/;

/** The number of a new bucket; `next` counts those that are not positions. */
export function bucketNo(bucket: string, next: number): string {
  return POSITION.test(bucket) && Number(bucket) < 2 ** 32 - 1
    ? `i${numberKey(Number(bucket))}`
    : `n${numberKey(next)}`;
}

/** A value of an indexed field as text; different values may share one, the filter tells them apart. Undefined has none. */
export function indexText(value: unknown): string | null {
  if (value === undefined || typeof value === "function" || typeof value === "symbol") return null;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

export function indexPrefix(field: string, text: string): Key {
  return encodeKey([field, text]);
}

export function indexKey(field: string, text: string, id: unknown): Key {
  return `${indexPrefix(field, text)}${idKey(id)}`;
}
