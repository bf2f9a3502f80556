/** Random values of a field type, from domains so small that equal values, collisions and near misses are common. */
import type { Doc, FieldMeta, FieldType, Json, ModelMeta, RelationMeta, Schema } from "../../src/schema/model.js";
import type { Random } from "./random.js";
import { HOSTILE_PROPERTIES } from "./widen.js";

const STRINGS = ["", "a", "b", "ab", "A", "é", "\uffee", "😀", "a\u0000", "a b", "x", "10", "9"];
const INTS = [-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100];
/** Multiples of a quarter: sums are exact in any order. */
const FLOATS = [-1.5, -0.25, 0, 0.25, 1, 2, 2.5, 1000];
const BIGINTS = [-(2n ** 65n), -1n, 0n, 1n, 2n, 2n ** 53n + 1n, 2n ** 70n];
const DATES = [-1, 0, 1, 1000, 1e12];
const BYTES = [[], [0], [0, 1], [1], [255]];

type Make = { readonly [K in FieldType["kind"]]: (random: Random, type: Extract<FieldType, { kind: K }>) => Json };

function jsonOf(random: Random, depth: number): Json {
  return random.weighted<Json>([
    [2, () => null],
    [2, () => random.pick(STRINGS)],
    [2, () => random.pick(INTS)],
    [1, () => random.chance(0.5)],
    [0.7, () => random.pick(BIGINTS)],
    [0.7, () => new Date(random.pick(DATES))],
    [0.5, () => new Uint8Array(random.pick(BYTES))],
    [depth, () => random.list(0, 3, () => jsonOf(random, depth - 1))],
    [depth * 2, () => jsonObject(random, depth - 1)],
  ]);
}

function jsonObject(random: Random, depth: number): Json {
  const usual = ["a", "b", "deep", "__proto__", "constructor"];
  const names = random.sample(random.wide ? [...usual, ...HOSTILE_PROPERTIES.slice(0, 12)] : usual, random.int(0, 3));
  return Object.fromEntries(names.map((name) => [name, jsonOf(random, depth)]));
}

const RECORD_NAMES = ["a", "b", "toString", 'a"b', "a'b", "\\", "", "a.b", "$a", "1"];

const MAKE: Make = {
  string: (random) => random.pick(STRINGS),
  int: (random) => random.pick(INTS),
  float: (random) => random.pick(FLOATS),
  bigint: (random) => random.pick(BIGINTS),
  boolean: (random) => random.chance(0.5),
  date: (random) => new Date(random.pick(DATES)),
  bytes: (random) => new Uint8Array(random.pick(BYTES)),
  enum: (random, type) => random.pick(type.values),
  null: () => null,
  json: (random) => jsonOf(random, 2),
  array: (random, type) =>
    random.list(0, 3, () => (type.nullableElement && random.chance(0.2) ? null : anyValue(random, type.element))),
  tuple: (random, type) => type.items.map((item) => anyValue(random, item)),
  record: (random, type) =>
    Object.fromEntries(
      random
        .sample(random.wide ? RECORD_NAMES : ["a", "b", "toString"], random.int(0, 2))
        .map((name) => [name, anyValue(random, type.value)]),
    ),
  union: (random, type) => anyValue(random, random.pick(type.options)),
  object: (random, type) => {
    const result: Record<string, Json> = {};
    for (const property of type.properties) {
      if (property.optional && random.chance(0.3)) continue;
      result[property.name] = property.nullable && random.chance(0.3) ? null : anyValue(random, property.type);
    }
    return result;
  },
};

export function anyValue(random: Random, type: FieldType): Json {
  return (MAKE[type.kind] as (random: Random, type: FieldType) => Json)(random, type);
}

export function scalarDomain(type: FieldType): readonly Json[] {
  const domains: Partial<Record<FieldType["kind"], readonly Json[]>> = {
    string: STRINGS,
    int: INTS,
    float: FLOATS,
    bigint: BIGINTS,
    date: DATES.map((ms) => new Date(ms)),
  };
  return domains[type.kind] ?? [];
}

/** What a field may be set to; undefined: leave it out. */
export function fieldValue(random: Random, field: FieldMeta): Json | undefined {
  if (field.nullable && random.chance(0.25)) return random.chance(0.5) ? null : undefined;
  if (field.optional && random.chance(0.3)) return undefined;
  return anyValue(random, field.type);
}

/** Remembers rows made so far, so that references often lead somewhere. */
export class Rows {
  readonly #docs = new Map<string, Doc[]>();

  add(model: string, doc: Doc): void {
    const list = this.#docs.get(model);
    if (list === undefined) this.#docs.set(model, [doc]);
    else list.push(doc);
  }

  some(random: Random, model: string): Doc | null {
    const list = this.#docs.get(model) ?? [];
    return list.length === 0 ? null : random.pick(list);
  }
}

function referenceValues(random: Random, relation: RelationMeta, rows: Rows): readonly (Json | undefined)[] {
  const target = rows.some(random, relation.target);
  return relation.to.map((name) => target?.[name]);
}

/** A document for an insert: complete, valid by type, sometimes with references that lead nowhere. */
export function randomDoc(random: Random, schema: Schema, model: ModelMeta, rows: Rows): Doc {
  const doc: Record<string, Json> = {};
  for (const field of model.fields) {
    const value = fieldValue(random, field);
    if (value !== undefined) doc[field.name] = value;
  }
  for (const relation of model.relations) {
    if (relation.kind !== "belongsTo") continue;
    const values = random.chance(0.93) ? referenceValues(random, relation, rows) : [];
    for (const [at, name] of relation.from.entries()) {
      const field = model.fields.find((f) => f.name === name)!;
      const value = values[at] ?? undefined;
      if (value !== undefined && !(field.nullable && random.chance(0.1))) doc[name] = value;
      else if (random.chance(0.9) && (field.nullable || field.optional)) delete doc[name];
    }
  }
  if (model.keyGeneration === "increment" && random.chance(0.8)) delete doc[model.key[0]!];
  else if (
    model.key.length === 1 &&
    model.fields.some((f) => f.name === model.key[0] && f.type.kind === "int") &&
    random.chance(0.7)
  ) {
    doc[model.key[0]!] = random.int(1, 40);
  }
  void schema;
  return doc;
}
