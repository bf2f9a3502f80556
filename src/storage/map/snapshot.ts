/** Reads of one version. Everything is in memory, so nothing waits. What is read after the end of the snapshot is refused. */
import { invariant } from "../../base/assert.js";
import type { Tree } from "../btree.js";
import type { Batch, Key, Range, Snapshot, StoredValue } from "../store.js";
import type { Groups } from "./groups.js";
import type { Newest } from "./newest.js";
import type { Pin, Pins } from "./pins.js";
import { type Roots, treeOf } from "./roots.js";

export class RootsSnapshot implements Snapshot {
  readonly #roots: Roots;
  readonly #newest: Newest;
  readonly #groups: Groups;
  readonly #check: () => void;
  readonly #pins: Pins;
  #pin: Pin | null;

  /** `check` throws when the store can no longer be read. */
  constructor(roots: Roots, newest: Newest, groups: Groups, pins: Pins, check: () => void) {
    this.#roots = roots;
    this.#newest = newest;
    this.#groups = groups;
    this.#check = check;
    this.#pins = pins;
    this.#pin = pins.take();
  }

  getMany(space: string, keys: readonly Key[]): readonly (StoredValue | undefined)[] {
    this.#tree(space);
    if (keys.length === 1) return [this.#newest.get(this.#roots, space, keys[0]!)];
    const values = new Array<StoredValue | undefined>(keys.length);
    for (let i = 0; i < keys.length; i++) values[i] = this.#newest.get(this.#roots, space, keys[i]!);
    return values;
  }

  async *scan(space: string, range: Range, batch: number): AsyncGenerator<Batch, void, undefined> {
    const cursor = this.#tree(space).cursor(range);
    for (;;) {
      const keys: Key[] = [];
      const values: StoredValue[] = [];
      const taken = cursor.take(batch, keys, values);
      if (taken > 0) yield { keys, values };
      if (taken < batch) return;
      this.#tree(space);
    }
  }

  ranges(space: string, ranges: readonly Range[], limit?: number): readonly Batch[] {
    const tree = this.#tree(space);
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

  groups(space: string, components: readonly Key[]): readonly (readonly StoredValue[])[] {
    this.#tree(space);
    return this.#groups.get(this.#roots, space, components);
  }

  async size(space: string): Promise<number> {
    return this.#tree(space).size;
  }

  [Symbol.dispose](): void {
    if (this.#pin === null) return;
    this.#pins.release(this.#pin);
    this.#pin = null;
  }

  #tree(space: string): Tree<StoredValue> {
    this.#check();
    // From here on the trees may be changed in place.
    invariant(this.#pin !== null, "A snapshot is read after its end");
    return treeOf(this.#roots, space);
  }
}
