/** Random schemas for property tests: drawn as metadata, so that every kind of type and default comes up. */
import fc from "fast-check";
import { schemaHash } from "../../src/schema/json.js";
import type {
  FieldMeta,
  FieldType,
  Json,
  ModelMeta,
  PropertyMeta,
  RelationMeta,
  Schema,
} from "../../src/schema/model.js";

const name = fc
  .string({ unit: fc.constantFrom(..."abcdefgABC_09"), minLength: 1, maxLength: 6 })
  .map((text) => `n${text}`);
const description = fc.option(fc.string());

export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant(null),
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(
        fc.tuple(fc.oneof(fc.string(), fc.constantFrom("__proto__", "$date", "$object", "constructor")), tie("value")),
        {
          maxLength: 3,
        },
      )
      .map(objectOf),
  ),
})).value;

function objectOf(entries: [string, Json][]): Json {
  const out: Record<string, Json> = {};
  for (const [key, value] of entries) {
    Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return out;
}

export const type: fc.Arbitrary<FieldType> = fc.letrec<{ type: FieldType; property: PropertyMeta }>((tie) => ({
  property: fc.record({
    name,
    type: tie("type"),
    nullable: fc.boolean(),
    optional: fc.boolean(),
    hasDefault: fc.boolean(),
    description,
  }),
  type: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<FieldType>(
      { kind: "int" },
      { kind: "float" },
      { kind: "bigint" },
      { kind: "boolean" },
      { kind: "date" },
      { kind: "bytes" },
      { kind: "null" },
      { kind: "json" },
    ),
    fc.record({ kind: fc.constant("string" as const), format: fc.option(fc.constantFrom("email", "uuidv7")) }),
    fc.record({
      kind: fc.constant("enum" as const),
      values: fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean())),
    }),
    fc.record({
      kind: fc.constant("object" as const),
      name: fc.option(name),
      properties: fc.uniqueArray(tie("property"), { maxLength: 3, selector: (property) => property.name }),
      unknownKeys: fc.constantFrom("strip" as const, "strict" as const, "passthrough" as const),
    }),
    fc.record({ kind: fc.constant("array" as const), element: tie("type"), nullableElement: fc.boolean() }),
    fc.record({
      kind: fc.constant("tuple" as const),
      items: fc.array(tie("type"), { maxLength: 3 }),
      rest: fc.option(tie("type")),
    }),
    fc.record({ kind: fc.constant("record" as const), value: tie("type"), nullableValue: fc.boolean() }),
    fc.record({
      kind: fc.constant("union" as const),
      options: fc.array(tie("type"), { maxLength: 3 }),
      discriminator: fc.option(name),
    }),
  ),
})).type;

const field: fc.Arbitrary<FieldMeta> = fc.record({
  name,
  column: name,
  type,
  input: fc.option(type),
  nullable: fc.boolean(),
  optional: fc.boolean(),
  default: fc.option(
    fc.oneof(
      json.map((value) => ({ kind: "value" as const, value })),
      fc.constant({ kind: "computed" as const }),
      fc.constantFrom("increment", "uuid7", "ulid", "now", "version").map((by) => ({ kind: "generated" as const, by })),
    ),
  ) as fc.Arbitrary<FieldMeta["default"]>,
  role: fc.constantFrom("plain", "createdAt", "updatedAt", "version"),
  description,
  meta: fc.option(fc.dictionary(fc.string(), json, { maxKeys: 2 })),
});

const names = fc.array(name, { maxLength: 2 });
const relation: fc.Arbitrary<RelationMeta> = fc.record({
  name,
  kind: fc.constantFrom("belongsTo", "hasOne", "hasMany", "manyToMany"),
  target: name,
  arity: fc.constantFrom("one", "many"),
  nullable: fc.boolean(),
  from: names,
  to: names,
  through: fc.option(fc.record({ model: name, from: names, to: names })),
  inverse: fc.option(name),
  onDelete: fc.constantFrom("restrict", "cascade", "setNull"),
  description,
});

const unique = { selector: (item: { readonly name: string }) => item.name, maxLength: 3 };
export const model: fc.Arbitrary<ModelMeta> = fc.record({
  name,
  collection: name,
  key: names,
  keyGeneration: fc.constantFrom("increment", "uuid7", "ulid", "given"),
  fields: fc.uniqueArray(field, unique),
  relations: fc.uniqueArray(relation, unique),
  indexes: fc.uniqueArray(fc.record({ name, paths: fc.array(names, { maxLength: 2 }), unique: fc.boolean() }), unique),
  partitionBy: fc.option(name),
  description,
});

export function schemaOf(models: readonly ModelMeta[]): Schema {
  const map = new Map(models.map((meta) => [meta.name, meta]));
  return { hash: schemaHash(map), models: map };
}

export const schema: fc.Arbitrary<Schema> = fc.uniqueArray(model, unique).map(schemaOf);
