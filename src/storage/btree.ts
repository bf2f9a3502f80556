/**
 * A persistent B+tree from string keys to values. A `Tree` never changes; a `TreeEditor` makes the next one and copies only
 * the nodes on the way to a change, once: nodes made by an editor carry its token and are changed in place until `freeze`.
 *
 * Invariants: keys of a leaf ascend strictly; `branch.keys[i]` is <= every key under `children[i]` and > every key under
 * `children[i - 1]` (`keys[0]` is never compared); no node but the root is empty; all leaves are equally deep.
 * Deleting does not merge half-empty neighbours (only empty nodes go): a scan stays linear in entries plus nodes.
 */
import { Cursor, type CursorRange } from "./btree-cursor.js";
import { Branch, childIndex, Leaf, lowerBound, type Node, type Token } from "./btree-node.js";

/** Most entries of a node. Measured: 32 to 64 are alike for reads, 64 loads faster and 128 makes single writes slower. */
const FAN_OUT = 64;
/** An ascending load leaves full leaves; a split in the middle halves. */
const HALF = FAN_OUT >> 1;

export class Tree<V> {
  /** @internal Use `Tree.empty`, `Tree.fromSorted` or an editor. */
  constructor(
    readonly root: Node<V>,
    /** Branch levels above the leaves. */
    readonly height: number,
    readonly size: number,
  ) {}

  static empty<V>(): Tree<V> {
    return new Tree<V>(new Leaf<V>(null, [], []), 0, 0);
  }

  /** A packed tree of strictly ascending keys. The arrays are copied. */
  static fromSorted<V>(keys: readonly string[], values: readonly V[]): Tree<V> {
    let nodes: Node<V>[] = [];
    let firsts: string[] = [];
    for (let i = 0; i < keys.length; i += FAN_OUT) {
      firsts.push(keys[i]!);
      nodes.push(new Leaf<V>(null, keys.slice(i, i + FAN_OUT), values.slice(i, i + FAN_OUT)));
    }
    if (nodes.length === 0) return Tree.empty<V>();
    let height = 0;
    while (nodes.length > 1) {
      const parents: Node<V>[] = [];
      const parentFirsts: string[] = [];
      for (let i = 0; i < nodes.length; i += FAN_OUT) {
        parentFirsts.push(firsts[i]!);
        parents.push(new Branch<V>(null, firsts.slice(i, i + FAN_OUT), nodes.slice(i, i + FAN_OUT)));
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

  edit(): TreeEditor<V> {
    return new TreeEditor<V>(this);
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
  #owner: Token = {};
  #root: Node<V>;
  #height: number;
  #size: number;
  /** The rightmost leaf when this editor owns it and every node above it: ascending inserts go straight there. */
  #tail: Leaf<V> | null = null;

  constructor(tree: Tree<V>) {
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
    const branches: Branch<V>[] = [];
    const positions: number[] = [];
    let rightmost = true;
    this.#root = this.#own(this.#root, this.#height === 0);
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) {
      const branch = node as Branch<V>;
      const at = childIndex(branch.keys, key);
      if (at < branch.children.length - 1) rightmost = false;
      branches.push(branch);
      positions.push(at);
      node = this.#own(branch.children[at]!, level === 1);
      branch.children[at] = node;
    }
    const leaf = node as Leaf<V>;
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
    if (leaf.keys.length <= FAN_OUT) {
      if (rightmost) this.#tail = leaf;
      return undefined;
    }
    // At the right edge only the new entry moves on, so that ascending loads pack the leaves.
    const cut = rightmost && at === FAN_OUT ? FAN_OUT : HALF;
    const right = new Leaf<V>(this.#owner, leaf.keys.splice(cut), leaf.values.splice(cut));
    if (rightmost) this.#tail = right;
    this.#insertChild(branches, positions, right.keys[0]!, right, rightmost);
    return undefined;
  }

  #insertChild(branches: Branch<V>[], positions: number[], first: string, made: Node<V>, rightmost: boolean): void {
    let key = first;
    let node = made;
    for (let level = branches.length - 1; level >= 0; level--) {
      const branch = branches[level]!;
      const at = positions[level]! + 1;
      branch.keys.splice(at, 0, key);
      branch.children.splice(at, 0, node);
      if (branch.children.length <= FAN_OUT) return;
      const cut = rightmost ? FAN_OUT : HALF;
      const right = new Branch<V>(this.#owner, branch.keys.splice(cut), branch.children.splice(cut));
      key = right.keys[0]!;
      node = right;
    }
    const old = this.#root;
    const oldFirst = old instanceof Leaf ? old.keys[0]! : (old as Branch<V>).keys[0]!;
    this.#root = new Branch<V>(this.#owner, [oldFirst, key], [old, node]);
    this.#height++;
  }

  /** Returns the value that was there. */
  delete(key: string): V | undefined {
    if (this.get(key) === undefined) return undefined;
    this.#tail = null;
    const branches: Branch<V>[] = [];
    const positions: number[] = [];
    this.#root = this.#own(this.#root, this.#height === 0);
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) {
      const branch = node as Branch<V>;
      const at = childIndex(branch.keys, key);
      branches.push(branch);
      positions.push(at);
      node = this.#own(branch.children[at]!, level === 1);
      branch.children[at] = node;
    }
    const leaf = node as Leaf<V>;
    const at = lowerBound(leaf.keys, key);
    const before = leaf.values[at];
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    this.#size--;
    let emptied = leaf.keys.length === 0;
    for (let level = branches.length - 1; level >= 0 && emptied; level--) {
      const branch = branches[level]!;
      branch.keys.splice(positions[level]!, 1);
      branch.children.splice(positions[level]!, 1);
      emptied = branch.children.length === 0;
    }
    if (this.#size === 0) {
      this.#root = new Leaf<V>(this.#owner, [], []);
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
    this.#owner = {};
    this.#tail = null;
    return new Tree<V>(this.#root, this.#height, this.#size);
  }

  /** The node itself when this editor made it, else a copy that it may change. */
  #own(node: Node<V>, leaf: boolean): Node<V> {
    if (node.owner === this.#owner) return node;
    return leaf
      ? new Leaf<V>(this.#owner, node.keys.slice(), (node as Leaf<V>).values.slice())
      : new Branch<V>(this.#owner, node.keys.slice(), (node as Branch<V>).children.slice());
  }
}
