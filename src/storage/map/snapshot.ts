/** Reads of one version. All is in memory, so nothing waits but who is the first to read an index. What is read after the end of the snapshot is refused. */
import { invariant } from "../../base/assert.js";
import type { Tree } from "../btree.js";
import type { Batch, Key, Maybe, Range, Snapshot, StoredValue } from "../store.js";
import type { Groups } from "./groups.js";
import type { LateIndexes } from "./late-indexes.js";
import type { Newest } from "./newest.js";
import type { Pin, Pins } from "./pins.js";
import type { Roots } from "./roots.js";

export class RootsSnapshot implements Snapshot {
  readonly #roots: Roots;
  readonly #newest: Newest;
  readonly #groups: Groups;
  readonly #late: LateIndexes;
  readonly #check: () => void;
  readonly #pins: Pins;
  #pin: Pin | null;

  /** `check` throws when the store can no longer be read. */
  constructor(roots: Roots, newest: Newest, groups: Groups, late: LateIndexes, pins: Pins, check: () => void) {
    this.#roots = roots;
    this.#newest = newest;
    this.#groups = groups;
    this.#late = late;
    this.#check = check;
    this.#pins = pins;
    this.#pin = pins.take();
  }

  getMany(space: string, keys: readonly Key[]): Maybe<readonly (StoredValue | undefined)[]> {
    if (this.#tree(space) === undefined) return this.#later(space, () => this.getMany(space, keys));
    if (keys.length === 1) return [this.#newest.get(this.#roots, space, keys[0]!)];
    const values = new Array<StoredValue | undefined>(keys.length);
    for (let i = 0; i < keys.length; i++) values[i] = this.#newest.get(this.#roots, space, keys[i]!);
    return values;
  }

  async *scan(space: string, range: Range, batch: number): AsyncGenerator<Batch, void, undefined> {
    const tree = this.#tree(space) ?? (await this.#later(space, () => this.#tree(space)!));
    const cursor = tree.cursor(range);
    for (;;) {
      const keys: Key[] = [];
      const values: StoredValue[] = [];
      const taken = cursor.take(batch, keys, values);
      if (taken > 0) yield { keys, values };
      if (taken < batch) return;
      this.#tree(space);
    }
  }

  ranges(space: string, ranges: readonly Range[], limit?: number): Maybe<readonly Batch[]> {
    const tree = this.#tree(space);
    if (tree === undefined) return this.#later(space, () => this.ranges(space, ranges, limit));
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

  groups(space: string, components: readonly Key[]): Maybe<readonly (readonly StoredValue[])[]> {
    if (this.#tree(space) === undefined) return this.#later(space, () => this.groups(space, components));
    return this.#groups.get(this.#roots, space, components);
  }

  async size(space: string): Promise<number> {
    const tree = this.#tree(space) ?? (await this.#later(space, () => this.#tree(space)!));
    return tree.size;
  }

  [Symbol.dispose](): void {
    if (this.#pin === null) return;
    this.#pins.release(this.#pin);
    this.#pin = null;
  }

  /** Undefined: an index that is not built yet. */
  #tree(space: string): Tree<StoredValue> | undefined {
    this.#check();
    // From here on the trees may be changed in place.
    invariant(this.#pin !== null, "A snapshot is read after its end");
    return this.#roots.trees.get(space);
  }

  /** Reads once the index is there. */
  #later<T>(space: string, read: () => T): Promise<Awaited<T>> {
    return this.#late.read(this.#roots, space, read) as Promise<Awaited<T>>;
  }
}
