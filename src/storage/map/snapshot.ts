/** Reads of one version. Everything is in memory, so a batch never waits longer than the await itself. */
import type { Batch, Key, Range, Snapshot, StoredValue } from "../store.js";
import type { Newest } from "./newest.js";
import { type Roots, treeOf } from "./roots.js";

export class RootsSnapshot implements Snapshot {
  readonly #roots: Roots;
  readonly #newest: Newest;
  readonly #check: () => void;

  /** `check` throws when the store can no longer be read. */
  constructor(roots: Roots, newest: Newest, check: () => void) {
    this.#roots = roots;
    this.#newest = newest;
    this.#check = check;
  }

  async getMany(space: string, keys: readonly Key[]): Promise<readonly (StoredValue | undefined)[]> {
    this.#check();
    const tree = treeOf(this.#roots, space);
    if (keys.length === 1) return [this.#newest.get(this.#roots, space, tree, keys[0]!)];
    const values = new Array<StoredValue | undefined>(keys.length);
    for (let i = 0; i < keys.length; i++) values[i] = this.#newest.get(this.#roots, space, tree, keys[i]!);
    return values;
  }

  async *scan(space: string, range: Range, batch: number): AsyncGenerator<Batch, void, undefined> {
    this.#check();
    const cursor = treeOf(this.#roots, space).cursor(range);
    for (;;) {
      const keys: Key[] = [];
      const values: StoredValue[] = [];
      const taken = cursor.take(batch, keys, values);
      if (taken > 0) yield { keys, values };
      if (taken < batch) return;
      this.#check();
    }
  }

  async ranges(space: string, ranges: readonly Range[], limit?: number): Promise<readonly Batch[]> {
    this.#check();
    const tree = treeOf(this.#roots, space);
    const most = limit ?? Number.POSITIVE_INFINITY;
    const batches = new Array<Batch>(ranges.length);
    for (let i = 0; i < ranges.length; i++) {
      const keys: Key[] = [];
      const values: StoredValue[] = [];
      tree.collect(ranges[i]!, most, keys, values);
      batches[i] = { keys, values };
    }
    return batches;
  }

  async size(space: string): Promise<number> {
    this.#check();
    return treeOf(this.#roots, space).size;
  }

  [Symbol.dispose](): void {}
}
