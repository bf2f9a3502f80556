/** Nodes of the B+tree (see btree.ts), the count that dates them, and the two searches inside one. */

let clock = 1;
let early = 0;

/** A new stamp, greater than all before it. */
export function nextStamp(): number {
  return ++clock;
}

/**
 * As `nextStamp`, but below every stamp of that and every pin: for trees that are made later than the versions they belong
 * to (see map/late-indexes.ts).
 */
export function earlyStamp(): number {
  early += EARLY_STEP;
  return early;
}

/** So small that no process comes to 1 with it. */
const EARLY_STEP = 2 ** -40;

/** No node has a greater stamp yet. */
export function latestStamp(): number {
  return clock;
}

/** The keys of some values, in their order. */
export type KeysOf<V> = (values: readonly V[]) => string[];

export class Leaf<V> {
  #keys: string[] | null;
  readonly #keysOf: KeysOf<V> | null;

  /** Keys that follow from the values need not be there before they are asked for. Values do not change before their keys were. */
  constructor(
    readonly stamp: number,
    keys: string[] | KeysOf<V>,
    readonly values: V[],
  ) {
    this.#keys = typeof keys === "function" ? null : keys;
    this.#keysOf = typeof keys === "function" ? keys : null;
  }

  get keys(): string[] {
    return this.#keys ?? this.#made();
  }

  #made(): string[] {
    this.#keys = this.#keysOf!(this.values);
    return this.#keys;
  }
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
