/**
 * What leads from one schema to another, as SchemaOps in an order in which they can be applied: new models, then what
 * goes (relations and indexes before their fields), then what changes and comes, dropped models last. A renamed thing is a
 * dropped and an added one: only a migration can know better.
 */
import { fieldForm, meaningOf } from "./json.js";
import type { FieldMeta, FieldType, ModelMeta, RelationMeta, Schema } from "./model.js";
import type { SchemaOp } from "./ops.js";
import { encodeValue } from "./values.js";

export { describeOp } from "./describe.js";

export function diffSchemas(from: Schema | null, to: Schema): readonly SchemaOp[] {
  const before = from?.models ?? new Map<string, ModelMeta>();
  const names = [...new Set([...before.keys(), ...to.models.keys()])].sort();
  const created: SchemaOp[] = [];
  const dropped: SchemaOp[] = [];
  const inside: SchemaOp[][] = [[], [], [], [], [], [], [], [], []];
  for (const name of names) {
    const old = before.get(name);
    const now = to.models.get(name);
    if (old === undefined && now !== undefined) created.push({ kind: "createModel", model: now });
    else if (now === undefined) dropped.push({ kind: "dropModel", model: name });
    else if (old !== undefined) for (const [phase, ops] of diffModel(old, now).entries()) inside[phase]?.push(...ops);
  }
  return [...created, ...inside.flat(), ...dropped];
}

/** Operations by phase. */
function diffModel(from: ModelMeta, to: ModelMeta): readonly (readonly SchemaOp[])[] {
  const model = to.name;
  const relations = compare(from.relations, to.relations, relationText);
  const indexes = compare(from.indexes, to.indexes, meaningOf);
  const fields = compare(from.fields, to.fields, fieldText);
  const properties = (["collection", "key", "keyGeneration", "partitionBy", "description"] as const).filter(
    (property) => JSON.stringify(from[property]) !== JSON.stringify(to[property]),
  );
  return [
    relations.dropped.map((relation) => ({ kind: "dropRelation", model, relation: relation.name })),
    [...indexes.dropped, ...indexes.changed.map(([old]) => old)].map((index) => ({
      kind: "dropIndex",
      model,
      index: index.name,
    })),
    fields.dropped.map((field) => ({ kind: "dropField", model, field: field.name })),
    properties.map((property) => ({
      kind: "alterModel",
      model,
      property,
      from: from[property],
      to: to[property],
    })),
    fields.added.map((field) => ({ kind: "addField", model, field })),
    fields.changed.map(([old, field]) => ({ kind: "alterField", model, from: old, field })),
    [...indexes.added, ...indexes.changed.map(([, index]) => index)].map((index) => ({
      kind: "createIndex",
      model,
      index,
    })),
    relations.added.map((relation) => ({ kind: "addRelation", model, relation })),
    relations.changed.map(([old, relation]) => ({ kind: "alterRelation", model, from: old, relation })),
  ];
}

interface Comparison<T> {
  readonly added: readonly T[];
  readonly dropped: readonly T[];
  readonly changed: readonly (readonly [from: T, to: T])[];
}

function compare<T extends { readonly name: string }>(
  from: readonly T[],
  to: readonly T[],
  text: (item: T) => string,
): Comparison<T> {
  const before = new Map(from.map((item) => [item.name, item]));
  const after = new Set(to.map((item) => item.name));
  const changed = to.flatMap((item) => {
    const old = before.get(item.name);
    return old !== undefined && text(old) !== text(item) ? [[old, item] as const] : [];
  });
  return {
    added: to.filter((item) => !before.has(item.name)),
    dropped: from.filter((item) => !after.has(item.name)),
    changed,
  };
}

/** Descriptions and metadata count here, unlike in the hash: the database's copy of the schema is kept current. */
function fieldText(field: FieldMeta): string {
  const meta = field.meta === null ? null : encodeValue(field.meta);
  return `${meaningOf(fieldForm(field))} ${JSON.stringify([field.description, meta, descriptionsOf(field.type)])}`;
}

function relationText(relation: RelationMeta): string {
  return `${meaningOf(relation)} ${JSON.stringify(relation.description)}`;
}

function descriptionsOf(type: FieldType): unknown {
  if (type.kind === "array") return descriptionsOf(type.element);
  if (type.kind === "record") return descriptionsOf(type.value);
  if (type.kind === "union") return type.options.map(descriptionsOf);
  if (type.kind === "tuple") return type.items.map(descriptionsOf);
  if (type.kind !== "object") return null;
  const properties = [...type.properties].sort((a, b) => (a.name < b.name ? -1 : 1));
  return properties.map((property) => [property.description, descriptionsOf(property.type)]);
}

type Handlers<R> = {
  readonly [K in SchemaOp["kind"]]: (op: Extract<SchemaOp, { kind: K }>, from: Schema | null) => R;
};

const ADDITIVE: Handlers<boolean> = {
  createModel: () => true,
  dropModel: () => false,
  addField: ({ field }) => field.nullable || field.optional || field.default?.kind === "value",
  dropField: () => false,
  renameField: () => false,
  alterField: ({ from, field }) => isLooser(from, field),
  // The engine refuses a unique index, or a foreign key, that the data does not fit.
  createIndex: () => true,
  dropIndex: () => true,
  addRelation: () => true,
  dropRelation: () => true,
  alterRelation: () => true,
  // Where rows lie says nothing about what they are.
  alterModel: ({ property }) => property === "description" || property === "partitionBy",
};

/** Whether the operation can be applied to a filled database at once: no document changes and none becomes invalid. */
export function isAdditive(op: SchemaOp, from: Schema | null): boolean {
  const handler = ADDITIVE[op.kind] as (op: SchemaOp, from: Schema | null) => boolean;
  return handler(op, from);
}

/** Every value that fits `from` fits `to`, in the same place and form. */
function isLooser(from: FieldMeta, to: FieldMeta): boolean {
  // Null and absent read back differently, so a field may not change from the one to the other.
  const sameEmpty = from.nullable === to.nullable && from.optional === to.optional;
  return (
    from.column === to.column &&
    (sameEmpty || (!from.nullable && !from.optional)) &&
    isWider(from.type, to.type) &&
    // A role, and a generated value, say something about the rows that are there already.
    from.role === to.role &&
    (from.default?.kind === "generated") === (to.default?.kind === "generated")
  );
}

function isWider(from: FieldType, to: FieldType): boolean {
  if (meaningOf(unnamed(from)) === meaningOf(unnamed(to))) return true;
  if (from.kind === "enum" && to.kind === "enum") return from.values.every((value) => to.values.includes(value));
  return from.kind === "string" && to.kind === "string" && to.format === null;
}

/** Without the names of generated interfaces, which say nothing about data. */
function unnamed(type: FieldType): FieldType {
  if (type.kind === "array") return { ...type, element: unnamed(type.element) };
  if (type.kind === "record") return { ...type, value: unnamed(type.value) };
  if (type.kind === "union") return { ...type, options: type.options.map(unnamed) };
  if (type.kind === "tuple") {
    return { ...type, items: type.items.map(unnamed), rest: type.rest === null ? null : unnamed(type.rest) };
  }
  if (type.kind !== "object") return type;
  const properties = type.properties.map((property) => ({
    ...property,
    type: unnamed(property.type),
    hasDefault: false,
  }));
  return { ...type, name: null, properties };
}
