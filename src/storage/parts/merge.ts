/**
 * Scans over several partitions that do not fit into memory together.
 *
 * In any order: one after the other. In key order: each partition gives a run of its next entries; the runs are merged until
 * one is used up, and its partition is asked for the next one. A run is as long as the memory set aside allows. Files have
 * the documents in order, so a run of them is read from there (slices.ts). A run of an index, or of a file that cannot be read
 * so, takes loading the partition, which may then be dropped again: about (its size / length of a run) times.
 */
import type { Tree } from "../btree.js";
import type { Batch, Key, Range, StoredValue } from "../store.js";
import type { SliceReader } from "./slices.js";
import type { Part } from "./version.js";

/** Shortest run: below it, loading costs far more than what is gained. */
const LEAST_RUN = 64;

export async function* partwiseScan<P>(
  parts: readonly P[],
  treeOf: (part: P) => Promise<Tree<StoredValue>> | Tree<StoredValue>,
  range: Range,
  batch: number,
): AsyncGenerator<Batch, void, undefined> {
  for (const part of parts) {
    const cursor = (await treeOf(part)).cursor(range);
    for (;;) {
      const keys: Key[] = [];
      const values: StoredValue[] = [];
      const taken = cursor.take(batch, keys, values);
      if (taken > 0) yield { keys, values };
      if (taken < batch) break;
    }
  }
}

interface Run {
  readonly part: Part;
  keys: Key[];
  values: StoredValue[];
  at: number;
  /** The last key of the runs before. */
  from: Key | undefined;
  /** Nothing comes after this run. */
  last: boolean;
  /** Null: the partition has to be loaded. */
  slices: SliceReader | null;
}

export async function* mergedScan(
  parts: readonly Part[],
  treeOf: (part: Part) => Promise<Tree<StoredValue>> | Tree<StoredValue>,
  range: Range,
  batch: number,
  bytes: number,
  slicesOf: ((part: Part, text: number) => SliceReader) | null,
): AsyncGenerator<Batch, void, undefined> {
  const reverse = range.reverse === true;
  const length = runLength(parts, bytes);
  const fill = async (run: Run): Promise<void> => {
    const from = run.keys[run.keys.length - 1] ?? run.from;
    run.from = from;
    const slice = (await run.slices?.next()) ?? null;
    run.at = 0;
    if (slice !== null) {
      run.keys = slice.keys;
      run.values = slice.values;
      run.last = slice.last;
      return;
    }
    run.slices = null;
    let rest: Range = range;
    if (from !== undefined) rest = reverse ? { ...range, lt: from } : { ...range, gte: `${from}\0` };
    run.keys = [];
    run.values = [];
    run.last = (await treeOf(run.part)).cursor(rest).take(length, run.keys, run.values) < length;
  };
  const runs: Run[] = parts.map((part) => {
    const { stored } = part.slot;
    const { weight, count } = part.content;
    // As many characters as a run of that many documents has; a partition that is not split into runs is loaded.
    const text = stored === null || count <= length ? null : (stored.text / count) * length;
    return {
      part,
      keys: [],
      values: [],
      at: 0,
      from: undefined,
      last: false,
      slices: text === null || weight === 0 ? null : (slicesOf?.(part, text) ?? null),
    };
  });
  for (const run of runs) await fill(run);
  // The runs as a heap: the one whose next entry comes first is at the top.
  const before = (a: Run, b: Run): boolean => {
    const x = a.keys[a.at]!;
    const y = b.keys[b.at]!;
    return reverse ? x > y : x < y;
  };
  const heap: Run[] = [];
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const child = left + 1 < heap.length && before(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (before(heap[at]!, heap[child]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
  };
  for (const run of runs) if (run.keys.length > 0) heap.push(run);
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at);
  let keys: Key[] = [];
  let values: StoredValue[] = [];
  while (heap.length > 0) {
    const run = heap[0]!;
    keys.push(run.keys[run.at]!);
    values.push(run.values[run.at]!);
    run.at++;
    if (run.at === run.keys.length) {
      if (!run.last) await fill(run);
      if (run.keys.length === run.at) {
        const end = heap.pop()!;
        if (end !== run) heap[0] = end;
      }
    }
    sink(0);
    if (keys.length === batch) {
      yield { keys, values };
      keys = [];
      values = [];
    }
  }
  if (keys.length > 0) yield { keys, values };
}

function runLength(parts: readonly Part[], bytes: number): number {
  let weight = 0;
  let count = 0;
  for (const { content } of parts) {
    weight += content.weight;
    count += content.count;
  }
  if (weight <= bytes || count === 0) return Number.MAX_SAFE_INTEGER;
  return Math.max(LEAST_RUN, Math.floor(bytes / (weight / count) / parts.length));
}
