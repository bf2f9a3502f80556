/** What one command does to rows, before anything is staged: per collection and key, the row before and after. */
import type { Doc } from "../../schema/model.js";
import type { Key } from "../../storage/store.js";
import type { Collection } from "./catalog.js";

export interface RowChange {
  readonly key: Key;
  /** Null: the row is new. */
  readonly before: Doc | null;
  /** Null: the row goes. */
  readonly after: Doc | null;
}

/** In the order in which rows were written. */
export type RowChanges = ReadonlyMap<Collection, ReadonlyMap<Key, RowChange>>;

export class RowChangeSet {
  readonly all = new Map<Collection, Map<Key, RowChange>>();

  /** Notes a change of a row as it was before the command; a later one for the same row replaces `after`. */
  note(collection: Collection, key: Key, before: Doc | null, after: Doc | null): void {
    let rows = this.all.get(collection);
    if (rows === undefined) {
      rows = new Map();
      this.all.set(collection, rows);
    }
    rows.set(key, { key, before, after });
  }

  get(collection: Collection, key: Key): RowChange | undefined {
    return this.all.get(collection)?.get(key);
  }
}
