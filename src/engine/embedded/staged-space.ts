/**
 * The staged entries of one space: a Map for point reads, and on demand their keys in order. Order is kept in two sorted
 * runs (a large one, and a small one that takes new keys), so that alternating writes and range reads stay cheap.
 * Invariant: main, recent and fresh together hold each key of `values` exactly once.
 */
import { keepShape } from "../../base/shapes.js";
import type { Key, Range, StoredValue } from "../../storage/store.js";

/** The smallest index whose key is >= `key`. */
export function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By UTF-16 code units, which is how keys compare. */
function compareKeys(a: Key, b: Key): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Merges two sorted runs without common keys. */
function mergeRuns(a: readonly Key[], b: readonly Key[]): Key[] {
  const merged = new Array<Key>(a.length + b.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < merged.length; k++) {
    merged[k] = j >= b.length || (i < a.length && a[i]! < b[j]!) ? a[i++]! : b[j++]!;
  }
  return merged;
}

function insertInto(run: Key[], key: Key): void {
  if (run.length === 0 || run[run.length - 1]! < key) run.push(key);
  else run.splice(lowerBound(run, key), 0, key);
}

/** The keys of a run in a range, or the first so many of them in the direction of the range. */
function part(run: readonly Key[], range: Range, most: number): readonly Key[] {
  let start = range.gte === undefined ? 0 : lowerBound(run, range.gte);
  let end = range.lt === undefined ? run.length : lowerBound(run, range.lt);
  if (end - start > most) {
    if (range.reverse === true) start = end - most;
    else end = start + most;
  }
  return start >= end ? [] : run.slice(start, end);
}

export class StagedSpace {
  readonly values = new Map<Key, StoredValue | undefined>();
  /** How many entries the space gained (or lost) against what lies below; null when nobody counted. */
  delta: number | null = 0;
  /** How many of the entries stand for a deletion. */
  deletions = 0;
  /** Set once a frozen view refers to this object: the next write goes to a copy. */
  shared = false;
  #main: Key[] = [];
  #recent: Key[] = [];
  #fresh: Key[] = [];

  set(key: Key, value: StoredValue | undefined): void {
    const before = this.values.size;
    // Values are looked up before they are replaced only where there may be a deletion among them.
    if (this.deletions > 0 && this.values.has(key) && this.values.get(key) === undefined) this.deletions--;
    if (value === undefined) this.deletions++;
    this.values.set(key, value);
    if (this.values.size !== before) this.#fresh.push(key);
  }

  /** Takes a key out again (undo). */
  forget(key: Key): void {
    if (this.deletions > 0 && this.values.has(key) && this.values.get(key) === undefined) this.deletions--;
    if (!this.values.delete(key)) return;
    this.#main = [];
    this.#recent = [];
    this.#fresh = [...this.values.keys()];
  }

  copy(): StagedSpace {
    const copy = new StagedSpace();
    for (const [key, value] of this.values) copy.values.set(key, value);
    copy.delta = this.delta;
    copy.deletions = this.deletions;
    copy.#main = this.#main.slice();
    copy.#recent = this.#recent.slice();
    copy.#fresh = this.#fresh.slice();
    return copy;
  }

  /**
   * The staged keys inside the range, ascending whatever the range's direction; deleted ones are among them. `most`: the first so
   * many in the direction of the range are enough.
   */
  keysIn(range: Range, most = Number.POSITIVE_INFINITY): readonly Key[] {
    this.#sort();
    const old = part(this.#main, range, most);
    const recent = part(this.#recent, range, most);
    if (recent.length === 0) return old;
    return old.length === 0 ? recent : mergeRuns(old, recent);
  }

  #sort(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    // Keys mostly come one at a time, and often in order.
    if (fresh.length === 1) insertInto(this.#recent, fresh[0]!);
    else this.#recent = mergeRuns(this.#recent, fresh.sort(compareKeys));
    if (this.#recent.length <= 64 + 4 * Math.sqrt(this.#main.length)) return;
    this.#main = mergeRuns(this.#main, this.#recent);
    this.#recent = [];
  }
}

keepShape(new StagedSpace());
