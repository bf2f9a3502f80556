/**
 * Reads without waiting: what is loaded, with what the transaction has staged on top. Where that does not do, because a
 * partition must be loaded first or a space with staged entries is to be read in order, NotAtHand is thrown and the caller
 * reads the other way. Most reads need no promise at all, and a promise costs more than the look-up behind it.
 */
import type { WriteSession } from "../engine/embedded/writer.js";
import type { Doc } from "../schema/model.js";
import type { Tree } from "../storage/btree.js";
import type { Key } from "../storage/store.js";
import { CollectionNotFoundError, IndexNotFoundError } from "./errors.js";
import { BUCKETS, bucketKey, docKey, idKey, indexPrefix, RECORD_KEY, spaces } from "./keys.js";
import type { LiveTrees } from "./live-snapshot.js";
import type { Bucket, CollectionRecord, Located } from "./record.js";

export const NOT_LOADED: unique symbol = Symbol("not loaded");

const NOT_AT_HAND = Symbol("not at hand");

/** What `read` gives; null when it has to be done the other way. */
export function atHand<T>(read: () => T): { readonly value: T } | null {
  try {
    return { value: read() };
  } catch (error) {
    if (error === NOT_AT_HAND) return null;
    throw error;
  }
}

export class AtHand {
  readonly #overlay: WriteSession["overlay"];
  readonly #trees: Pick<LiveTrees, "loaded">;

  constructor(overlay: WriteSession["overlay"], trees: Pick<LiveTrees, "loaded">) {
    this.#overlay = overlay;
    this.#trees = trees;
  }

  find(space: string, key: Key): Doc | undefined | typeof NOT_LOADED {
    const staged = this.#overlay.staged(space);
    if (staged?.has(key)) return staged.get(key);
    const tree = this.#trees.loaded(space);
    return tree === null ? NOT_LOADED : tree.get(key);
  }

  get(space: string, key: Key): Doc | undefined {
    const found = this.find(space, key);
    if (found === NOT_LOADED) throw NOT_AT_HAND;
    return found;
  }

  /** A space in which nothing is staged. */
  tree(space: string): Tree<Doc> {
    const tree = this.#overlay.staged(space) === null ? this.#trees.loaded(space) : null;
    if (tree === null) throw NOT_AT_HAND;
    return tree;
  }

  record(collection: string): CollectionRecord | null {
    const record = this.get(spaces.meta(collection), RECORD_KEY) as CollectionRecord | undefined;
    return record === undefined || record.dropped ? null : record;
  }

  require(collection: string): CollectionRecord {
    const record = this.record(collection);
    if (record === null) throw new CollectionNotFoundError(collection);
    return record;
  }

  requireBucket(collection: string, bucket: unknown): Bucket {
    const name = typeof bucket === "string" || typeof bucket === "number" ? String(bucket) : null;
    const entry = name === null ? undefined : this.get(spaces.meta(collection), bucketKey(name));
    if (name === null || entry === undefined) throw new IndexNotFoundError(name ?? typeof bucket);
    return { name, no: entry.no as string };
  }

  buckets(collection: string): readonly Bucket[] {
    const keys: Key[] = [];
    const values: Doc[] = [];
    this.tree(spaces.meta(collection)).collect(BUCKETS, Number.POSITIVE_INFINITY, keys, values);
    const buckets = keys.map((key, at) => ({ name: key.slice(1), no: values[at]!.no as string }));
    return buckets.sort((a, b) => (a.no < b.no ? -1 : 1));
  }

  locate(collection: string, id: unknown): Located | null {
    const key = idKey(id);
    const entry = this.get(spaces.ids(collection), key);
    if (entry === undefined) return null;
    const no = entry.b as string;
    const space = spaces.docs(collection, no);
    const usual = docKey(id);
    if (usual !== null) {
      const doc = this.get(space, usual);
      if (doc !== undefined) return { no, key: usual, doc };
    }
    const place = this.get(spaces.places(collection, no), key);
    const doc = place === undefined ? undefined : this.get(space, place.k as string);
    return doc === undefined ? null : { no, key: place!.k as string, doc };
  }

  byText(collection: string, field: string, text: string): Located[] {
    const gte = indexPrefix(field, text);
    const values: Doc[] = [];
    const range = { gte, lt: `${gte}\uffff` };
    this.tree(spaces.indexes(collection)).collect(range, Number.POSITIVE_INFINITY, [], values);
    const located: Located[] = [];
    for (const { i } of values) {
      const one = this.locate(collection, i);
      if (one !== null) located.push(one);
    }
    return located;
  }
}
