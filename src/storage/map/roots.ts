/**
 * One version of every space: a persistent tree each. Versions share what did not change; making the next one never
 * touches an earlier one.
 */
import { invariant } from "../../base/assert.js";
import type { Doc } from "../../schema/model.js";
import { Tree, type TreeEditor } from "../btree.js";
import { nextStamp } from "../btree-node.js";
import type { Derived, Key, Mutation, Space, StoredValue } from "../store.js";

export interface Roots {
  /** Number of the last commit in this version. */
  readonly sequence: number;
  readonly trees: ReadonlyMap<string, Tree<StoredValue>>;
  /** As for nodes of the trees: made by `applyBatch` at that time, and changed by it in place when younger than its limit. */
  readonly stamp?: number;
}

type Own = { sequence: number; readonly trees: Map<string, Tree<StoredValue>>; readonly stamp: number };

export const EMPTY_ROOTS: Roots = { sequence: 0, trees: new Map() };

export function treeOf(roots: Roots, space: string): Tree<StoredValue> {
  const tree = roots.trees.get(space);
  invariant(tree !== undefined, `The store has no space "${space}"`);
  return tree;
}

/** Throws when the batch names a space that does not exist. */
export function checkSpaces(roots: Roots, batch: readonly Mutation[]): void {
  let space: string | undefined;
  for (let i = 0; i < batch.length; i++) {
    const named = batch[i]!.space;
    if (named === space) continue;
    space = named;
    treeOf(roots, space);
  }
}

/** The version after a commit whose spaces exist. What is younger than `limit` is taken from the version before it. */
export function applyBatch(roots: Roots, batch: readonly Mutation[], sequence: number, limit: number): Roots {
  const { stamp } = roots;
  const next =
    stamp !== undefined && stamp > limit
      ? (roots as Own)
      : { sequence, trees: new Map(roots.trees), stamp: nextStamp() };
  const { trees } = next;
  for (let i = 0; i < batch.length; ) {
    const { space } = batch[i]!;
    const editor: TreeEditor<StoredValue> = trees.get(space)!.edit(limit);
    for (; i < batch.length; i++) {
      const mutation = batch[i]!;
      if (mutation.space !== space) break;
      if (mutation.value === undefined) editor.delete(mutation.key);
      else editor.set(mutation.key, mutation.value);
    }
    trees.set(space, editor.freeze());
  }
  next.sequence = sequence;
  return next;
}

/** An index built from every document of its docs space. */
export function deriveTree(docs: Tree<StoredValue>, derived: Derived): Tree<StoredValue> {
  const keys: Key[] = [];
  const values: Doc[] = [];
  const docKeys: Key[] = [];
  const found: Doc[] = [];
  docs.cursor().take(docs.size, docKeys, found);
  let ascending = true;
  for (let i = 0; i < docKeys.length; i++) {
    for (const key of derived.keys(found[i]!, docKeys[i]!)) {
      if (keys.length > 0 && key <= keys[keys.length - 1]!) ascending = false;
      keys.push(key);
      values.push(found[i]!);
    }
  }
  if (ascending) return Tree.fromSorted<StoredValue>(keys, values);
  const order = sortedOrder(keys);
  return Tree.fromSorted<StoredValue>(
    Array.from(order, (at) => keys[at]!),
    Array.from(order, (at) => values[at]!),
  );
}

/** Positions of the keys in ascending order of key. */
export function sortedOrder(keys: readonly Key[]): Uint32Array {
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : 0));
}

/**
 * The same documents under another set of spaces: docs and meta spaces keep their entries or start empty, index spaces
 * that are new (or whose docs space is) are derived, spaces that are gone are dropped.
 */
export function reshapeRoots(roots: Roots, spaces: readonly Space[], rederive: boolean): Roots {
  const trees = new Map<string, Tree<StoredValue>>();
  for (const space of spaces) {
    if (space.kind !== "index") trees.set(space.id, roots.trees.get(space.id) ?? Tree.empty<StoredValue>());
  }
  for (const space of spaces) {
    for (const derived of space.derive) {
      const kept = rederive ? undefined : roots.trees.get(derived.space);
      trees.set(derived.space, kept ?? deriveTree(trees.get(space.id)!, derived));
    }
  }
  for (const space of spaces) {
    if (!trees.has(space.id)) trees.set(space.id, roots.trees.get(space.id) ?? Tree.empty<StoredValue>());
  }
  return { sequence: roots.sequence, trees };
}
