/**
 * Positions of keys in ascending order of key, equal ones in the order in which they came: a merge sort that can stop at any
 * time, so that sorting a million keys leaves the event loop its turns.
 */
import type { Pace } from "./pace.js";
import type { Key } from "./store.js";

/** Runs of this many are sorted in one go. */
const RUN = 1024;
/** Moves between two looks at the clock. */
const STEP = 1024;

export async function orderOf(keys: readonly Key[], pace: Pace): Promise<Uint32Array> {
  const count = keys.length;
  let from = new Uint32Array(count);
  let to = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  const compare = (a: number, b: number): number => {
    const x = keys[a]!;
    const y = keys[b]!;
    return x < y ? -1 : x > y ? 1 : a - b;
  };
  for (let start = 0; start < count; start += RUN) {
    from.subarray(start, start + RUN).sort(compare);
    if (pace.due()) await pace.turn();
  }
  for (let width = RUN; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const merge: Merge = {
        i: start,
        middle: Math.min(start + width, count),
        j: Math.min(start + width, count),
        end: Math.min(start + 2 * width, count),
        at: start,
      };
      while (merge.at < merge.end) {
        mergeStep(keys, from, to, merge, Math.min(merge.at + STEP, merge.end));
        if (pace.due()) await pace.turn();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Two sorted neighbours on their way into one: `i` up to `middle`, and `j` up to `end`; `at` is the next place. */
interface Merge {
  i: number;
  readonly middle: number;
  j: number;
  readonly end: number;
  at: number;
}

function mergeStep(keys: readonly Key[], from: Uint32Array, to: Uint32Array, merge: Merge, stop: number): void {
  const { middle, end } = merge;
  let { i, j, at } = merge;
  while (at < stop) {
    if (i >= middle) to[at++] = from[j++]!;
    else if (j >= end || keys[from[i]!]! <= keys[from[j]!]!) to[at++] = from[i++]!;
    else to[at++] = from[j++]!;
  }
  merge.i = i;
  merge.j = j;
  merge.at = at;
}
