/**
 * What a schema change does to documents: every document of a model that changed, as it looks under the target schema.
 * Applying it twice gives the same as applying it once, so that an interrupted change can be started over.
 */
import { MigrationError } from "../../base/errors.js";
import { ownValue, valuesOf } from "../../query/document.js";
import { missingParent } from "../../query/violations.js";
import type { Doc, FieldMeta, FieldType, Json } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { Key } from "../../storage/store.js";
import type { Catalog, Collection } from "./catalog.js";
import { indexViolation } from "./constraints.js";
import type { DataOp } from "./data-ops.js";

/** Reads every document of a docs space as it is now. */
export type ReadAll = (space: string) => Promise<readonly Doc[]>;

/** New documents of a collection that differ from the stored ones, by key. */
export type Rewritten = ReadonlyMap<Collection, ReadonlyMap<Key, Doc>>;

/** Computes and checks the change; throws before anything is written when existing data does not allow it. */
export async function reshapeDocs(
  from: Catalog,
  target: Catalog,
  ops: readonly DataOp[],
  read: ReadAll,
): Promise<Rewritten> {
  const docs = new Map<Collection, readonly Doc[]>();
  const rewritten = new Map<Collection, ReadonlyMap<Key, Doc>>();
  const docsOf = async (collection: Collection): Promise<readonly Doc[]> => {
    let known = docs.get(collection);
    if (known === undefined) {
      const old = from.schema.models.has(collection.meta.name) ? from.collection(collection.meta.name) : null;
      known = await rewrite(collection, old, ops, read, rewritten);
      docs.set(collection, known);
    }
    return known;
  };
  for (const meta of target.schema.models.values()) {
    const collection = target.collection(meta.name);
    const old = from.schema.models.has(meta.name) ? from.collection(meta.name) : null;
    if (old !== null && !changesDocs(collection, old)) continue;
    checkKey(collection, old);
    await docsOf(collection);
  }
  for (const meta of target.schema.models.values()) await checkConstraints(from, target.collection(meta.name), docsOf);
  return rewritten;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function changesDocs(collection: Collection, old: Collection): boolean {
  const shape = ({ meta }: Collection) => [
    meta.collection,
    meta.key,
    meta.fields.map((field) => [field.name, field.type, field.nullable, field.optional]),
  ];
  return !same(shape(collection), shape(old));
}

function checkKey({ meta }: Collection, old: Collection | null): void {
  if (old === null) return;
  if (!same(meta.key, old.meta.key)) {
    throw new MigrationError(`The key of ${meta.name} cannot change from ${old.meta.key} to ${meta.key}`, {
      fix: "create a new model with that key, copy the records, drop the old one",
      meta: { model: meta.name },
    });
  }
}

async function rewrite(
  collection: Collection,
  old: Collection | null,
  ops: readonly DataOp[],
  read: ReadAll,
  rewritten: Map<Collection, ReadonlyMap<Key, Doc>>,
): Promise<readonly Doc[]> {
  const moved = old !== null && old.space !== collection.space;
  const stored = await read(old?.space ?? collection.space);
  // A collection that was moved already, by a change that was interrupted, is at its new place.
  const docs = moved && stored.length === 0 ? await read(collection.space) : stored;
  if (old === null || docs.length === 0 || !changesDocs(collection, old)) return docs;
  const renamed = new Map<string, string>();
  for (const op of ops) if (op.model === collection.meta.name) renamed.set(op.to, op.from);
  const changed = new Map<Key, Doc>();
  const next = docs.map((doc) => {
    const values: Record<string, Json> = Object.create(null);
    for (const field of collection.meta.fields) {
      const source = renamed.get(field.name);
      const value = ownValue(doc, field.name) ?? (source === undefined ? undefined : ownValue(doc, source));
      const filled = fill(collection, field, value);
      if (filled !== undefined) values[field.name] = filled;
    }
    const result = collection.normalize(values, null);
    changed.set(collection.keyOf(result), result);
    return result;
  });
  rewritten.set(collection, changed);
  return next;
}

function fill({ meta }: Collection, field: FieldMeta, value: Json | undefined): Json | undefined {
  const refuse = (why: string, fix: string) =>
    new MigrationError(`${meta.name}.${field.name}: ${why}`, { fix, meta: { model: meta.name, field: field.name } });
  if (value !== undefined && value !== null) {
    if (fits(field.type, value)) return value;
    throw refuse("existing records hold values of another type", "change the records first, or add another field");
  }
  if (field.nullable || field.optional) {
    return value === undefined && field.default?.kind === "value" ? field.default.value : value;
  }
  if (field.default?.kind === "value") return field.default.value;
  if (field.default?.kind === "generated" && field.default.by === "now") return new Date();
  if (field.default?.kind === "generated" && field.default.by === "version") return 1;
  throw refuse("existing records have no value", "declare it optional or nullable, or give it a constant default");
}

/** Whether a stored scalar is of the type; composite types are left to the validator. */
function fits(type: FieldType, value: Json): boolean {
  switch (type.kind) {
    case "string":
      return typeof value === "string";
    case "int":
      return Number.isSafeInteger(value);
    case "float":
      return typeof value === "number";
    case "bigint":
      return typeof value === "bigint";
    case "boolean":
      return typeof value === "boolean";
    case "date":
      return value instanceof Date;
    case "bytes":
      return value instanceof Uint8Array;
    case "enum":
      return type.values.includes(value as string);
    case "array":
    case "tuple":
      return Array.isArray(value);
    case "object":
    case "record":
      return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);
    case "null":
      return value === null;
    default:
      return true;
  }
}

/** Unique indexes and foreign keys that the data did not have to keep before. */
async function checkConstraints(
  from: Catalog,
  collection: Collection,
  docsOf: (collection: Collection) => Promise<readonly Doc[]>,
): Promise<void> {
  const { meta } = collection;
  const old = from.schema.models.get(meta.name);
  for (const index of collection.indexes) {
    const known = old?.indexes.find((one) => one.name === index.name);
    if (!index.index.unique || same(known, index.index)) continue;
    const seen = new Set<Key>();
    for (const doc of await docsOf(collection)) {
      if (index.hasNull(doc)) continue;
      const prefix = index.prefix(doc);
      if (seen.has(prefix)) throw indexViolation(collection, index, doc);
      seen.add(prefix);
    }
  }
  for (const { relation, parent } of collection.references) {
    const known = old?.relations.find((one) => one.name === relation.name);
    const parentKnown = from.schema.models.has(parent.meta.name);
    if (
      known !== undefined &&
      parentKnown &&
      same([known.from, known.to, known.target], [relation.from, relation.to, relation.target])
    ) {
      continue;
    }
    const children = await docsOf(collection);
    if (children.length === 0) continue;
    const parents = new Set((await docsOf(parent)).map((doc) => encodeKey(valuesOf(doc, relation.to))));
    for (const doc of children) {
      const values = valuesOf(doc, relation.from);
      if (!values.includes(null) && !parents.has(encodeKey(values))) throw missingParent(meta, relation, values);
    }
  }
}
