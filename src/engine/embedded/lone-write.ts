/**
 * The short way for the writes that are made most: new documents, or changes to one found by its key, while nobody else
 * has the turn to write. It reads the newest state and builds the batch at once: no turn to wait for, no session, no plan.
 *
 * It knows only commands that succeed by looking at the few entries that they name. Whatever else may be the case (a
 * duplicate, a missing parent, an index or reference that the change touches, a store that must read a file first) makes it
 * decline with null before anything has happened, and the general way (writes.ts) gives the result or the error.
 */
import { compileChanges } from "../../query/apply-changes.js";
import type { Change, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { Key, Mutation, PointValue, StoredValue } from "../../storage/store.js";
import { atHand, LATER } from "./at-hand.js";
import type { Catalog, Collection } from "./catalog.js";
import type { CollectionIndex } from "./indexes.js";
import { loneInsert, type NewestState } from "./lone-insert.js";

export interface LoneWrite {
  readonly mutations: readonly Mutation[];
  readonly result: WriteResult;
}

type Command<K extends WriteCommand["kind"]> = Extract<WriteCommand, { readonly kind: K }>;
type Lone<K extends WriteCommand["kind"]> = (
  newest: NewestState,
  catalog: Catalog,
  command: Command<K>,
) => LoneWrite | null;

const NO_DOCS: readonly Doc[] = Object.freeze([]);
const NOTHING: LoneWrite = { mutations: [], result: { count: 0, docs: NO_DOCS } };

const result = (command: { readonly returning: boolean }, doc: Doc): WriteResult => ({
  count: 1,
  docs: command.returning ? Object.freeze([doc]) : NO_DOCS,
});

const update: Lone<"update"> = (newest, catalog, command) => {
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
  const before = rowAt(newest, collection.space, key, value);
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

function rowAt(
  { store, ahead }: NewestState,
  space: string,
  key: Key,
  value: PointValue,
): StoredValue | undefined | typeof LATER {
  const staged = ahead?.staged(space);
  return staged?.has(key) === true ? staged.get(key) : atHand(store.point(space, value));
}

function isTouched({ index }: CollectionIndex, changes: readonly Change[]): boolean {
  for (const path of index.paths) for (const change of changes) if (change.path[0] === path[0]) return true;
  return false;
}

const insert: Lone<"insert"> = (newest, catalog, command) => {
  const inserted = loneInsert(newest, catalog, command);
  if (inserted === null) return null;
  const { docs, mutations } = inserted;
  return { mutations, result: { count: docs.length, docs: command.returning ? Object.freeze(docs) : NO_DOCS } };
};

const decline = (): null => null;
const LONE: { readonly [K in WriteCommand["kind"]]: Lone<K> } = { insert, update, delete: decline };

/** The command as one batch over the newest state, or null when it must go the general way. */
export function loneWrite(newest: NewestState, catalog: Catalog, command: WriteCommand): LoneWrite | null {
  return (LONE[command.kind] as Lone<WriteCommand["kind"]>)(newest, catalog, command as never);
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
