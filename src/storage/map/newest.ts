/**
 * A hash in front of the trees, for point reads of the newest version: a look-up costs less than half of the tree's. It is
 * made per space once so many single reads were done that it pays, and follows every commit. Older versions use the tree.
 */
import type { Tree } from "../btree.js";
import type { Key, Mutation, StoredValue } from "../store.js";
import { type Roots, treeOf } from "./roots.js";

/** Single reads that make a hash worth its making: this share of the space's entries. */
const SHARE = 1 / 8;
const LEAST_READS = 256;

/** So many single reads make a hash of the tree worth its making. */
export function readsThatPay(tree: Tree<StoredValue>): number {
  return Math.max(LEAST_READS, tree.size * SHARE);
}

export class Newest {
  #roots: Roots;
  #sequence: number;
  #maps = new Map<string, Map<Key, StoredValue>>();
  #reads = new Map<string, number>();

  constructor(roots: Roots) {
    this.#roots = roots;
    this.#sequence = roots.sequence;
  }

  get(roots: Roots, space: string, key: Key): StoredValue | undefined {
    if (roots !== this.#roots) return treeOf(roots, space).get(key);
    const map = this.#maps.get(space);
    if (map !== undefined) return map.get(key);
    const tree = treeOf(roots, space);
    const reads = (this.#reads.get(space) ?? 0) + 1;
    this.#reads.set(space, reads);
    if (reads >= readsThatPay(tree)) this.#build(space, tree);
    return tree.get(key);
  }

  #build(space: string, tree: Tree<StoredValue>): void {
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    tree.cursor().take(tree.size, keys, values);
    const map = new Map<Key, StoredValue>();
    for (let i = 0; i < keys.length; i++) map.set(keys[i]!, values[i]!);
    this.#maps.set(space, map);
  }

  /** The version after `batch` is the newest now. */
  advance(roots: Roots, batch: readonly Mutation[]): void {
    if (roots.sequence !== this.#sequence + 1) {
      this.reset(roots);
      return;
    }
    this.#roots = roots;
    this.#sequence = roots.sequence;
    if (this.#maps.size === 0) return;
    for (const { space, key, value } of batch) {
      const map = this.#maps.get(space);
      if (map === undefined) continue;
      if (value === undefined) map.delete(key);
      else map.set(key, value);
    }
  }

  /** Another version is the newest, and how it came about is not known. */
  reset(roots: Roots): void {
    this.#roots = roots;
    this.#sequence = roots.sequence;
    this.#maps = new Map();
    this.#reads = new Map();
  }
}
