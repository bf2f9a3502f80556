/**
 * The short way for new documents of one model (see lone-write.ts): rows whose keys and unique values are free and whose
 * parents exist already. Whatever else may be the case makes it decline with null.
 */
import type { WriteCommand } from "../../query/ir.js";
import type { Doc, RelationMeta } from "../../schema/model.js";
import type { Key, Mutation, Store } from "../../storage/store.js";
import { atHand, first, get, LATER } from "./at-hand.js";
import { type Catalog, type Collection, META_SPACE, prefixReader, sequenceKey, sequenceOn } from "./catalog.js";
import type { CollectionIndex } from "./indexes.js";
import type { Overlay } from "./overlay.js";
import type { View } from "./view.js";

type Insert = Extract<WriteCommand, { readonly kind: "insert" }>;

export interface LoneInsert {
  readonly docs: readonly Doc[];
  readonly mutations: readonly Mutation[];
}

/** What a write without a session stands on: the newest snapshot of the store, and the commits on their way to disk above it. */
export interface NewestState {
  readonly store: Store;
  readonly ahead: Overlay | null;
}

export function loneInsert(newest: NewestState, catalog: Catalog, command: Insert): LoneInsert | null {
  const snapshot = newest.store.snapshot();
  try {
    return insertInto(newest, newest.ahead?.view(snapshot) ?? snapshot, catalog, command);
  } finally {
    // At once: what no snapshot holds is changed in place.
    snapshot[Symbol.dispose]();
  }
}

function insertInto(newest: NewestState, view: View, catalog: Catalog, command: Insert): LoneInsert | null {
  const { docs: given } = command;
  if (given.length === 0 || command.onConflict.kind !== "fail") return null;
  // Where something must be read first, many rows would be looked at twice.
  if (given.length > 1 && newest.store.splits === true) return null;
  const collection = catalog.collection(command.model);
  const numbers = collection.meta.keyGeneration === "increment" ? lastNumber(view, collection) : NO_NUMBERS;
  if (numbers === null) return null;
  const rows = withKeys(collection, given, numbers.last);
  if (rows === null || !areFree(view, collection, rows) || !haveParents(newest, view, collection, rows.docs))
    return null;
  const { docs, keys } = rows;
  const mutations: Mutation[] = [];
  for (let i = 0; i < docs.length; i++) mutations.push({ space: collection.space, key: keys[i]!, value: docs[i]! });
  for (const index of collection.indexes) if (!addEntries(mutations, view, index, rows)) return null;
  if (rows.last !== numbers.stored) {
    const value = Object.freeze({ last: rows.last });
    mutations.push({ space: META_SPACE, key: sequenceKey(collection.space), value });
  }
  return { docs, mutations };
}

interface Numbers {
  /** In the record. */
  readonly stored: number;
  /** The largest one that is or was used. */
  readonly last: number;
}

const NO_NUMBERS: Numbers = { stored: 0, last: 0 };

/** The largest auto-increment key so far, in the record and among the rows; null when it is not at hand. */
function lastNumber(view: View, collection: Collection): Numbers | null {
  const record = get(view, META_SPACE, sequenceKey(collection.space));
  const greatest = atHand(view.ranges(collection.space, [{ reverse: true }], 1));
  if (record === LATER || greatest === LATER) return null;
  const stored = typeof record?.last === "number" ? record.last : 0;
  const largest = greatest[0]!.values[0]?.[collection.meta.key[0]!];
  return { stored, last: typeof largest === "number" && largest > stored ? largest : stored };
}

interface Rows {
  readonly docs: readonly Doc[];
  readonly keys: readonly Key[];
  /** Each key is greater than the one before. */
  readonly ascending: boolean;
  /** The largest auto-increment key, these rows included. */
  readonly last: number;
}

/** The rows as they are stored; null when the numbers are used up. */
function withKeys(collection: Collection, given: readonly Doc[], before: number): Rows | null {
  const numbered = collection.meta.keyGeneration === "increment";
  const keyField = collection.meta.key[0]!;
  const docs = new Array<Doc>(given.length);
  const keys = new Array<Key>(given.length);
  let ascending = true;
  let last = before;
  for (let i = 0; i < given.length; i++) {
    const number = numbered && (given[i]![keyField] ?? null) === null ? last + 1 : null;
    const doc = collection.normalize(given[i]!, number);
    const key = collection.keyOf(doc);
    if (numbered) {
      const value = doc[keyField];
      if (typeof value === "number" && value > last) last = value;
    }
    if (i > 0 && key <= keys[i - 1]!) ascending = false;
    docs[i] = doc;
    keys[i] = key;
  }
  return Number.isSafeInteger(last) ? { docs, keys, ascending, last } : null;
}

/** Whether no row has one of the keys, and no two of the rows the same. */
function areFree(view: View, collection: Collection, { keys, ascending }: Rows): boolean {
  if (keys.length === 1) return get(view, collection.space, keys[0]!) === undefined;
  if (ascending) {
    const greatest = atHand(view.ranges(collection.space, [{ reverse: true }], 1));
    if (greatest === LATER) return false;
    const last = greatest[0]!.keys[0];
    if (last === undefined || last < keys[0]!) return true;
  } else if (new Set(keys).size < keys.length) return false;
  const taken = atHand(view.getMany(collection.space, keys));
  return taken !== LATER && taken.every((row) => row === undefined);
}

/** Adds the rows' entries in an index; false when a unique value is taken. */
function addEntries(mutations: Mutation[], view: View, index: CollectionIndex, { docs, keys }: Rows): boolean {
  const { space } = index;
  const seen = index.index.unique && docs.length > 1 ? new Set<Key>() : null;
  for (let i = 0; i < docs.length; i++) {
    const doc = docs[i]!;
    const prefix = index.prefix(doc);
    if (index.index.unique && !index.hasNull(doc)) {
      if (first(view, space, prefix) !== undefined) return false;
      if (seen !== null && seen.size === seen.add(prefix).size) return false;
    }
    mutations.push({ space, key: prefix + keys[i]!, value: doc });
  }
  return true;
}

/** Looks the parent of one reference up. */
interface ParentLookup {
  readonly space: string;
  /** The one field of the reference, when the parent's is its key or has a unique index: such parents are found by value. */
  readonly field: string | null;
  readonly prefixOf: (doc: Doc) => Key | null;
  /** The prefix is the parent's whole key. */
  readonly byKey: boolean;
}

const lookups = new WeakMap<Collection, readonly (ParentLookup | null)[]>();

/** Null where it takes more than one look-up. */
function parentLookups(collection: Collection): readonly (ParentLookup | null)[] {
  let found = lookups.get(collection);
  if (found === undefined) {
    found = collection.references.map(({ relation, parent }) => lookupOf(relation, parent));
    lookups.set(collection, found);
  }
  return found;
}

function lookupOf({ from, to }: RelationMeta, parent: Collection): ParentLookup | null {
  const sequence = sequenceOn(parent, to);
  if (sequence === null) return null;
  const byKey = sequence === parent.key && sequence.columns.length === to.length;
  const isPoint = to.length === 1 && parent.points.get(to[0]!) === sequence;
  return { space: sequence.space, field: isPoint ? from[0]! : null, prefixOf: prefixReader(sequence, to, from), byKey };
}

/** Whether every parent that the documents name exists already. */
function haveParents(newest: NewestState, view: View, collection: Collection, docs: readonly Doc[]): boolean {
  for (const lookup of parentLookups(collection)) {
    if (lookup === null) return false;
    for (let i = 0; i < docs.length; i++) if (!hasParent(newest, view, lookup, docs[i]!)) return false;
  }
  return true;
}

function hasParent(newest: NewestState, view: View, lookup: ParentLookup, doc: Doc): boolean {
  const { space, field, prefixOf, byKey } = lookup;
  const { store, ahead } = newest;
  // Points show the newest snapshot only.
  const value = field === null || (ahead?.staged(space) ?? null) !== null ? null : doc[field];
  if (typeof value === "string" || (typeof value === "number" && !Number.isNaN(value))) {
    const parent = atHand(store.point(space, value));
    return parent !== undefined && parent !== LATER;
  }
  const prefix = prefixOf(doc);
  if (prefix === null) return true;
  const parent = (byKey ? get : first)(view, space, prefix);
  return parent !== undefined && parent !== LATER;
}
