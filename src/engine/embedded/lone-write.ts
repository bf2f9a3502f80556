/**
 * The short way for the writes that are made most: one new document, or changes to one found by its key, while nobody else
 * writes. It reads the newest version and builds the batch at once: no turn to wait for, no overlay, no plan.
 *
 * It knows only commands that succeed by looking at the few entries that they name. Whatever else may be the case (a
 * duplicate, a missing parent, an index or reference that the change touches, a store that must read a file first) makes it
 * decline with null before anything has happened, and the general way (writes.ts) gives the result or the error.
 */
import { compileChanges } from "../../query/apply-changes.js";
import type { Change, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { Key, Maybe, Mutation, Store, StoredValue } from "../../storage/store.js";
import { type Catalog, type Collection, META_SPACE, prefixReader, sequenceKey, sequenceOn } from "./catalog.js";
import { type CollectionIndex, prefixRange } from "./indexes.js";
import type { View } from "./view.js";

export interface LoneWrite {
  readonly mutations: readonly Mutation[];
  readonly result: WriteResult;
}

type Command<K extends WriteCommand["kind"]> = Extract<WriteCommand, { readonly kind: K }>;
type Lone<K extends WriteCommand["kind"]> = (view: View, catalog: Catalog, command: Command<K>) => LoneWrite | null;

const NO_DOCS: readonly Doc[] = Object.freeze([]);
const NOTHING: LoneWrite = { mutations: [], result: { count: 0, docs: NO_DOCS } };

const result = (command: { readonly returning: boolean }, doc: Doc): WriteResult => ({
  count: 1,
  docs: command.returning ? Object.freeze([doc]) : NO_DOCS,
});

const update: Lone<"update"> = (view, catalog, command) => {
  const { where, changes } = command;
  if (where === null || where.kind !== "compare" || where.op !== "eq" || where.path.length !== 1) return null;
  const { value } = where;
  if (typeof value !== "string" && (typeof value !== "number" || Number.isNaN(value))) return null;
  const collection = catalog.collection(command.model);
  const { key: sequence } = collection;
  if (sequence.columnNames.length !== 1 || sequence.columnNames[0] !== where.path[0] || command.limit === 0)
    return null;
  const watched = watchedFields(collection);
  for (let i = 0; i < changes.length; i++) if (watched.has(changes[i]!.path[0]!)) return null;
  const apply = compileChanges(collection.meta, changes);
  const key = encodeKey([value]);
  const before = get(view, collection.space, key);
  if (before === LATER) return null;
  if (before === undefined) return NOTHING;
  const after = collection.freeze(apply(before));
  const mutations: Mutation[] = [{ space: collection.space, key, value: after }];
  for (const index of collection.indexes) {
    const now = index.prefix(after);
    const old = isTouched(index, changes) ? index.prefix(before) : now;
    if (old !== now) mutations.push({ space: index.space, key: old + key, value: undefined });
    mutations.push({ space: index.space, key: now + key, value: after });
  }
  return { mutations, result: result(command, after) };
};

function isTouched({ index }: CollectionIndex, changes: readonly Change[]): boolean {
  for (const path of index.paths) for (const change of changes) if (change.path[0] === path[0]) return true;
  return false;
}

const insert: Lone<"insert"> = (view, catalog, command) => {
  if (command.docs.length !== 1 || command.onConflict.kind !== "fail") return null;
  const collection = catalog.collection(command.model);
  const given = command.docs[0]!;
  let number: number | null = null;
  let sequence: Mutation | null = null;
  if (collection.meta.keyGeneration === "increment") {
    const last = lastNumber(view, collection);
    if (last === null) return null;
    const named = given[collection.meta.key[0]!] ?? null;
    number = named === null ? last.number + 1 : null;
    const grown = number ?? (typeof named === "number" ? Math.max(named, last.number) : last.number);
    if (!Number.isSafeInteger(grown)) return null;
    if (grown !== last.stored) {
      const value = Object.freeze({ last: grown });
      sequence = { space: META_SPACE, key: sequenceKey(collection.space), value };
    }
  }
  const doc = collection.normalize(given, number);
  const key = collection.keyOf(doc);
  if (get(view, collection.space, key) !== undefined || !hasParents(view, collection, doc)) return null;
  const mutations: Mutation[] = [{ space: collection.space, key, value: doc }];
  for (const index of collection.indexes) {
    const prefix = index.prefix(doc);
    const alone = !index.index.unique || index.hasNull(doc);
    if (!alone && first(view, index.space, prefix) !== undefined) return null;
    mutations.push({ space: index.space, key: prefix + key, value: doc });
  }
  if (sequence !== null) mutations.push(sequence);
  return { mutations, result: result(command, doc) };
};

const decline = (): null => null;
const LONE: { readonly [K in WriteCommand["kind"]]: Lone<K> } = { insert, update, delete: decline };

/** The command as one batch over the newest version, or null when it must go the general way. */
export function loneWrite(store: Store, catalog: Catalog, command: WriteCommand): LoneWrite | null {
  const snapshot = store.snapshot();
  try {
    return (LONE[command.kind] as Lone<WriteCommand["kind"]>)(snapshot, catalog, command as never);
  } finally {
    // At once: what no snapshot holds is changed in place.
    snapshot[Symbol.dispose]();
  }
}

const watched = new WeakMap<Collection, ReadonlySet<string>>();

/** Fields whose change another row may forbid: those of unique indexes and of references in either direction. */
function watchedFields(collection: Collection): ReadonlySet<string> {
  let fields = watched.get(collection);
  if (fields === undefined) {
    const names = new Set<string>();
    for (const { index } of collection.indexes) if (index.unique) for (const [name] of index.paths) names.add(name!);
    for (const { relation } of collection.references) for (const name of relation.from) names.add(name);
    for (const { relation } of collection.referencedBy) for (const name of relation.to) names.add(name);
    fields = names;
    watched.set(collection, fields);
  }
  return fields;
}

/** What the store would have to wait for. */
const LATER = Symbol("later");

function atHand<T>(value: Maybe<T>): T | typeof LATER {
  if (!(value instanceof Promise)) return value;
  // The general way asks again, and reports what goes wrong.
  value.catch(() => {});
  return LATER;
}

function get(view: View, space: string, key: Key): StoredValue | undefined | typeof LATER {
  const found = atHand(view.getMany(space, [key]));
  return found === LATER ? LATER : found[0];
}

/** Any entry that begins with `prefix`. */
function first(view: View, space: string, prefix: Key): StoredValue | undefined | typeof LATER {
  const found = atHand(view.ranges(space, [prefixRange(prefix)], 1));
  return found === LATER ? LATER : found[0]!.values[0];
}

/** The largest auto-increment key so far, in the record and among the rows; null when it is not at hand. */
function lastNumber(view: View, collection: Collection): { readonly stored: number; readonly number: number } | null {
  const record = get(view, META_SPACE, sequenceKey(collection.space));
  const greatest = atHand(view.ranges(collection.space, [{ reverse: true }], 1));
  if (record === LATER || greatest === LATER) return null;
  const stored = typeof record?.last === "number" ? record.last : 0;
  const largest = greatest[0]!.values[0]?.[collection.meta.key[0]!];
  return { stored, number: typeof largest === "number" && largest > stored ? largest : stored };
}

/** Looks the parent of one reference up; null where that takes more than one look-up. */
interface ParentLookup {
  readonly space: string;
  readonly prefixOf: (doc: Doc) => Key | null;
  /** The prefix is the parent's whole key. */
  readonly byKey: boolean;
}

const lookups = new WeakMap<Collection, readonly (ParentLookup | null)[]>();

function parentLookups(collection: Collection): readonly (ParentLookup | null)[] {
  let found = lookups.get(collection);
  if (found === undefined) {
    found = collection.references.map(({ relation, parent }) => {
      const sequence = sequenceOn(parent, relation.to);
      if (sequence === null) return null;
      const byKey = sequence === parent.key && sequence.columns.length === relation.to.length;
      return { space: sequence.space, prefixOf: prefixReader(sequence, relation.to, relation.from), byKey };
    });
    lookups.set(collection, found);
  }
  return found;
}

/** Whether every parent that the document names exists already. */
function hasParents(view: View, collection: Collection, doc: Doc): boolean {
  for (const lookup of parentLookups(collection)) {
    if (lookup === null) return false;
    const prefix = lookup.prefixOf(doc);
    if (prefix === null) continue;
    const parent = (lookup.byKey ? get : first)(view, lookup.space, prefix);
    if (parent === undefined || parent === LATER) return false;
  }
  return true;
}
