/**
 * Indexes of a version that nobody has read yet: they follow from its documents and are built when first asked for, in turns
 * that leave the event loop responsive, so that opening a file need not build any. Nobody else waits meanwhile: commits go
 * on. What they change is kept, so that the newest version, and those between that are asked for, get the index as well.
 *
 * A version is pinned as long as an index of it is built. The nodes of the trees have early stamps: whoever holds the version
 * has pinned them although they are younger than the pin.
 */
import { invariant } from "../../base/assert.js";
import type { Tree, TreeEditor } from "../btree.js";
import { indexTree } from "../docs-tree.js";
import { Pace } from "../pace.js";
import type { Mutation, StoredValue } from "../store.js";
import type { Pins } from "./pins.js";
import { addTree, type IndexOf, type Roots, treeOf } from "./roots.js";

/** Changes between two looks at the clock. */
const STEP = 32;

type StoredTree = Tree<StoredValue>;

interface Change {
  readonly sequence: number;
  readonly mutation: Mutation;
}

/** An index on its way, from the version that was the newest one to the one that is. */
interface Building {
  readonly base: Roots;
  readonly changes: Change[];
  /** Versions after the base that are asked for. */
  readonly waiting: Set<Waiting>;
  /** Number of the version that is built so far. */
  reached: number;
  /** Nothing is kept for it any more: the set of spaces has changed. */
  ended: boolean;
}

interface Waiting {
  readonly roots: Roots;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class LateIndexes {
  readonly #pins: Pins;
  #newest: Roots;
  readonly #buildings = new Map<string, Building>();
  /** Older versions, and bases. */
  readonly #alone = new WeakMap<Roots, Map<string, Promise<void>>>();

  constructor(pins: Pins, roots: Roots) {
    this.#pins = pins;
    this.#newest = roots;
  }

  /** Builds the index of a version and reads it, while nothing of that version can change. */
  async read<T>(roots: Roots, space: string, how: (tree: StoredTree) => T): Promise<T> {
    const index = roots.indexes?.get(space);
    invariant(index !== undefined, `The store has no space "${space}"`);
    const pin = this.#pins.take();
    try {
      await this.#ready(roots, space, index);
      return how(treeOf(roots, space));
    } finally {
      this.#pins.release(pin);
    }
  }

  #ready(roots: Roots, space: string, index: IndexOf): Promise<void> {
    const building = this.#buildings.get(space);
    if (building !== undefined && roots !== building.base && roots.sequence >= building.reached) {
      return new Promise((resolve, reject) => building.waiting.add({ roots, resolve, reject }));
    }
    let alone = this.#alone.get(roots);
    if (alone === undefined) {
      alone = new Map();
      this.#alone.set(roots, alone);
    }
    let made = alone.get(space);
    if (made === undefined) {
      const isFirst = building === undefined && roots === this.#newest;
      made = isFirst ? this.#follow(roots, space, index) : build(roots, space, index).then(() => {});
      alone.set(space, made);
      const forget = () => alone.delete(space);
      made.then(forget, forget);
    }
    return made;
  }

  /** Builds the index of the newest version, and brings it up to the one that is the newest by then. */
  async #follow(base: Roots, space: string, index: IndexOf): Promise<void> {
    const { sequence } = base;
    const building: Building = { base, changes: [], waiting: new Set(), reached: sequence, ended: false };
    this.#buildings.set(space, building);
    let tree: StoredTree;
    try {
      tree = await build(base, space, index);
    } catch (error) {
      this.#end(space, building);
      for (const { reject } of building.waiting) reject(error);
      throw error;
    }
    // Who asked for the base need not wait for what came after it.
    this.#catchUp(space, building, tree).catch(() => {});
  }

  async #catchUp(space: string, building: Building, base: StoredTree): Promise<void> {
    const pin = this.#pins.take();
    try {
      const editor = base.editEarly();
      const pace = new Pace();
      const { changes } = building;
      for (let i = 0; i < changes.length; i++) {
        const { sequence, mutation } = changes[i]!;
        if (sequence > building.reached) {
          deliver(building, space, editor, sequence);
          building.reached = sequence;
        }
        if (mutation.value === undefined) editor.delete(mutation.key);
        else editor.set(mutation.key, mutation.value);
        if (i % STEP === STEP - 1 && pace.due()) await pace.turn();
      }
      deliver(building, space, editor, Number.POSITIVE_INFINITY);
      if (!building.ended) addTree(this.#newest, space, editor.freeze());
    } catch (error) {
      for (const { reject } of building.waiting) reject(error);
      throw error;
    } finally {
      this.#end(space, building);
      this.#pins.release(pin);
    }
  }

  #end(space: string, building: Building): void {
    building.ended = true;
    if (this.#buildings.get(space) === building) this.#buildings.delete(space);
  }

  /** The version after `batch` is the newest now. */
  advance(roots: Roots, batch: readonly Mutation[]): void {
    this.#newest = roots;
    if (this.#buildings.size === 0) return;
    const { sequence } = roots;
    for (const mutation of batch) this.#buildings.get(mutation.space)?.changes.push({ sequence, mutation });
  }

  /** Another version or another set of spaces is the newest. */
  reset(roots: Roots): void {
    this.#newest = roots;
    for (const building of this.#buildings.values()) building.ended = true;
    this.#buildings.clear();
  }
}

async function build(roots: Roots, space: string, { owner, derived }: IndexOf): Promise<StoredTree> {
  const tree = await indexTree(treeOf(roots, owner), derived);
  addTree(roots, space, tree);
  return tree;
}

/** Hands the tree as it is now to the versions before commit number `before`. */
function deliver(building: Building, space: string, editor: TreeEditor<StoredValue>, before: number): void {
  for (const each of building.waiting) {
    if (each.roots.sequence >= before) continue;
    addTree(each.roots, space, editor.freeze());
    each.resolve();
    building.waiting.delete(each);
  }
}
