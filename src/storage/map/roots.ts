/**
 * One version of every space: a persistent tree each. Versions share what did not change; making the next one never
 * touches an earlier one.
 */
import { invariant } from "../../base/assert.js";
import type { Doc } from "../../schema/model.js";
import { Tree, type TreeEditor } from "../btree.js";
import type { Derived, Key, Mutation, Space, StoredValue } from "../store.js";

export interface Roots {
  /** Number of the last commit in this version. */
  readonly sequence: number;
  readonly trees: ReadonlyMap<string, Tree<StoredValue>>;
}

export const EMPTY_ROOTS: Roots = { sequence: 0, trees: new Map() };

export function treeOf(roots: Roots, space: string): Tree<StoredValue> {
  const tree = roots.trees.get(space);
  invariant(tree !== undefined, `The store has no space "${space}"`);
  return tree;
}

/** The version after a commit. */
export function applyBatch(roots: Roots, batch: readonly Mutation[], sequence: number): Roots {
  const editors = new Map<string, TreeEditor<StoredValue>>();
  let space: string | undefined;
  let editor: TreeEditor<StoredValue> | undefined;
  for (let i = 0; i < batch.length; i++) {
    const mutation = batch[i]!;
    if (mutation.space !== space || editor === undefined) {
      space = mutation.space;
      editor = editors.get(space);
      if (editor === undefined) {
        editor = treeOf(roots, space).edit();
        editors.set(space, editor);
      }
    }
    if (mutation.value === undefined) editor.delete(mutation.key);
    else editor.set(mutation.key, mutation.value);
  }
  const trees = new Map(roots.trees);
  for (const [id, changed] of editors) trees.set(id, changed.freeze());
  return { sequence, trees };
}

/** An index built from every document of its docs space. */
export function deriveTree(docs: Tree<StoredValue>, derived: Derived): Tree<StoredValue> {
  const keys: Key[] = [];
  const values: Key[] = [];
  const docKeys: Key[] = [];
  const found: StoredValue[] = [];
  docs.cursor().take(docs.size, docKeys, found);
  let ascending = true;
  for (let i = 0; i < docKeys.length; i++) {
    for (const key of derived.keys(found[i] as Doc, docKeys[i]!)) {
      if (keys.length > 0 && key <= keys[keys.length - 1]!) ascending = false;
      keys.push(key);
      values.push(docKeys[i]!);
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
