/**
 * Groups of the newest version that were read before: the documents of all entries of an index whose first component is a
 * given one, such as the posts of an author. Relations ask for the same groups again and again. A commit forgets the
 * groups it touches. Older versions are read from their trees.
 */
import { firstComponent } from "../key.js";
import type { Key, Mutation, StoredValue } from "../store.js";
import { type Roots, treeOf } from "./roots.js";

type Group = readonly StoredValue[];

/** Groups kept per index; when there are more, all are forgotten. */
const MOST = 1 << 16;
/** A commit that touches more entries than this forgets everything instead of looking for each group. */
const BULK = 4096;

export class Groups {
  #roots: Roots;
  readonly #known = new Map<string, Map<Key, Group>>();

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  get(roots: Roots, space: string, prefixes: readonly Key[]): readonly Group[] {
    const tree = treeOf(roots, space);
    const known = roots === this.#roots ? this.#knownOf(space) : null;
    const groups = new Array<Group>(prefixes.length);
    for (let i = 0; i < prefixes.length; i++) {
      const prefix = prefixes[i]!;
      let group = known?.get(prefix);
      if (group === undefined) {
        const values: StoredValue[] = [];
        tree.collect({ gte: prefix, lt: `${prefix}\xff` }, Number.POSITIVE_INFINITY, [], values);
        group = Object.freeze(values);
        known?.set(prefix, group);
      }
      groups[i] = group;
    }
    return groups;
  }

  /** The version after `batch` is the newest now. */
  advance(roots: Roots, batch: readonly Mutation[]): void {
    this.#roots = roots;
    if (this.#known.size === 0) return;
    if (batch.length > BULK) {
      this.#known.clear();
      return;
    }
    for (const { space, key } of batch) {
      const known = this.#known.get(space);
      if (known !== undefined && known.size > 0) known.delete(firstComponent(key));
    }
  }

  /** Another version is the newest, and how it came about is not known. */
  reset(roots: Roots): void {
    this.#roots = roots;
    this.#known.clear();
  }

  #knownOf(space: string): Map<Key, Group> {
    let known = this.#known.get(space);
    if (known === undefined || known.size >= MOST) {
      known = new Map();
      this.#known.set(space, known);
    }
    return known;
  }
}
