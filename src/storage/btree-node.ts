/** Nodes of the B+tree (see btree.ts) and the two searches inside one. */

export type Token = object;

export class Leaf<V> {
  constructor(
    public owner: Token | null,
    public keys: string[],
    public values: V[],
  ) {}
}

export class Branch<V> {
  constructor(
    public owner: Token | null,
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
