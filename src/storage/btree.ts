/**
 * A persistent B+tree from string keys to values. A `Tree` never changes; a `TreeEditor` makes the next one and copies only
 * the nodes on the way to a change, once: nodes bear the stamp of the editor that made them, and an editor changes those in
 * place that are younger than its limit. Without a limit these are its own; an owner who knows that no reader is left of
 * any tree younger than some stamp gives that stamp instead (see map/pins.ts), and nothing needs to be copied.
 *
 * Invariants: keys of a leaf ascend strictly; `branch.keys[i]` is <= every key under `children[i]` and > every key under
 * `children[i - 1]` (`keys[0]` is never compared); no node but the root is empty; all leaves are equally deep.
 * Deleting does not merge half-empty neighbours (only empty nodes go): a scan stays linear in entries plus nodes.
 */
import { keepShape } from "../base/shapes.js";
import { Cursor, type CursorRange } from "./btree-cursor.js";
import { Branch, childIndex, earlyStamp, Leaf, lowerBound, type Node, nextStamp } from "./btree-node.js";

/** Most entries of a node. Measured: 32 to 64 are alike for reads, 64 loads faster and 128 makes single writes slower. */
export const FAN_OUT = 64;
/** An ascending load leaves full leaves; a split in the middle halves. */
const HALF = FAN_OUT >> 1;

/** For a key not below `prefix`: whether it is below `prefix + U+00FF`. */
function isWithin(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && (key.length === prefix.length || key.charCodeAt(prefix.length) < 0xff);
}

export class Tree<V> {
  /** @internal Use `Tree.empty`, `Tree.fromSorted` or an editor. */
  constructor(
    readonly root: Node<V>,
    /** Branch levels above the leaves. */
    readonly height: number,
    readonly size: number,
  ) {}

  static empty<V>(): Tree<V> {
    return new Tree<V>(new Leaf<V>(nextStamp(), [], []), 0, 0);
  }

  /** A packed tree of strictly ascending keys. The arrays are copied. */
  static fromSorted<V>(keys: readonly string[], values: readonly V[]): Tree<V> {
    const stamp = nextStamp();
    let nodes: Node<V>[] = [];
    let firsts: string[] = [];
    for (let i = 0; i < keys.length; i += FAN_OUT) {
      firsts.push(keys[i]!);
      nodes.push(new Leaf<V>(stamp, keys.slice(i, i + FAN_OUT), values.slice(i, i + FAN_OUT)));
    }
    if (nodes.length === 0) return Tree.empty<V>();
    let height = 0;
    while (nodes.length > 1) {
      const parents: Node<V>[] = [];
      const parentFirsts: string[] = [];
      for (let i = 0; i < nodes.length; i += FAN_OUT) {
        parentFirsts.push(firsts[i]!);
        parents.push(new Branch<V>(stamp, firsts.slice(i, i + FAN_OUT), nodes.slice(i, i + FAN_OUT)));
      }
      nodes = parents;
      firsts = parentFirsts;
      height++;
    }
    return new Tree<V>(nodes[0]!, height, keys.length);
  }

  get(key: string): V | undefined {
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  has(key: string): boolean {
    const leaf = this.#leafOf(key);
    return leaf.keys[lowerBound(leaf.keys, key)] === key;
  }

  #leafOf(key: string): Leaf<V> {
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const branch = node as Branch<V>;
      node = branch.children[childIndex(branch.keys, key)]!;
    }
    return node as Leaf<V>;
  }

  /** `limit`: this tree and every other one with nodes younger than this stamp is given up to the editor. */
  edit(limit?: number): TreeEditor<V> {
    return new TreeEditor<V>(this, limit);
  }

  /** An editor whose nodes are older than every version that somebody reads. The tree has to be made by such a one, too. */
  editEarly(): TreeEditor<V> {
    return new TreeEditor<V>(this, undefined, earlyStamp);
  }

  /** The value of the first key from `prefix` up to `prefix + U+00FF`: what `collect` of that range with limit 1 gives. */
  first(prefix: string): V | undefined {
    const leaf = this.#leafOf(prefix);
    const at = lowerBound(leaf.keys, prefix);
    if (at < leaf.keys.length) return isWithin(leaf.keys[at]!, prefix) ? leaf.values[at] : undefined;
    const keys: string[] = [];
    const values: V[] = [];
    this.collect({ gte: prefix, lt: `${prefix}\xff` }, 1, keys, values);
    return values[0];
  }

  /** Appends up to `limit` entries of a range to the arrays, in scan order. Quick when the range lies within one leaf. */
  collect(range: CursorRange, limit: number, keys: string[], values: V[]): void {
    if (range.reverse !== true && range.gte !== undefined && range.lt !== undefined) {
      const leaf = this.#leafOf(range.gte);
      const all = leaf.keys;
      const stop = range.lt;
      for (let at = lowerBound(all, range.gte); at < all.length; at++) {
        const key = all[at]!;
        if (keys.length >= limit || key >= stop) return;
        keys.push(key);
        values.push(leaf.values[at]!);
      }
      if (all.length > 0 && keys.length > 0) {
        // The range goes on behind this leaf: start again just after what was taken.
        const rest = new Cursor<V>(this.root, this.height, { gte: `${keys[keys.length - 1]}\0`, lt: stop });
        rest.take(limit - keys.length, keys, values);
        return;
      }
    }
    new Cursor<V>(this.root, this.height, range).take(limit, keys, values);
  }

  cursor(range: CursorRange = {}): Cursor<V> {
    return new Cursor<V>(this.root, this.height, range);
  }
}

/** Changes a tree without touching it. `freeze` gives the result and may be called between changes. */
export class TreeEditor<V> {
  readonly #nextStamp: () => number;
  #stamp: number;
  /** Nodes with greater stamps are changed in place. */
  #limit: number;
  #root: Node<V>;
  #height: number;
  #size: number;
  /** The rightmost leaf when this editor may change it and every node above it: ascending inserts go straight there. */
  #tail: Leaf<V> | null = null;
  /** The way to the last change. */
  readonly #branches: Branch<V>[] = [];
  readonly #positions: number[] = [];

  constructor(tree: Tree<V>, limit?: number, stamps: () => number = nextStamp) {
    this.#nextStamp = stamps;
    // Nothing is made at the stamp before the editor's own.
    this.#limit = limit ?? stamps();
    this.#stamp = stamps();
    this.#root = tree.root;
    this.#height = tree.height;
    this.#size = tree.size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) {
      const branch = node as Branch<V>;
      node = branch.children[childIndex(branch.keys, key)]!;
    }
    const leaf = node as Leaf<V>;
    const at = lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  /** Returns the value that was there before. */
  set(key: string, value: V): V | undefined {
    const tail = this.#tail;
    if (tail !== null && tail.keys.length < FAN_OUT && tail.keys[tail.keys.length - 1]! < key) {
      tail.keys.push(key);
      tail.values.push(value);
      this.#size++;
      return undefined;
    }
    return this.#set(key, value);
  }

  #set(key: string, value: V): V | undefined {
    const leaf = this.#descend(key);
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] === key) {
      const before = leaf.values[at];
      leaf.values[at] = value;
      return before;
    }
    if (at === leaf.keys.length) {
      leaf.keys.push(key);
      leaf.values.push(value);
    } else {
      leaf.keys.splice(at, 0, key);
      leaf.values.splice(at, 0, value);
    }
    this.#size++;
    const rightmost = this.#rightmost;
    if (leaf.keys.length <= FAN_OUT) {
      if (rightmost) this.#tail = leaf;
      return undefined;
    }
    // At the right edge only the new entry moves on, so that ascending loads pack the leaves.
    const cut = rightmost && at === FAN_OUT ? FAN_OUT : HALF;
    const right = new Leaf<V>(this.#stamp, leaf.keys.splice(cut), leaf.values.splice(cut));
    if (rightmost) this.#tail = right;
    this.#insertChild(right.keys[0]!, right, rightmost);
    return undefined;
  }

  #insertChild(first: string, made: Node<V>, rightmost: boolean): void {
    let key = first;
    let node = made;
    for (let level = this.#height - 1; level >= 0; level--) {
      const branch = this.#branches[level]!;
      const at = this.#positions[level]! + 1;
      branch.keys.splice(at, 0, key);
      branch.children.splice(at, 0, node);
      if (branch.children.length <= FAN_OUT) return;
      const cut = rightmost ? FAN_OUT : HALF;
      const right = new Branch<V>(this.#stamp, branch.keys.splice(cut), branch.children.splice(cut));
      key = right.keys[0]!;
      node = right;
    }
    const old = this.#root;
    const oldFirst = old instanceof Leaf ? old.keys[0]! : (old as Branch<V>).keys[0]!;
    this.#root = new Branch<V>(this.#stamp, [oldFirst, key], [old, node]);
    this.#height++;
  }

  /** Returns the value that was there. */
  delete(key: string): V | undefined {
    if (this.get(key) === undefined) return undefined;
    this.#tail = null;
    const leaf = this.#descend(key);
    const at = lowerBound(leaf.keys, key);
    const before = leaf.values[at];
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    this.#size--;
    let emptied = leaf.keys.length === 0;
    for (let level = this.#height - 1; level >= 0 && emptied; level--) {
      const branch = this.#branches[level]!;
      branch.keys.splice(this.#positions[level]!, 1);
      branch.children.splice(this.#positions[level]!, 1);
      emptied = branch.children.length === 0;
    }
    if (this.#size === 0) {
      this.#root = new Leaf<V>(this.#stamp, [], []);
      this.#height = 0;
    }
    while (this.#height > 0 && (this.#root as Branch<V>).children.length === 1) {
      this.#root = (this.#root as Branch<V>).children[0]!;
      this.#height--;
    }
    return before;
  }

  /** The tree as it is now. Later changes of this editor do not touch it. */
  freeze(): Tree<V> {
    this.#limit = this.#stamp;
    this.#stamp = this.#nextStamp();
    this.#tail = null;
    return new Tree<V>(this.#root, this.#height, this.#size);
  }

  /** Whether the last way down went along the right edge. */
  #rightmost = false;

  /** The leaf where `key` belongs; it and every node above it may be changed, and the way is remembered. */
  #descend(key: string): Leaf<V> {
    let rightmost = true;
    let node = this.#own(this.#root, this.#height === 0);
    this.#root = node;
    for (let depth = 0; depth < this.#height; depth++) {
      const branch = node as Branch<V>;
      const at = childIndex(branch.keys, key);
      if (at < branch.children.length - 1) rightmost = false;
      this.#branches[depth] = branch;
      this.#positions[depth] = at;
      const child = branch.children[at]!;
      node = this.#own(child, depth === this.#height - 1);
      if (node !== child) branch.children[at] = node;
    }
    this.#rightmost = rightmost;
    return node as Leaf<V>;
  }

  /** The node itself when this editor may change it, else a copy. */
  #own(node: Node<V>, leaf: boolean): Node<V> {
    if (node.stamp > this.#limit) return node;
    return leaf
      ? new Leaf<V>(this.#stamp, node.keys.slice(), (node as Leaf<V>).values.slice())
      : new Branch<V>(this.#stamp, node.keys.slice(), (node as Branch<V>).children.slice());
  }
}

keepShape(Tree.empty().edit());
keepShape(Tree.empty().cursor());
