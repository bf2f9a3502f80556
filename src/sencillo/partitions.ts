/**
 * What is in memory of a database: partitions, loaded when first touched and, beyond a limit, forgotten again when what they
 * hold is on the disk. A partition that changes is whole and here. What was captured stays as it was; the nodes that were made
 * since are nobody else's, and commits change them in place.
 */
import type { Doc } from "../schema/model.js";
import { Tree } from "../storage/btree.js";
import { latestStamp } from "../storage/btree-node.js";
import type { Maybe } from "../storage/store.js";
import type { Changes } from "./commit-text.js";
import type { Layout, Trees } from "./layout.js";

interface Partition {
  readonly trees: Trees;
  /** The disk does not have it. */
  dirty: boolean;
  /** What it held is on its way to the disk: until it is there its file cannot be read. */
  writing: boolean;
}

/** What is to be written. */
export interface Captured {
  readonly changed: ReadonlyMap<string, Trees>;
  /** Those of another partition, as they were at that moment. */
  readonly treesOf: (name: string) => Promise<Trees>;
}

const EMPTY = Tree.empty<Doc>();
const MOST_NAMES = 10_000;

export class Partitions {
  readonly #layout: Layout;
  readonly #limit: number;
  /** In the order of their last use when there is a limit. */
  readonly #present = new Map<string, Partition>();
  readonly #loading = new Map<string, Promise<Partition | null>>();
  /** What the next commit needs: not to be forgotten before it is applied. */
  readonly #pinned = new Set<string>();
  /** Trees of what is present, for as long as nothing is forgotten. */
  readonly #trees = new Map<string, Tree<Doc>>();
  /** Partitions of spaces, so that names are taken apart once. */
  readonly #names = new Map<string, string>();
  /** Nodes with greater stamps belong to no trees but those here. */
  #captured = latestStamp();
  /** Files of other layouts, to be removed once what they hold is written. */
  readonly stale = new Set<string>();

  /** `limit`: most partitions that are kept; 0 is no limit. */
  constructor(layout: Layout, limit: number) {
    this.#layout = layout;
    this.#limit = limit;
  }

  partitionOf(space: string): string {
    let name = this.#names.get(space);
    if (name === undefined) {
      if (this.#names.size >= MOST_NAMES) this.#names.clear();
      name = this.#layout.partitionOf(space);
      this.#names.set(space, name);
    }
    return name;
  }

  /** Null when it must be loaded first. */
  loaded(space: string): Tree<Doc> | null {
    const known = this.#trees.get(space);
    if (known !== undefined) return known;
    const name = this.partitionOf(space);
    const partition = this.#present.get(name);
    if (partition === undefined) return null;
    if (this.#limit > 0) {
      this.#present.delete(name);
      this.#present.set(name, partition);
    }
    const tree = partition.trees.get(space) ?? EMPTY;
    if (this.#limit === 0) this.#trees.set(space, tree);
    return tree;
  }

  /** Null: nothing is stored. */
  async load(name: string): Promise<Trees | null> {
    return (await this.#partition(name))?.trees ?? null;
  }

  #partition(name: string): Maybe<Partition | null> {
    const partition = this.#present.get(name);
    if (partition !== undefined) return partition;
    let loading = this.#loading.get(name);
    if (loading === undefined) {
      loading = this.#load(name).finally(() => this.#loading.delete(name));
      this.#loading.set(name, loading);
    }
    return loading;
  }

  async #load(name: string): Promise<Partition | null> {
    const before = this.#layout.before(name);
    if (before !== null) await this.#partition(before);
    const present = this.#present.get(name);
    if (present !== undefined) return present;
    const loaded = await this.#layout.load(name);
    if (loaded === null) return null;
    for (const [part, trees] of loaded.partitions) {
      if (!this.#present.has(part)) this.#present.set(part, { trees, dirty: loaded.foreign, writing: false });
    }
    for (const path of loaded.stale) this.stale.add(path);
    this.evict(name);
    return this.#present.get(name) ?? null;
  }

  /** Loads what the changes are about; until they are applied it stays. Null: it is all there. */
  prepare(changes: Changes): Promise<void> | null {
    const missing: string[] = [];
    for (const [space] of changes) {
      const name = this.partitionOf(space);
      this.#pinned.add(name);
      if (!this.#present.has(name) && !missing.includes(name)) missing.push(name);
    }
    return missing.length === 0 ? null : this.#bring(missing);
  }

  async #bring(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#pinned.add(name);
      if ((await this.#partition(name)) === null)
        this.#present.set(name, { trees: new Map(), dirty: false, writing: false });
    }
  }

  /** After `prepare`. A space that changes has another tree afterwards; its nodes may be the same. */
  apply(changes: Changes): void {
    this.#pinned.clear();
    for (const [space, entries] of changes) {
      const partition = this.#present.get(this.partitionOf(space))!;
      partition.dirty = true;
      const editor = (partition.trees.get(space) ?? EMPTY).edit(this.#captured);
      for (const [key, value] of entries) {
        if (value === undefined) editor.delete(key);
        else editor.set(key, value);
      }
      const tree = editor.freeze();
      if (tree.size === 0) partition.trees.delete(space);
      else partition.trees.set(space, tree);
      // Set rather than taken out: a map from which entries go and come hangs on to its old tables, and to what they hold.
      if (this.#trees.has(space)) this.#trees.set(space, tree);
    }
  }

  /** Everything that is not on the disk yet; from here on it counts as written. */
  capture(): Captured {
    const changed = new Map<string, Trees>();
    const beside = new Map<string, Trees>();
    for (const [name, partition] of this.#present) {
      if (!partition.dirty) continue;
      partition.dirty = false;
      partition.writing = true;
      changed.set(name, new Map(partition.trees));
    }
    for (const name of changed.keys()) {
      // Later commits change it, too: what is written together must be of one moment.
      const before = this.#layout.before(name);
      const trees = before === null ? undefined : this.#present.get(before)?.trees;
      if (before !== null && trees !== undefined) beside.set(before, new Map(trees));
    }
    this.#captured = latestStamp();
    return { changed, treesOf: async (name) => beside.get(name) ?? this.#copyOf(await this.load(name)) };
  }

  #copyOf(trees: Trees | null): Trees {
    this.#captured = latestStamp();
    return new Map(trees ?? []);
  }

  /** What was captured is on the disk: what is empty is no partition any more. */
  written({ changed }: Captured): void {
    for (const [name, trees] of changed) {
      const partition = this.#present.get(name);
      if (partition === undefined) continue;
      partition.writing = false;
      const empty = trees.size === 0 && partition.trees.size === 0;
      if (!empty || partition.dirty || name === "" || this.#pinned.has(name)) continue;
      this.#present.delete(name);
      this.#trees.clear();
    }
  }

  /** Files of another layout are to go: whatever came from them is written anew. */
  renew(): void {
    if (this.stale.size === 0) return;
    for (const partition of this.#present.values()) partition.dirty ||= partition.trees.size > 0;
  }

  /** Forgets those used longest ago, as far as they are on the disk; whether some were not. */
  evict(except: string | null): boolean {
    if (this.#limit <= 0) return false;
    const counting = [...this.#present].filter(([name]) => this.#layout.counts(name));
    let excess = counting.length - this.#limit;
    let waiting = false;
    for (const [name, { dirty, writing }] of counting) {
      if (excess <= 0) break;
      if (name === except || this.#pinned.has(name)) continue;
      if (dirty) waiting = true;
      else if (!writing) this.#present.delete(name);
      excess--;
    }
    return waiting;
  }
}
