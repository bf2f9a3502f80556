/**
 * One version of every space: a persistent tree each. Versions share what did not change; making the next one never
 * touches an earlier one.
 */
import { invariant } from "../../base/assert.js";
import { Tree, type TreeEditor } from "../btree.js";
import { nextStamp } from "../btree-node.js";
import type { Derived, Mutation, Space, StoredValue } from "../store.js";

export interface Roots {
  /** Number of the last commit in this version. */
  readonly sequence: number;
  readonly trees: ReadonlyMap<string, Tree<StoredValue>>;
  /** What index spaces are made of. One that was not read yet has no tree (see late-indexes.ts). */
  readonly indexes?: ReadonlyMap<string, IndexOf>;
  /** As for nodes of the trees: made by `applyBatch` at that time, and changed by it in place when younger than its limit. */
  readonly stamp?: number;
}

/** An index space: the space of the documents, and how entries follow from them. */
export interface IndexOf {
  readonly owner: string;
  readonly derived: Derived;
}

type Own = Omit<Roots, "sequence"> & { sequence: number; readonly trees: Map<string, Tree<StoredValue>> };

export const EMPTY_ROOTS: Roots = { sequence: 0, trees: new Map() };

export function treeOf(roots: Roots, space: string): Tree<StoredValue> {
  const tree = roots.trees.get(space);
  invariant(tree !== undefined, `The store has no space "${space}"`);
  return tree;
}

/** Gives a version a tree that follows from what it holds. */
export function addTree(roots: Roots, space: string, tree: Tree<StoredValue>): void {
  (roots.trees as Map<string, Tree<StoredValue>>).set(space, tree);
}

/** Throws when the batch names a space that does not exist. */
export function checkSpaces(roots: Roots, batch: readonly Mutation[]): void {
  let space: string | undefined;
  for (let i = 0; i < batch.length; i++) {
    const named = batch[i]!.space;
    if (named === space) continue;
    space = named;
    if (roots.indexes?.has(space) !== true) treeOf(roots, space);
  }
}

/** The version after a commit whose spaces exist. What is younger than `limit` is taken from the version before it. */
export function applyBatch(roots: Roots, batch: readonly Mutation[], sequence: number, limit: number): Roots {
  const { stamp } = roots;
  const next =
    stamp !== undefined && stamp > limit
      ? (roots as Own)
      : { ...roots, sequence, trees: new Map(roots.trees), stamp: nextStamp() };
  const { trees } = next;
  for (let i = 0; i < batch.length; ) {
    const { space } = batch[i]!;
    const tree = trees.get(space);
    if (tree === undefined) {
      // An index that is not built yet.
      while (i < batch.length && batch[i]!.space === space) i++;
      continue;
    }
    const editor: TreeEditor<StoredValue> = tree.edit(limit);
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

/**
 * The same documents under another set of spaces: docs and meta spaces keep their entries or start empty, spaces that are gone
 * are dropped. An index is kept when it was built for the same documents, else it is built when it is first read.
 */
export function reshapeRoots(roots: Roots, spaces: readonly Space[]): Roots {
  const trees = new Map<string, Tree<StoredValue>>();
  const indexes = new Map<string, IndexOf>();
  for (const space of spaces) {
    for (const derived of space.derive) indexes.set(derived.space, { owner: space.id, derived });
  }
  for (const { id } of spaces) {
    if (!indexes.has(id)) trees.set(id, roots.trees.get(id) ?? Tree.empty<StoredValue>());
  }
  for (const [id, { owner }] of indexes) {
    const kept = roots.trees.get(id);
    if (kept !== undefined) trees.set(id, kept);
    else if (trees.get(owner)!.size === 0) trees.set(id, Tree.empty<StoredValue>());
  }
  return { sequence: roots.sequence, trees, indexes };
}
