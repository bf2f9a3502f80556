/**
 * The staged changes of a write transaction, per space, and the view that puts them over a snapshot.
 * Savepoints are positions in an undo log, which is written only while one is open.
 */

import { invariant } from "../../base/assert.js";
import { keepShape } from "../../base/shapes.js";
import { groupsByRanges } from "../../storage/groups.js";
import type { Batch, Key, Maybe, Mutation, Range, StoredValue } from "../../storage/store.js";
import { StagedSpace } from "./staged-space.js";
import type { View } from "./view.js";

interface Undo {
  readonly space: string;
  readonly key: Key;
  readonly had: boolean;
  readonly value: StoredValue | undefined;
  readonly delta: number;
}

type Spaces = Map<string, StagedSpace>;

export class Overlay {
  readonly #spaces: Spaces = new Map();
  readonly #undo: Undo[] = [];
  #savepoints = 0;

  get empty(): boolean {
    for (const staged of this.#spaces.values()) if (staged.values.size > 0) return false;
    return true;
  }

  /** Stages one entry. `delta`: 1 for a new entry, -1 for a removed one, 0 for a replaced one. */
  stage(space: string, key: Key, value: StoredValue | undefined, delta: -1 | 0 | 1): void {
    const staged = this.#writable(space);
    if (this.#savepoints > 0) {
      const had = staged.values.has(key);
      this.#undo.push({ space, key, had, value: had ? staged.values.get(key) : undefined, delta });
    }
    staged.set(key, value);
    if (staged.delta !== null) staged.delta += delta;
  }

  /** Lays a committed batch over this one; entries are no longer counted then. */
  absorb(mutations: readonly Mutation[]): void {
    for (const { space, key, value } of mutations) {
      const staged = this.#writable(space);
      staged.set(key, value);
      staged.delta = null;
    }
  }

  /** What is staged in a space, by key; undefined stands for a deletion. Null: nothing is. */
  staged(space: string): ReadonlyMap<Key, StoredValue | undefined> | null {
    const staged = this.#spaces.get(space);
    return staged === undefined || staged.values.size === 0 ? null : staged.values;
  }

  /** Opens a savepoint and names it. Savepoints end in the opposite order of their opening. */
  savepoint(): number {
    this.#savepoints++;
    return this.#undo.length;
  }

  /** Keeps what was staged since the savepoint. */
  release(_savepoint: number): void {
    this.#close();
  }

  /** Takes back everything staged since the savepoint. */
  rollback(savepoint: number): void {
    while (this.#undo.length > savepoint) {
      const step = this.#undo.pop()!;
      const staged = this.#writable(step.space);
      if (step.had) staged.set(step.key, step.value);
      else staged.forget(step.key);
      if (staged.delta !== null) staged.delta -= step.delta;
    }
    this.#close();
  }

  /** What is staged, by space. */
  *changes(): Generator<readonly [space: string, entries: ReadonlyMap<Key, StoredValue | undefined>]> {
    for (const [space, { values }] of this.#spaces) if (values.size > 0) yield [space, values];
  }

  /** A range of a space as it is below, with what is staged on top. */
  laidOver(space: string, range: Range, below: Batch): Batch {
    const staged = this.#spaces.get(space);
    if (staged === undefined || staged.values.size === 0) return below;
    const keys = inOrder(staged.keysIn(range), range);
    return merge(below, keys, staged, range.reverse === true, Number.POSITIVE_INFINITY);
  }

  mutations(): Mutation[] {
    const batch: Mutation[] = [];
    for (const [space, staged] of this.#spaces) {
      for (const [key, value] of staged.values) batch.push({ space, key, value });
    }
    return batch;
  }

  /** What a reader sees: `base` with the staged entries on top, following later changes. */
  view(base: View): View {
    return new OverlayView(base, this.#spaces);
  }

  /** As `view`, but later changes of this overlay do not show. */
  frozenView(base: View): View {
    for (const staged of this.#spaces.values()) staged.shared = true;
    return new OverlayView(base, new Map(this.#spaces));
  }

  #writable(space: string): StagedSpace {
    let staged = this.#spaces.get(space);
    if (staged === undefined || staged.shared) {
      staged = staged === undefined ? new StagedSpace() : staged.copy();
      this.#spaces.set(space, staged);
    }
    return staged;
  }

  #close(): void {
    invariant(this.#savepoints > 0, "no savepoint is open");
    if (--this.#savepoints === 0) this.#undo.length = 0;
  }
}

class OverlayView implements View {
  readonly #base: View;
  readonly #spaces: ReadonlyMap<string, StagedSpace>;

  constructor(base: View, spaces: ReadonlyMap<string, StagedSpace>) {
    this.#base = base;
    this.#spaces = spaces;
  }

  getMany(space: string, keys: readonly Key[]): Maybe<readonly (StoredValue | undefined)[]> {
    const staged = this.#staged(space);
    if (staged === null) return this.#base.getMany(space, keys);
    // No holes: callers may map over it.
    const found = new Array<StoredValue | undefined>(keys.length).fill(undefined);
    const missing: Key[] = [];
    const places: number[] = [];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const value = staged.values.get(key);
      if (value !== undefined) found[i] = value;
      else if (!staged.values.has(key)) {
        missing.push(key);
        places.push(i);
      }
    }
    if (missing.length === 0) return found;
    return afterwards(this.#base.getMany(space, missing), (below) => {
      for (let i = 0; i < places.length; i++) found[places[i]!] = below[i];
      return found;
    });
  }

  ranges(space: string, ranges: readonly Range[], limit = Number.POSITIVE_INFINITY): Maybe<readonly Batch[]> {
    const staged = this.#staged(space);
    if (staged === null) return this.#base.ranges(space, ranges, limit);
    // A staged deletion takes the place of an entry below: as many more must be asked for, and looked at here.
    const most = limit + staged.deletions;
    const keys = ranges.map((range) => staged.keysIn(range, most));
    return afterwards(this.#base.ranges(space, ranges, most), (below) =>
      below.map((batch, i) => {
        const range = ranges[i]!;
        return merge(batch, inOrder(keys[i]!, range), staged, range.reverse === true, limit);
      }),
    );
  }

  scan(space: string, range: Range, batch: number): AsyncIterableIterator<Batch> {
    const staged = this.#staged(space);
    const keys = staged === null ? [] : inOrder(staged.keysIn(range), range);
    if (staged === null || keys.length === 0) return this.#base.scan(space, range, batch);
    return mergedScan(
      this.#base.scan(space, { ...range, anyOrder: false }, batch),
      keys,
      staged,
      range.reverse === true,
    );
  }

  groups(space: string, components: readonly Key[]): Maybe<readonly (readonly StoredValue[])[]> {
    return this.#staged(space) === null
      ? this.#base.groups(space, components)
      : groupsByRanges(this, space, components);
  }

  async size(space: string): Promise<number> {
    const size = await this.#base.size(space);
    const staged = this.#staged(space);
    if (staged === null) return size;
    return size + (staged.delta ?? (await this.#countDelta(space, staged)));
  }

  async #countDelta(space: string, staged: StagedSpace): Promise<number> {
    const keys = [...staged.values.keys()];
    const below = await this.#base.getMany(space, keys);
    let delta = 0;
    keys.forEach((key, i) => {
      delta += (staged.values.get(key) === undefined ? 0 : 1) - (below[i] === undefined ? 0 : 1);
    });
    return delta;
  }

  #staged(space: string): StagedSpace | null {
    const staged = this.#spaces.get(space);
    return staged === undefined || staged.values.size === 0 ? null : staged;
  }
}

/** Goes on at once with what is at hand. */
function afterwards<T, R>(value: Maybe<T>, next: (value: T) => R): Maybe<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** `keys` are ascending; a reverse range wants them the other way round. */
function inOrder(keys: readonly Key[], range: Range): readonly Key[] {
  return range.reverse === true ? keys.toReversed() : keys;
}

/** One batch from below with the staged keys of the same range laid over it, cut to `limit`. */
function merge(below: Batch, staged: readonly Key[], space: StagedSpace, reverse: boolean, limit: number): Batch {
  if (staged.length === 0 && below.keys.length <= limit) return below;
  const keys: Key[] = [];
  const values: StoredValue[] = [];
  let i = 0;
  let j = 0;
  while ((i < below.keys.length || j < staged.length) && keys.length < limit) {
    const a = below.keys[i];
    const b = staged[j];
    if (b === undefined || (a !== undefined && (reverse ? a > b : a < b))) {
      keys.push(a!);
      values.push(below.values[i]!);
      i++;
      continue;
    }
    if (a === b) i++;
    j++;
    const value = space.values.get(b);
    if (value === undefined) continue;
    keys.push(b);
    values.push(value);
  }
  return { keys, values };
}

async function* mergedScan(
  below: AsyncIterableIterator<Batch>,
  staged: readonly Key[],
  space: StagedSpace,
  reverse: boolean,
): AsyncIterableIterator<Batch> {
  let next = 0;
  for await (const batch of below) {
    const last = batch.keys.at(-1);
    if (last === undefined) continue;
    let end = next;
    while (end < staged.length && (reverse ? staged[end]! >= last : staged[end]! <= last)) end++;
    const merged = merge(batch, staged.slice(next, end), space, reverse, Number.POSITIVE_INFINITY);
    next = end;
    if (merged.keys.length > 0) yield merged;
  }
  const rest = merge({ keys: [], values: [] }, staged.slice(next), space, reverse, Number.POSITIVE_INFINITY);
  if (rest.keys.length > 0) yield rest;
}

keepShape(new Overlay());
