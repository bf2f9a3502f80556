/** Walks a range of one B+tree (see btree.ts), forward or in reverse. Trees never change, so a cursor is never out of date. */
import { type Branch, childIndex, type Leaf, lowerBound, type Node } from "./btree-node.js";

export interface CursorRange {
  readonly gte?: string | undefined;
  readonly lt?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/** Walks a range of one tree, a run of entries at a time. */
export class Cursor<V> {
  readonly #branches: Branch<V>[] = [];
  readonly #positions: number[] = [];
  readonly #range: CursorRange;
  readonly #reverse: boolean;
  #leaf: Leaf<V> | null;
  /** Forward: next entry of the leaf. Reverse: one past the next entry. */
  #at: number;

  constructor(root: Node<V>, height: number, range: CursorRange) {
    this.#range = range;
    this.#reverse = range.reverse === true;
    const start = this.#reverse ? range.lt : range.gte;
    let node = root;
    for (let level = height; level > 0; level--) {
      const branch = node as Branch<V>;
      const keys = branch.keys;
      const at = start === undefined ? (this.#reverse ? keys.length - 1 : 0) : childIndex(keys, start);
      this.#branches.push(branch);
      this.#positions.push(at);
      node = branch.children[at]!;
    }
    const leaf = node as Leaf<V>;
    this.#leaf = leaf;
    if (start !== undefined) this.#at = lowerBound(leaf.keys, start);
    else this.#at = this.#reverse ? leaf.keys.length : 0;
  }

  /** Appends up to `limit` entries to the arrays, in scan order; returns how many. Fewer than `limit`: the end. */
  take(limit: number, keys: string[], values: V[]): number {
    return this.#reverse ? this.#takeReverse(limit, keys, values) : this.#takeForward(limit, keys, values);
  }

  #takeForward(limit: number, keys: string[], values: V[]): number {
    const stop = this.#range.lt;
    let taken = 0;
    while (this.#leaf !== null) {
      const leaf = this.#leaf;
      let end = leaf.keys.length;
      let last = false;
      if (stop !== undefined && end > 0 && leaf.keys[end - 1]! >= stop) {
        end = lowerBound(leaf.keys, stop);
        last = true;
      }
      const room = limit - taken;
      const upTo = end - this.#at > room ? this.#at + room : end;
      for (let i = this.#at; i < upTo; i++) {
        keys.push(leaf.keys[i]!);
        values.push(leaf.values[i]!);
        taken++;
      }
      if (upTo < end) {
        this.#at = upTo;
        return taken;
      }
      if (last) this.#leaf = null;
      else this.#advance(1);
      if (taken === limit) return taken;
    }
    return taken;
  }

  #takeReverse(limit: number, keys: string[], values: V[]): number {
    const stop = this.#range.gte;
    let taken = 0;
    while (this.#leaf !== null) {
      const leaf = this.#leaf;
      let end = 0;
      let last = false;
      if (stop !== undefined && leaf.keys.length > 0 && leaf.keys[0]! < stop) {
        end = lowerBound(leaf.keys, stop);
        last = true;
      }
      const room = limit - taken;
      const downTo = this.#at - end > room ? this.#at - room : end;
      for (let i = this.#at - 1; i >= downTo; i--) {
        keys.push(leaf.keys[i]!);
        values.push(leaf.values[i]!);
        taken++;
      }
      if (downTo > end) {
        this.#at = downTo;
        return taken;
      }
      if (last) this.#leaf = null;
      else this.#advance(-1);
      if (taken === limit) return taken;
    }
    return taken;
  }

  /** To the next (1) or previous (-1) leaf. */
  #advance(step: 1 | -1): void {
    let level = this.#branches.length - 1;
    while (level >= 0) {
      const at = this.#positions[level]! + step;
      if (at >= 0 && at < this.#branches[level]!.children.length) break;
      level--;
    }
    if (level < 0) {
      this.#leaf = null;
      return;
    }
    this.#positions[level] = this.#positions[level]! + step;
    let node = this.#branches[level]!.children[this.#positions[level]!]!;
    for (let below = level + 1; below < this.#branches.length; below++) {
      const branch = node as Branch<V>;
      const at = step === 1 ? 0 : branch.children.length - 1;
      this.#branches[below] = branch;
      this.#positions[below] = at;
      node = branch.children[at]!;
    }
    this.#leaf = node as Leaf<V>;
    this.#at = step === 1 ? 0 : this.#leaf.keys.length;
  }
}
