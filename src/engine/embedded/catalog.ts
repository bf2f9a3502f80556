/** A schema prepared for the engine: per model its spaces, key sequences, and the references that leave and reach it. */
import { invariant } from "../../base/assert.js";
import { compileRead } from "../../query/evaluate.js";
import type { OrderTerm } from "../../query/ir.js";
import type { Doc, FieldMeta, Json, ModelMeta, RelationMeta, Schema } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import { partitionName } from "../../storage/partition.js";
import type { Key, Partitioning, Space } from "../../storage/store.js";
import { type CollectionIndex, collectionIndex, type KeySequence, keySequence } from "./indexes.js";
import { createNormalizer } from "./normalize.js";

/** Holds the engine's own records, such as sequences. */
export const META_SPACE = "$meta";

/** Where `$meta` keeps the largest auto-increment key of a collection. */
export function sequenceKey(collection: string): Key {
  return `sequence/${collection}`;
}

/** A foreign key: `child.from` holds the values of `parent.to`. */
export interface Reference {
  readonly relation: RelationMeta;
  readonly child: Collection;
  readonly parent: Collection;
}

export interface Collection {
  readonly meta: ModelMeta;
  /** The docs space. */
  readonly space: string;
  readonly key: KeySequence;
  readonly indexes: readonly CollectionIndex[];
  /** The primary key first. */
  readonly sequences: readonly KeySequence[];
  /** Single fields that identify a row: the key, and unique indexes of one top-level field. */
  readonly points: ReadonlyMap<string, KeySequence>;
  readonly fields: ReadonlyMap<string, FieldMeta>;
  readonly relations: ReadonlyMap<string, RelationMeta>;
  /** Foreign keys that this model holds, and those of other models (or itself) that point here. */
  readonly references: readonly Reference[];
  readonly referencedBy: readonly Reference[];
  /** The order of the primary key. */
  readonly keyOrder: readonly OrderTerm[];
  keyOf(doc: Doc): Key;
  /** The document as stored: fields in model order, nullable ones null, optional ones absent, deeply frozen. `number`: the key to put in. */
  normalize(doc: Doc, number: number | null): Doc;
  /** Deeply freezes a new document whose fields are in place. */
  freeze(doc: Doc): Doc;
  spaces(): readonly Space[];
}

export interface Catalog {
  readonly schema: Schema;
  collection(model: string): Collection;
  /** Every space of the database. */
  readonly spaces: readonly Space[];
}

/** The key sequence whose leading columns are these fields, in any order; the shortest one when there are several. */
export function sequenceOn(collection: Collection, fields: readonly string[]): KeySequence | null {
  let best: KeySequence | null = null;
  for (const sequence of collection.sequences) {
    const leading = sequence.columnNames.slice(0, fields.length);
    if (leading.length !== fields.length || !fields.every((field) => leading.includes(field))) continue;
    if (best === null || sequence.columns.length < best.columns.length) best = sequence;
  }
  return best;
}

/** Reads the fields' values and encodes them as the beginning of a key of `sequence`; null when one of them is null. */
export function prefixReader(
  sequence: KeySequence,
  target: readonly string[],
  source: readonly string[],
): (doc: Doc) => Key | null {
  const order = sequence.columnNames.slice(0, target.length).map((name) => source[target.indexOf(name)]!);
  const reads = order.map((field) => compileRead([field]));
  const [first] = reads;
  if (reads.length === 1 && first !== undefined) {
    return (doc) => {
      const value = first(doc) ?? null;
      return value === null ? null : encodeKey([value]);
    };
  }
  return (doc) => {
    const values: Json[] = [];
    for (const read of reads) {
      const value = read(doc) ?? null;
      if (value === null) return null;
      values.push(value);
    }
    return encodeKey(values);
  };
}

/** Later sequences win: the key comes last. */
function pointsOf(sequences: readonly KeySequence[]): ReadonlyMap<string, KeySequence> {
  const points = new Map<string, KeySequence>();
  for (const sequence of sequences) {
    const [path] = sequence.columns;
    if (sequence.uniqueWidth === 1 && path?.length === 1) points.set(path[0]!, sequence);
  }
  return points;
}

function partitioningOf({ partitionBy }: ModelMeta): Partitioning | undefined {
  if (partitionBy === null) return undefined;
  const read = compileRead([partitionBy]);
  return { field: partitionBy, of: (doc) => partitionName(read(doc) as Json | undefined) };
}

type Draft = { -readonly [K in keyof Collection]: Collection[K] };

function prepare(meta: ModelMeta): Draft {
  const space = meta.collection;
  const key = keySequence(space, meta.key);
  const indexes = meta.indexes.map((index) => collectionIndex(space, index, meta.key));
  const reads = meta.key.map((field) => compileRead([field]));
  const [first] = reads;
  const keyOf =
    reads.length === 1 && first !== undefined
      ? (doc: Doc) => encodeKey([first(doc) as Json])
      : (doc: Doc) => encodeKey(reads.map((read) => read(doc) as Json));
  return {
    meta,
    space,
    key,
    indexes,
    sequences: [key, ...indexes],
    points: pointsOf([...indexes, key]),
    fields: new Map(meta.fields.map((field) => [field.name, field])),
    relations: new Map(meta.relations.map((relation) => [relation.name, relation])),
    references: [],
    referencedBy: [],
    keyOrder: meta.key.map((field) => ({ key: { kind: "path", path: [field] }, direction: "asc", nulls: "first" })),
    keyOf,
    ...createNormalizer(meta),
    spaces: () => [
      {
        id: space,
        kind: "docs",
        keyOf,
        point: reads.length === 1 ? first : undefined,
        partition: partitioningOf(meta),
        derive: indexes.map((index) => ({
          space: index.space,
          keys: (doc: Doc, docKey: Key) => [index.prefix(doc) + docKey],
          unique: index.index.unique,
          point: index.index.unique && index.index.paths.length === 1 ? compileRead(index.index.paths[0]!) : undefined,
        })),
      },
      ...indexes.map((index): Space => ({ id: index.space, kind: "index", keyOf, derive: [] })),
    ],
  };
}

const META: Space = { id: META_SPACE, kind: "meta", keyOf: () => "", derive: [] };

export function createCatalog(schema: Schema): Catalog {
  const collections = new Map<string, Draft>();
  for (const meta of schema.models.values()) collections.set(meta.name, prepare(meta));
  const collection = (model: string): Draft => {
    const found = collections.get(model);
    invariant(found !== undefined, `The schema has no model "${model}"`);
    return found;
  };
  for (const child of collections.values()) {
    const own = child.meta.relations.filter((relation) => relation.kind === "belongsTo");
    child.references = own.map((relation) => ({ relation, child, parent: collection(relation.target) }));
  }
  for (const parent of collections.values()) {
    parent.referencedBy = [...collections.values()].flatMap((child) =>
      child.references.filter((reference) => reference.parent === parent),
    );
  }
  return {
    schema,
    collection,
    spaces: [META, ...[...collections.values()].flatMap((one) => one.spaces())],
  };
}
