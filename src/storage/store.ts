/**
 * SPI of an ordered store: spaces of key -> value, snapshots, atomic commits. It knows no queries.
 * Every read is a batch; nothing is asynchronous per row.
 */
import type { CallOptions } from "../base/options.js";
import type { Doc } from "../schema/model.js";

/** An order-preserving encoding of a tuple (see key.ts): keys compare with `<` as their tuples compare. */
export type Key = string;

/**
 * Docs and meta spaces hold documents; index spaces hold the indexed document too, the very same object: a range of an
 * index needs no second look-up, and an update replaces the document's entry in every index.
 */
export type StoredValue = Doc;

/** An index space that a store can rebuild from a docs space. */
export interface Derived {
  readonly space: string;
  /** The index keys of one document, each ending in the document's own key. */
  keys(doc: Doc, key: Key): readonly Key[];
  /** Few rows share an entry's values: a store in partitions keeps such an index in memory for the whole space. */
  readonly unique?: boolean;
  /** For unique indexes of one column: the value in it. */
  readonly point?: ((doc: Doc) => unknown) | undefined;
}

/** How documents of a space are split, where the storage splits them. */
export interface Partitioning {
  readonly field: string;
  /** The name of the partition that a document belongs to. Equal values of the field give equal names. */
  of(doc: Doc): string;
}

/** What names a document in point reads. NaN does not occur. */
export type PointValue = string | number;

export interface Space {
  /** `users` for documents, `users/posts_authorId` for an index, `$meta` for the engine's own records. */
  readonly id: string;
  readonly kind: "docs" | "index" | "meta";
  /** For docs: the key of a document, so that files hold documents only. */
  keyOf(doc: Doc): Key;
  /** For docs: the indexes that follow from them; stores that keep only documents rebuild these when loading. */
  readonly derive: readonly Derived[];
  /** For docs whose key is one value: that value. */
  readonly point?: ((doc: Doc) => unknown) | undefined;
  /** For docs; absent: the space is one partition. */
  readonly partition?: Partitioning | undefined;
}

/** Keys k with gte <= k < lt; an absent bound is open. */
export interface Range {
  readonly gte?: Key;
  readonly lt?: Key;
  readonly reverse?: boolean;
  /** A hint: entries of documents outside of these partitions are not needed, though they may come. */
  readonly within?: readonly string[];
  /** A hint for scans: the order of entries does not matter. */
  readonly anyOrder?: boolean;
}

/** Parallel arrays, in scan order. Never written to by the reader. */
export interface Batch {
  readonly keys: readonly Key[];
  readonly values: readonly StoredValue[];
}

/** undefined deletes. A batch names a key of a space at most once. */
export interface Mutation {
  readonly space: string;
  readonly key: Key;
  readonly value: StoredValue | undefined;
}

/** What may be at hand already. Awaiting it is right in both cases. */
export type Maybe<T> = T | Promise<T>;

/**
 * One frozen moment of the whole store. Reading it never waits for a writer. Dispose it when done: stores change in place
 * what no snapshot holds, and refuse reads of a snapshot that has ended.
 */
export interface Snapshot extends Disposable {
  getMany(space: string, keys: readonly Key[]): Maybe<readonly (StoredValue | undefined)[]>;
  /** Batches of at most `batch` entries. */
  scan(space: string, range: Range, batch: number): AsyncIterableIterator<Batch>;
  /** Many ranges of one space in one call: one result per range, at most `limit` entries each. */
  ranges(space: string, ranges: readonly Range[], limit?: number): Maybe<readonly Batch[]>;
  /** For each first component (encoded), the values of all entries that begin with it, in order and frozen. */
  groups(space: string, components: readonly Key[]): Maybe<readonly (readonly StoredValue[])[]>;
  /** Number of entries in a space; exact. */
  size(space: string): Promise<number>;
}

export interface Store {
  /** Names the storage in messages and explain: `file(data/db.json)`. */
  readonly name: string;
  /** Whether a resolved commit survives a power cut. */
  readonly durable: boolean;
  /** Whether spaces with a Partitioning are kept in partitions, so that reading some of them need not touch the others. */
  readonly splits?: boolean;
  /** Reads what is stored. Call once. Throws CorruptionError, LockedError, StorageError. */
  open(spaces: readonly Space[], options?: CallOptions): Promise<void>;
  /** Replaces the set of spaces (schema change): new docs spaces start empty, new index spaces are derived, missing ones are dropped. */
  reshape(spaces: readonly Space[]): Promise<void>;
  snapshot(): Snapshot;
  /** The document that a value names, in the newest version, in a space or index with `point`: a read without a snapshot. */
  point(space: string, value: PointValue): Maybe<StoredValue | undefined>;
  /**
   * Applies the batch atomically. Resolves once it is durable (as configured) and visible. The caller serializes
   * commits logically (one writer) but need not wait for one to resolve before the next: order of calls is order of commits.
   */
  commit(batch: readonly Mutation[]): Promise<void>;
  /** The `registry.json` beside the data: opaque text, replaced atomically and durably; null when there is none. */
  readRegistry(): Promise<string | null>;
  writeRegistry(text: string): Promise<void>;
  /** Folds the journal into the data files now. */
  compact(options?: CallOptions): Promise<void>;
  /** Waits for commits under way, checkpoints, releases the lock. Later calls reject with STORAGE.CLOSED. */
  close(): Promise<void>;
}
