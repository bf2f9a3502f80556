/**
 * Schemas for tests of engines, written as data without going through a declaration: `schemaOf({ User: { fields: … } })`.
 * It resolves what the registry would (defaults, foreign-key indexes, inverses) in the smallest way, so that the suites
 * of the engines do not depend on zod.
 */
import { schemaHash } from "../../src/schema/json.js";
import type {
  FieldMeta,
  FieldType,
  IndexMeta,
  Json,
  KeyGeneration,
  ModelMeta,
  OnDelete,
  Path,
  RelationMeta,
  Schema,
} from "../../src/schema/model.js";
import type { SchemaOp } from "../../src/schema/ops.js";

export interface FieldSpec {
  readonly type: FieldType;
  readonly nullable?: boolean;
  readonly optional?: boolean;
}

const scalar = (kind: "int" | "float" | "bigint" | "boolean" | "date" | "bytes" | "json"): FieldSpec => ({
  type: { kind },
});

export const string: FieldSpec = { type: { kind: "string", format: null } };
export const int = scalar("int");
export const float = scalar("float");
export const bigint = scalar("bigint");
export const boolean = scalar("boolean");
export const date = scalar("date");
export const bytes = scalar("bytes");
export const json = scalar("json");
export const oneOf = (...values: readonly string[]): FieldSpec => ({ type: { kind: "enum", values } });
export const array = (element: FieldSpec): FieldSpec => ({
  type: { kind: "array", element: element.type, nullableElement: element.nullable ?? false },
});
export const record = (value: FieldSpec): FieldSpec => ({
  type: { kind: "record", value: value.type, nullableValue: value.nullable ?? false },
});
export const object = (properties: Readonly<Record<string, FieldSpec>>): FieldSpec => ({
  type: {
    kind: "object",
    name: null,
    unknownKeys: "strip",
    properties: Object.entries(properties).map(([name, spec]) => ({
      name,
      type: spec.type,
      nullable: spec.nullable ?? false,
      optional: spec.optional ?? false,
      hasDefault: false,
      description: null,
    })),
  },
});
export const nullable = (spec: FieldSpec): FieldSpec => ({ ...spec, nullable: true });
export const optional = (spec: FieldSpec): FieldSpec => ({ ...spec, optional: true });

export type RelationSpec =
  | {
      readonly kind: "belongsTo";
      readonly target: string;
      readonly from: readonly string[];
      readonly to?: readonly string[];
      readonly onDelete?: OnDelete;
    }
  | { readonly kind: "hasOne" | "hasMany"; readonly target: string; readonly to: readonly string[] }
  | {
      readonly kind: "manyToMany";
      readonly target: string;
      readonly through: string;
      readonly from: readonly string[];
      readonly to: readonly string[];
    };

export interface IndexSpec {
  readonly on: readonly string[];
  readonly unique?: boolean;
  readonly name?: string;
}

export interface ModelSpec {
  readonly fields: Readonly<Record<string, FieldSpec>>;
  /** Default ["id"]. */
  readonly key?: readonly string[];
  /** Default: increment for one int key field, else given. */
  readonly generate?: KeyGeneration;
  readonly partitionBy?: string;
  /** `"a"`, `"address.city"`, or with options. */
  readonly indexes?: readonly (string | IndexSpec)[];
  readonly relations?: Readonly<Record<string, RelationSpec>>;
}

export type SchemaSpec = Readonly<Record<string, ModelSpec>>;

const camel = (name: string): string => name[0]!.toLowerCase() + name.slice(1);

function fieldOf(name: string, spec: FieldSpec, generated: boolean): FieldMeta {
  return {
    name,
    column: name,
    type: spec.type,
    input: null,
    nullable: spec.nullable ?? false,
    optional: (spec.optional ?? false) && !(spec.nullable ?? false),
    default: generated ? { kind: "generated", by: "increment" } : null,
    role: "plain",
    description: null,
    meta: null,
  };
}

function indexOf(spec: string | IndexSpec): IndexMeta {
  const { on, unique, name } = typeof spec === "string" ? { on: [spec], unique: false, name: undefined } : spec;
  return { name: name ?? on.join("_"), paths: on.map((path) => path.split(".")), unique: unique ?? false };
}

const startsWith = (index: IndexMeta, fields: readonly string[]): boolean =>
  fields.every((field, position) => {
    const path: Path | undefined = index.paths[position];
    return path?.length === 1 && path[0] === field;
  });

function foreignIndexes(model: string, spec: SchemaSpec): readonly (readonly string[])[] {
  const wanted: (readonly string[])[] = [];
  for (const relation of Object.values(spec[model]!.relations ?? {})) {
    if (relation.kind === "belongsTo") wanted.push(relation.from);
  }
  for (const other of Object.values(spec)) {
    for (const relation of Object.values(other.relations ?? {})) {
      if ((relation.kind === "hasMany" || relation.kind === "hasOne") && relation.target === model)
        wanted.push(relation.to);
      if (relation.kind === "manyToMany" && relation.through === model) wanted.push(relation.from, relation.to);
    }
  }
  return wanted;
}

const keyOf = (spec: SchemaSpec, model: string): readonly string[] => spec[model]!.key ?? ["id"];

function relationOf(name: string, model: string, spec: SchemaSpec): RelationMeta {
  const relation = spec[model]!.relations![name]!;
  const base = { name, target: relation.target, description: null };
  if (relation.kind === "manyToMany") {
    const through = { model: relation.through, from: relation.from, to: relation.to };
    const [from, to] = [keyOf(spec, model), keyOf(spec, relation.target)];
    return {
      ...base,
      kind: relation.kind,
      arity: "many",
      nullable: false,
      from,
      to,
      through,
      inverse: null,
      onDelete: "restrict",
    };
  }
  const mate = inverseOf(relation, model, spec, name);
  if (relation.kind === "belongsTo") {
    const to = relation.to ?? keyOf(spec, relation.target);
    const loose = relation.from.some(
      (field) => spec[model]!.fields[field]!.nullable || spec[model]!.fields[field]!.optional,
    );
    const onDelete = relation.onDelete ?? "restrict";
    return {
      ...base,
      kind: "belongsTo",
      arity: "one",
      nullable: loose,
      from: relation.from,
      to,
      through: null,
      inverse: mate,
      onDelete,
    };
  }
  const other = mate === null ? undefined : spec[relation.target]!.relations![mate];
  const one = relation.kind === "hasOne";
  return {
    ...base,
    kind: relation.kind,
    arity: one ? "one" : "many",
    nullable: one,
    from: other?.kind === "belongsTo" && other.to !== undefined ? other.to : keyOf(spec, model),
    to: relation.to,
    through: null,
    inverse: mate,
    onDelete: (other?.kind === "belongsTo" ? other.onDelete : undefined) ?? "restrict",
  };
}

function inverseOf(
  relation: Exclude<RelationSpec, { kind: "manyToMany" }>,
  model: string,
  spec: SchemaSpec,
  self: string,
): string | null {
  const mine = relation.kind === "belongsTo" ? relation.from : relation.to;
  for (const [name, other] of Object.entries(spec[relation.target]!.relations ?? {})) {
    if (other.target !== model || other.kind === "manyToMany") continue;
    if (relation.target === model && name === self) continue;
    if ((relation.kind === "belongsTo") === (other.kind === "belongsTo")) continue;
    const theirs = other.kind === "belongsTo" ? other.from : other.to;
    if (theirs.join() === mine.join()) return name;
  }
  return null;
}

function modelOf(name: string, spec: SchemaSpec): ModelMeta {
  const model = spec[name]!;
  const key = keyOf(spec, name);
  const int = key.length === 1 && model.fields[key[0]!]!.type.kind === "int";
  const keyGeneration = model.generate ?? (int ? "increment" : "given");
  const indexes = (model.indexes ?? []).map(indexOf);
  for (const fields of foreignIndexes(name, spec)) {
    const onKey = fields.every((field, position) => key[position] === field);
    if (!onKey && !indexes.some((index) => startsWith(index, fields))) indexes.push(indexOf({ on: fields }));
  }
  return {
    name,
    collection: `${camel(name)}s`,
    key,
    keyGeneration,
    fields: Object.entries(model.fields).map(([field, f]) =>
      fieldOf(field, f, keyGeneration === "increment" && field === key[0]),
    ),
    relations: Object.keys(model.relations ?? {}).map((relation) => relationOf(relation, name, spec)),
    indexes,
    partitionBy: model.partitionBy ?? null,
    description: null,
  };
}

/** Resolves a test schema; `hash` is the one that a database records. */
export function schemaOf(spec: SchemaSpec): Schema {
  const models = new Map(Object.keys(spec).map((name) => [name, modelOf(name, spec)] as const));
  return { hash: schemaHash(models), models };
}

/** The operations that lead from an empty database to `schema`. */
export function creationOps(schema: Schema): readonly SchemaOp[] {
  return [...schema.models.values()].map((model) => ({ kind: "createModel", model }));
}

/** A copy of `schema` without secondary indexes (unique ones stay: they mean something). */
export function withoutIndexes(schema: Schema): Schema {
  const models = new Map(
    [...schema.models].map(
      ([name, model]) => [name, { ...model, indexes: model.indexes.filter((i) => i.unique) }] as const,
    ),
  );
  return { hash: schemaHash(models), models };
}

export type Row = { readonly [field: string]: Json };
