/**
 * A collection between its entries in a file and its trees.
 *
 *   __stats              { inserted, total, tenon? }     tenon: what SencilloDB does not keep
 *     tenon              { next, moves, buckets: [[name, no]…], order?: { no: [[position, docKey]…] }, odd?, dropped?,
 *                          shards?: { no: checksum } }
 *   __id_map             { _id: bucket }                 meta.json only
 *   __secondary_indexes  { field: { text: [_id…] } }     meta.json; elsewhere the fields alone, since documents are at hand
 *   bucket               [ documents ]
 *
 * A bucket's name that begins with "$", or is one of the names above, has one more "$" in front.
 */
import { isPlainObject } from "../base/plain.js";
import type { Doc, Json } from "../schema/model.js";
import { Tree } from "../storage/btree.js";
import type { Key } from "../storage/store.js";
import {
  bucketKey,
  bucketNo,
  docKey,
  idKey,
  indexKey,
  indexText,
  laterKey,
  majorOf,
  numberKey,
  RECORD_KEY,
} from "./keys.js";
import { type CollectionRecord, NEW_RECORD } from "./record.js";
import { malformed } from "./text.js";

/** Which documents of a bucket are not where their `_id` would put them. */
export type Order = readonly (readonly [position: number, key: Key])[];

export interface CollectionTrees {
  readonly meta: Tree<Doc>;
  readonly ids: Tree<Doc>;
  readonly indexes: Tree<Doc>;
  /** By bucket number. */
  readonly docs: ReadonlyMap<string, Tree<Doc>>;
  readonly places: ReadonlyMap<string, Tree<Doc>>;
}

const RESERVED: ReadonlySet<string> = new Set(["__stats", "__id_map", "__secondary_indexes"]);

export const escapeBucket = (name: string): string => (name.startsWith("$") || RESERVED.has(name) ? `$${name}` : name);
const unescapeBucket = (name: string): string => (name.startsWith("$") ? name.slice(1) : name);

interface Kept {
  readonly next?: number;
  readonly moves?: number;
  readonly buckets?: readonly (readonly [name: string, no: string])[];
  readonly order?: Readonly<Record<string, Order>>;
  readonly odd?: boolean;
  readonly dropped?: boolean;
  readonly shards?: Readonly<Record<string, string>>;
}

export function keptOf(entries: ReadonlyMap<string, unknown>): Kept {
  const stats = entries.get("__stats");
  const kept = isPlainObject(stats) ? stats.tenon : undefined;
  if (!isPlainObject(kept)) return {};
  const { next, moves, buckets } = kept as Kept;
  const sound = Number.isSafeInteger(next) && Number.isSafeInteger(moves) && Array.isArray(buckets);
  return sound ? (kept as Kept) : {};
}

/** A tree of entries in any order; of two with one key the first counts. */
export function treeOf(pairs: (readonly [Key, Doc])[]): Tree<Doc> {
  const sorted = pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const unique = sorted.filter(([key], at) => at === 0 || key !== sorted[at - 1]![0]);
  return Tree.fromSorted(
    unique.map(([key]) => key),
    unique.map(([, value]) => value),
  );
}

/** The documents of one bucket with their keys: those that `order` names, else what their `_id` and place say. */
export function placed(
  docs: readonly unknown[],
  order: Order,
  moves: { count: number },
  where: string,
): { readonly docs: [Key, Doc][]; readonly places: [Key, Doc][] } {
  const kept = new Map(order);
  const pairs: [Key, Doc][] = [];
  const places: [Key, Doc][] = [];
  let last: Key = "";
  docs.forEach((value, at) => {
    if (!isPlainObject(value)) throw malformed(where, `document ${at + 1} is no object`);
    const doc = value as Doc;
    const usual = docKey(doc._id);
    let key = kept.get(at) ?? usual;
    if (key === null || key <= last) key = laterKey(last === "" ? 0 : majorOf(last), ++moves.count);
    pairs.push([key, doc]);
    if (key !== usual) places.push([idKey(doc._id), Object.freeze({ k: key })]);
    last = key;
  });
  return { docs: pairs, places };
}

/** Builds a collection from all of its entries, documents included. */
export function buildCollection(entries: ReadonlyMap<string, unknown>, ours: boolean, where: string): CollectionTrees {
  const kept = keptOf(entries);
  const numbers = new Map(kept.buckets ?? []);
  const moves = { count: kept.moves ?? 0 };
  let next = kept.next ?? 0;
  let total = 0;
  let highest = 0;
  let odd = kept.odd ?? false;
  const fields = fieldsOf(entries);
  const meta: [Key, Doc][] = [];
  const ids: [Key, Doc][] = [];
  const indexes: [Key, Doc][] = [];
  const docs = new Map<string, Tree<Doc>>();
  const places = new Map<string, Tree<Doc>>();
  const seen = new Set<Key>();
  for (const [written, list] of entries) {
    if (RESERVED.has(written)) continue;
    const name = ours ? unescapeBucket(written) : written;
    if (!Array.isArray(list)) throw malformed(where, `"${name}" is no list of documents`);
    let no = numbers.get(name);
    if (no === undefined) {
      no = bucketNo(name, next);
      if (no.startsWith("n")) next++;
    }
    meta.push([bucketKey(name), Object.freeze({ no })]);
    const found = placed(list, kept.order?.[no] ?? [], moves, where);
    for (const [, doc] of found.docs) {
      total++;
      const id = idKey(doc._id);
      if (seen.has(id) || doc._id === undefined) odd = true;
      seen.add(id);
      ids.push([id, Object.freeze({ b: no })]);
      if (typeof doc._id === "number" && doc._id > highest) highest = doc._id;
      for (const entry of indexEntries(fields, doc)) indexes.push(entry);
    }
    docs.set(no, treeOf(found.docs));
    places.set(no, treeOf(found.places));
  }
  const inserted = Math.max(countOf(entries, "inserted"), Math.floor(highest));
  const dropped = kept.dropped ?? false;
  const record: CollectionRecord = { inserted, total, next, moves: moves.count, fields, odd, dropped };
  meta.push([RECORD_KEY, Object.freeze(record) as unknown as Doc]);
  return { meta: treeOf(meta), ids: treeOf(ids), indexes: treeOf(indexes), docs, places };
}

/** Builds the part of a sharded collection that our meta.json holds. */
export function buildMeta(entries: ReadonlyMap<string, unknown>): Pick<CollectionTrees, "meta" | "ids" | "indexes"> {
  const kept = keptOf(entries);
  const numbers = new Map(kept.buckets ?? []);
  const fields = fieldsOf(entries);
  const meta: [Key, Doc][] = [...numbers].map(([name, no]) => [bucketKey(name), Object.freeze({ no })]);
  const idMap = objectOf(entries.get("__id_map"));
  const ids: [Key, Doc][] = idMap.map(([id, name]) => {
    const key = /^\d+$/.test(id) ? numberKey(Number(id)) : id;
    return [key, Object.freeze({ b: numbers.get(String(name)) ?? "" })];
  });
  const indexes: [Key, Doc][] = [];
  for (const [field, texts] of objectOf(entries.get("__secondary_indexes"))) {
    for (const [text, list] of objectOf(texts)) {
      for (const id of list as Json[]) indexes.push([indexKey(field, text, id), Object.freeze({ i: id })]);
    }
  }
  const record: CollectionRecord = {
    ...NEW_RECORD,
    inserted: countOf(entries, "inserted"),
    total: countOf(entries, "total"),
    next: kept.next ?? 0,
    moves: kept.moves ?? 0,
    fields,
    odd: kept.odd ?? false,
    dropped: kept.dropped ?? false,
  };
  meta.push([RECORD_KEY, Object.freeze(record) as unknown as Doc]);
  return { meta: treeOf(meta), ids: treeOf(ids), indexes: treeOf(indexes) };
}

function indexEntries(fields: readonly string[], doc: Doc): [Key, Doc][] {
  const entries: [Key, Doc][] = [];
  for (const field of fields) {
    const text = Object.hasOwn(doc, field) ? indexText(doc[field]) : null;
    if (text !== null) entries.push([indexKey(field, text, doc._id), Object.freeze({ i: doc._id ?? null })]);
  }
  return entries;
}

function fieldsOf(entries: ReadonlyMap<string, unknown>): string[] {
  return objectOf(entries.get("__secondary_indexes")).map(([field]) => field);
}

function objectOf(value: unknown): [string, unknown][] {
  return isPlainObject(value) ? Object.entries(value) : [];
}

function countOf(entries: ReadonlyMap<string, unknown>, name: "inserted" | "total"): number {
  const stats = entries.get("__stats");
  const value = isPlainObject(stats) ? stats[name] : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
