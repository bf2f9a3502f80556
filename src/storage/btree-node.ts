/** Nodes of the B+tree (see btree.ts), the count that dates them, and the two searches inside one. */

let clock = 0;

/** A new stamp, greater than all before it. */
export function nextStamp(): number {
  return ++clock;
}

/** No node has a greater stamp yet. */
export function latestStamp(): number {
  return clock;
}

export class Leaf<V> {
  constructor(
    readonly stamp: number,
    public keys: string[],
    public values: V[],
  ) {}
}

export class Branch<V> {
  constructor(
    readonly stamp: number,
    public keys: string[],
    public children: Node<V>[],
  ) {}
}

export type Node<V> = Leaf<V> | Branch<V>;

/** Index of the first key >= `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the child under which `key` belongs. */
export function childIndex(keys: readonly string[], key: string): number {
  let low = 1;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
