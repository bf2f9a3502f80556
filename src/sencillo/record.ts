/** What is kept of a collection beside its documents, and where a document is. */
import type { Doc } from "../schema/model.js";
import type { Key } from "../storage/store.js";

/** A collection's record. */
export interface CollectionRecord {
  /** `__stats`: the last `_id` given, and the number of documents. */
  readonly inserted: number;
  readonly total: number;
  /** Buckets made so far that have no position's name. */
  readonly next: number;
  /** Documents put elsewhere than their `_id` says, so far. */
  readonly moves: number;
  readonly fields: readonly string[];
  /** Some documents of a foreign file share an `_id` or have none: they are found by scanning only. */
  readonly odd: boolean;
  /** With `stableIds`: only the counters are left. */
  readonly dropped: boolean;
}

export const NEW_RECORD: CollectionRecord = {
  inserted: 0,
  total: 0,
  next: 0,
  moves: 0,
  fields: [],
  odd: false,
  dropped: false,
};

export interface Bucket {
  readonly name: string;
  readonly no: string;
}

/** A document and where it is. */
export interface Located {
  readonly no: string;
  readonly key: Key;
  readonly doc: Doc;
}
