/**
 * A hash in front of the newest version, for rows named by one value: the key of a docs space, or the value of a unique
 * index. It holds the plain values, so that nothing is encoded to look one up. Made per space once so many reads were done
 * that it pays; follows every commit. Null and values that are neither strings nor numbers are not asked for here.
 */

import type { Tree } from "../btree.js";
import { decodeKey, encodeKey } from "../key.js";
import type { Key, Maybe, Mutation, PointValue, Space, StoredValue } from "../store.js";
import type { LateIndexes } from "./late-indexes.js";
import { readsThatPay } from "./newest.js";
import type { Roots } from "./roots.js";

interface Front {
  /** The value that names a document. */
  readonly nameOf: (doc: StoredValue) => unknown;
  readonly keyOf: (doc: StoredValue) => Key;
  readonly isIndex: boolean;
  reads: number;
  map: Map<unknown, StoredValue> | null;
}

export class Points {
  #roots: Roots;
  #fronts: ReadonlyMap<string, Front> = new Map();
  readonly #late: LateIndexes;

  constructor(roots: Roots, late: LateIndexes) {
    this.#roots = roots;
    this.#late = late;
  }

  get(roots: Roots, space: string, value: PointValue): Maybe<StoredValue | undefined> {
    const front = roots === this.#roots ? this.#fronts.get(space) : undefined;
    if (front !== undefined && front.map !== null) {
      // A string still in pieces is hashed and compared piece by piece; looking at a character puts it together. No code
      // unit is that large.
      if (typeof value === "string" && value.charCodeAt(0) > 0xffff) return undefined;
      return front.map.get(value);
    }
    const tree = roots.trees.get(space);
    if (tree === undefined) return this.#late.read(roots, space, (late) => search(late, value));
    if (front !== undefined && ++front.reads >= readsThatPay(tree)) front.map = build(front, tree);
    return search(tree, value);
  }

  /** The version after `batch` is the newest now. */
  advance(roots: Roots, batch: readonly Mutation[]): void {
    this.#roots = roots;
    let named: string | undefined;
    let front: Front | undefined;
    for (let i = 0; i < batch.length; i++) {
      const { space, key, value } = batch[i]!;
      if (space !== named) {
        named = space;
        front = this.#fronts.get(space);
      }
      if (front === undefined || front.map === null) continue;
      if (value !== undefined) front.map.set(front.nameOf(value), value);
      else forget(front.map, front, key);
    }
  }

  /** Another version or another set of spaces is the newest. */
  reset(roots: Roots, spaces: readonly Space[]): void {
    this.#roots = roots;
    const fronts = new Map<string, Front>();
    for (const { id, keyOf, point, derive } of spaces) {
      if (point !== undefined) fronts.set(id, { nameOf: point, keyOf, isIndex: false, reads: 0, map: null });
      for (const { space, point: nameOf } of derive) {
        if (nameOf !== undefined) fronts.set(space, { nameOf, keyOf, isIndex: true, reads: 0, map: null });
      }
    }
    this.#fronts = fronts;
  }
}

/** Entries of an index go on after the value, those of a docs space end there: the first one is the one in both. */
function search(tree: Tree<StoredValue>, value: PointValue): StoredValue | undefined {
  return tree.first(encodeKey([value]));
}

function build({ nameOf }: Front, tree: Tree<StoredValue>): Map<unknown, StoredValue> {
  const docs: StoredValue[] = [];
  tree.cursor().take(tree.size, [], docs);
  const map = new Map<unknown, StoredValue>();
  for (const doc of docs) map.set(nameOf(doc), doc);
  return map;
}

/** An entry that is gone names its value; another document may have taken the value in the same commit. */
function forget(map: Map<unknown, StoredValue>, { keyOf, isIndex }: Front, entry: Key): void {
  const [value] = decodeKey(entry);
  const doc = map.get(value);
  if (doc === undefined) return;
  const own = isIndex ? encodeKey([value ?? null]) + keyOf(doc) : keyOf(doc);
  if (own === entry) map.delete(value);
}
