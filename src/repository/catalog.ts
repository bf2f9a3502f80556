/** The models as the repositories use them at run time: everything that can be worked out once is worked out here. */
import { invariant } from "../base/assert.js";
import { KeptShapes } from "../base/shapes.js";
import type { FieldMeta, Json, ModelMeta, Path, RelationMeta, Schema } from "../schema/model.js";
import type { ModelValidator } from "../schema/validator.js";
import { ulidGenerator } from "./ulid.js";
import { uuid7Generator } from "./uuid7.js";

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** A field that a create fills when the data does not. */
export interface Generated {
  readonly field: string;
  readonly make: () => Json;
}

export interface Model {
  readonly meta: ModelMeta;
  readonly validator: ModelValidator;
  readonly fields: ReadonlyMap<string, FieldMeta>;
  readonly relations: ReadonlyMap<string, RelationMeta>;
  /** Filled on create: key, createdAt, updatedAt, version. */
  readonly generated: readonly Generated[];
  readonly updatedAt: readonly string[];
  /** Objects of the last write. */
  readonly made: KeptShapes;
  readonly version: string | null;
  /** Fields that fix a record alone (single key, single-field unique indexes), with the check that a value can be one. */
  readonly uniqueFields: ReadonlyMap<string, UniqueField>;
}

/** A field that fixes a record alone. */
export interface UniqueField {
  readonly name: string;
  readonly path: Path;
  /** Whether a value can be one of its values, told at a glance. */
  readonly fits: (value: unknown) => boolean;
}

export interface Catalog {
  readonly schema: Schema;
  readonly clock: Clock;
  readonly models: ReadonlyMap<string, Model>;
}

export function makeCatalog(schema: Schema, validators: ReadonlyMap<string, ModelValidator>, clock: Clock): Catalog {
  const models = new Map<string, Model>();
  const ids = { uuid7: uuid7Generator(clock), ulid: ulidGenerator(clock) };
  for (const meta of schema.models.values()) {
    const validator = validators.get(meta.name);
    invariant(validator !== undefined, `model ${meta.name} has no validator`);
    models.set(meta.name, makeModel(meta, validator, clock, ids));
  }
  return { schema, clock, models };
}

/** A model that the schema is known to have. */
export function modelOf(catalog: Catalog, name: string): Model {
  const model = catalog.models.get(name);
  invariant(model !== undefined, `no model ${name}`);
  return model;
}

function makeModel(
  meta: ModelMeta,
  validator: ModelValidator,
  clock: Clock,
  ids: Readonly<Record<"uuid7" | "ulid", () => string>>,
): Model {
  const generated: Generated[] = [];
  if (meta.keyGeneration === "uuid7" || meta.keyGeneration === "ulid") {
    const field = meta.key[0];
    invariant(field !== undefined && meta.key.length === 1, `${meta.name}: a generated key is one field`);
    generated.push({ field, make: ids[meta.keyGeneration] });
  }
  for (const field of meta.fields) {
    if (field.role === "createdAt" || field.role === "updatedAt")
      generated.push({ field: field.name, make: () => new Date(clock()) });
    if (field.role === "version") generated.push({ field: field.name, make: () => 1 });
  }
  return {
    meta,
    validator,
    fields: new Map(meta.fields.map((field) => [field.name, field])),
    relations: new Map(meta.relations.map((relation) => [relation.name, relation])),
    generated,
    updatedAt: meta.fields.filter((field) => field.role === "updatedAt").map((field) => field.name),
    version: meta.fields.find((field) => field.role === "version")?.name ?? null,
    uniqueFields: uniqueFields(meta),
    made: new KeptShapes(),
  };
}

function uniqueFields(meta: ModelMeta): Model["uniqueFields"] {
  const names = new Set<string>();
  if (meta.key.length === 1) names.add(meta.key[0]!);
  for (const index of meta.indexes)
    if (index.unique && index.paths.length === 1 && index.paths[0]!.length === 1) names.add(index.paths[0]![0]!);
  const result = new Map<string, UniqueField>();
  for (const name of names) {
    const field = meta.fields.find((candidate) => candidate.name === name);
    const fits = field === undefined ? undefined : FITS[field.type.kind];
    if (fits !== undefined) result.set(name, { name, path: Object.freeze([name]), fits });
  }
  return result;
}

/** Types whose values are recognised at a glance; others take the general way through the parser. */
const FITS: { readonly [kind: string]: ((value: unknown) => boolean) | undefined } = {
  string: (value) => typeof value === "string",
  int: (value) => Number.isSafeInteger(value) && !Object.is(value, -0),
};
