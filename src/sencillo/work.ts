/**
 * A transaction's sight of the collections, and its hand on them: what is loaded, with what it has staged on top. Spaces
 * must be `ready` before they are read; most are, and then nothing waits.
 */
import { invariant } from "../base/assert.js";
import { Overlay } from "../engine/embedded/overlay.js";
import type { Doc, Json } from "../schema/model.js";
import { Tree } from "../storage/btree.js";
import type { Batch, Key, Range } from "../storage/store.js";
import type { Changes } from "./commit-text.js";
import { CollectionNotFoundError, IndexNotFoundError } from "./errors.js";
import { BUCKETS, bucketKey, docKey, idKey, indexPrefix, RECORD_KEY, spaces } from "./keys.js";
import { eachLeaf } from "./leaves.js";
import type { Bucket, CollectionRecord, Located } from "./record.js";
import type { Steps } from "./steps.js";

/** Where trees are, or are loaded from. */
export interface LiveTrees {
  /** Null: it must be loaded first. */
  loaded(space: string): Tree<Doc> | null;
  /** Null: nothing is stored. */
  load(space: string): Promise<unknown | null>;
  partitionOf(space: string): string;
}

const EMPTY = Tree.empty<Doc>();
const ALL: Range = {};

export class Work {
  readonly overlay = new Overlay();
  readonly #trees: LiveTrees;
  /** Partitions that are not stored: looked for once a transaction. */
  readonly #absent = new Set<string>();
  /** Nothing was ever staged. */
  #clean = true;

  constructor(trees: LiveTrees) {
    this.#trees = trees;
  }

  has(space: string): boolean {
    return this.#trees.loaded(space) !== null || this.#isAbsent(space);
  }

  #isAbsent(space: string): boolean {
    return this.#absent.size > 0 && this.#absent.has(this.#trees.partitionOf(space));
  }

  /** Loads what is not in memory. Once it has loaded something else, a space may have to be made ready again. */
  *ready(space: string): Steps<void> {
    while (!this.has(space)) {
      yield this.#trees.load(space).then((found) => {
        if (found === null) this.#absent.add(this.#trees.partitionOf(space));
      });
    }
  }

  #tree(space: string): Tree<Doc> {
    const tree = this.#trees.loaded(space);
    if (tree !== null) return tree;
    invariant(this.#isAbsent(space), `The space "${space}" is read before it is loaded`);
    return EMPTY;
  }

  get(space: string, key: Key): Doc | undefined {
    const staged = this.#clean ? null : this.overlay.staged(space);
    if (staged?.has(key)) return staged.get(key);
    return this.#tree(space).get(key);
  }

  range(space: string, range: Range): Batch {
    const below = { keys: [] as Key[], values: [] as Doc[] };
    this.#tree(space).collect(range, Number.POSITIVE_INFINITY, below.keys, below.values);
    return this.#clean ? below : this.overlay.laidOver(space, range, below);
  }

  /** Every entry of a space in order, a run at a time, until `visit` says false. The runs are not to be changed or kept. */
  eachRun(space: string, visit: (values: readonly Doc[], keys: readonly Key[]) => boolean): void {
    if (this.overlay.staged(space) === null) eachLeaf(this.#tree(space), visit);
    else {
      const { keys, values } = this.range(space, ALL);
      visit(values, keys);
    }
  }

  /** The tree of a space in which nothing is staged; else null. */
  unchanged(space: string): Tree<Doc> | null {
    return this.overlay.staged(space) === null ? this.#tree(space) : null;
  }

  set(space: string, key: Key, value: Json): void {
    this.#clean = false;
    this.overlay.stage(space, key, value as Doc, 0);
  }

  delete(space: string, key: Key): void {
    this.#clean = false;
    this.overlay.stage(space, key, undefined, 0);
  }

  /** What is staged, without the removal of what was only made here. */
  changes(): Changes {
    if (this.#clean) return [];
    const changes: (readonly [string, ReadonlyMap<Key, Doc | undefined>])[] = [];
    for (const [space, staged] of this.overlay.changes()) {
      const entries = this.#withoutNothing(space, staged as ReadonlyMap<Key, Doc | undefined>);
      if (entries.size > 0) changes.push([space, entries]);
    }
    return changes;
  }

  #withoutNothing(space: string, staged: ReadonlyMap<Key, Doc | undefined>): ReadonlyMap<Key, Doc | undefined> {
    // What is not loaded may hold it.
    if (!this.has(space)) return staged;
    const tree = this.#tree(space);
    let kept: Map<Key, Doc | undefined> | null = null;
    for (const [key, value] of staged) {
      if (value !== undefined || tree.has(key)) continue;
      kept ??= new Map(staged);
      kept.delete(key);
    }
    return kept ?? staged;
  }

  /** Makes the collection ready, but for the documents of its buckets. Null when there is no such collection. */
  *record(collection: string): Steps<CollectionRecord | null> {
    const record = (yield* this.stored(collection)) ?? null;
    return record?.dropped === true ? null : record;
  }

  /** Also the record of a dropped one. */
  *stored(collection: string): Steps<CollectionRecord | undefined> {
    const meta = spaces.meta(collection);
    if (!this.has(meta)) yield* this.ready(meta);
    return this.get(meta, RECORD_KEY) as CollectionRecord | undefined;
  }

  *require(collection: string): Steps<CollectionRecord> {
    const record = yield* this.record(collection);
    if (record === null) throw new CollectionNotFoundError(collection);
    return record;
  }

  setRecord(collection: string, record: CollectionRecord): void {
    this.set(spaces.meta(collection), RECORD_KEY, Object.freeze(record) as unknown as Doc);
  }

  bucketNo(collection: string, bucket: string): string | null {
    const entry = this.get(spaces.meta(collection), bucketKey(bucket));
    return entry === undefined ? null : (entry.no as string);
  }

  requireBucket(collection: string, bucket: unknown): Bucket {
    const name = typeof bucket === "string" || typeof bucket === "number" ? String(bucket) : null;
    const no = name === null ? null : this.bucketNo(collection, name);
    if (name === null || no === null) throw new IndexNotFoundError(name ?? typeof bucket);
    return { name, no };
  }

  /** In the order in which a JavaScript object lists them. */
  buckets(collection: string): readonly Bucket[] {
    const { keys, values } = this.range(spaces.meta(collection), BUCKETS);
    const buckets = keys.map((key, at) => ({ name: key.slice(1), no: (values[at] as Doc).no as string }));
    return buckets.sort((a, b) => (a.no < b.no ? -1 : 1));
  }

  *locate(collection: string, id: unknown): Steps<Located | null> {
    const no = this.#bucketOf(collection, id);
    if (no === null) return null;
    const space = spaces.docs(collection, no);
    if (!this.has(space)) yield* this.ready(space);
    return this.#place(collection, no, id);
  }

  /** As `locate`; undefined: it must be loaded first. */
  locateNow(collection: string, id: unknown): Located | null | undefined {
    const no = this.#bucketOf(collection, id);
    if (no === null) return null;
    return this.has(spaces.docs(collection, no)) ? this.#place(collection, no, id) : undefined;
  }

  #bucketOf(collection: string, id: unknown): string | null {
    const entry = this.get(spaces.ids(collection), idKey(id));
    return entry === undefined ? null : (entry.b as string);
  }

  #place(collection: string, no: string, id: unknown): Located | null {
    const space = spaces.docs(collection, no);
    const usual = docKey(id);
    if (usual !== null) {
      const doc = this.get(space, usual);
      if (doc !== undefined) return { no, key: usual, doc };
    }
    const place = this.get(spaces.places(collection, no), idKey(id));
    const doc = place === undefined ? undefined : this.get(space, place.k as string);
    return doc === undefined ? null : { no, key: place!.k as string, doc };
  }

  /** Documents whose indexed field has a value of this text, by `_id`. */
  *byText(collection: string, field: string, text: string): Steps<Located[]> {
    const gte = indexPrefix(field, text);
    // What follows begins with a letter: see idKey.
    const { values } = this.range(spaces.indexes(collection), { gte, lt: `${gte}\xff` });
    const located: Located[] = [];
    for (let i = 0; i < values.length; i++) {
      const id = (values[i] as Doc).i;
      const one = this.locateNow(collection, id) ?? (yield* this.locate(collection, id));
      if (one !== null) located.push(one);
    }
    return located;
  }
}
