/**
 * Key sequences: the primary key and the secondary indexes seen as one thing, an ordered list of columns over a space.
 *
 *   docs space    encodeKey(key values)                       -> document
 *   index space   encodeKey(values at the paths) + doc's key  -> document
 *
 * A missing value is indexed as null, so every document has exactly one entry in every index.
 */

import { compileRead } from "../../query/evaluate.js";
import type { Doc, IndexMeta, Json, Path } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { Key, Range } from "../../storage/store.js";

export interface KeySequence {
  /** Name in plans: the index's, or `$key`. */
  readonly name: string;
  readonly space: string;
  /** Null for the primary key. */
  readonly index: IndexMeta | null;
  /** The index paths, then the key fields. */
  readonly columns: readonly Path[];
  /** Each column's path as one string, for look-ups. */
  readonly columnNames: readonly string[];
  /** How many leading columns identify a row when none of them is null; null when no prefix does. */
  readonly uniqueWidth: number | null;
}

export interface CollectionIndex extends KeySequence {
  readonly index: IndexMeta;
  /** The encoded index values of a document: the common beginning of all entries with the same values. */
  prefix(doc: Doc): Key;
  /** Whether any of the index values is null or missing: such rows are never duplicates. */
  hasNull(doc: Doc): boolean;
}

/** A path as one string; paths differ exactly when these do. */
export function pathName(path: Path): string {
  return path.length === 1 ? path[0]! : path.join("\0");
}

export function keySequence(space: string, key: readonly string[]): KeySequence {
  return {
    name: "$key",
    space,
    index: null,
    columns: key.map((field) => [field]),
    columnNames: key,
    uniqueWidth: key.length,
  };
}

export function collectionIndex(collection: string, index: IndexMeta, key: readonly string[]): CollectionIndex {
  const reads = index.paths.map((path) => compileRead(path));
  const [first] = reads;
  const columns = [...index.paths, ...key.map((field) => [field])];
  return {
    name: index.name,
    space: `${collection}/${index.name}`,
    index,
    columns,
    columnNames: columns.map(pathName),
    uniqueWidth: index.unique ? index.paths.length : null,
    prefix:
      reads.length === 1 && first !== undefined
        ? (doc) => encodeKey([(first(doc) ?? null) as Json])
        : (doc) => encodeKey(reads.map((read) => read(doc) ?? null)),
    hasNull: (doc) => reads.some((read) => (read(doc) ?? null) === null),
  };
}

/** The entries of an index whose values are exactly those of `prefix`. */
export function prefixRange(prefix: Key): Range & { readonly gte: Key; readonly lt: Key } {
  // Every component begins with a digit, so U+00FF is above all of them.
  return { gte: prefix, lt: `${prefix}\xff` };
}
