/** Random schemas: every field type, every kind of key and relation, indexes and unique indexes of all shapes. */
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  type FieldSpec,
  float,
  type IndexSpec,
  int,
  json,
  type ModelSpec,
  nullable,
  object,
  oneOf,
  optional,
  type RelationSpec,
  record,
  type SchemaSpec,
  string,
} from "../support/schema.js";
import type { Random } from "./random.js";

interface Draft {
  readonly name: string;
  readonly key: readonly string[];
  readonly fields: Record<string, FieldSpec>;
  readonly indexes: IndexSpec[];
  readonly relations: Record<string, RelationSpec>;
}

const NAMES = ["Alpha", "Beta", "Gamma", "Delta"];
const SCALARS: readonly FieldSpec[] = [string, int, float, bigint, boolean, date, bytes, oneOf("x", "y", "z")];

const scalarField = (random: Random): FieldSpec => random.pick(SCALARS);

function objectField(random: Random, depth: number): FieldSpec {
  const properties: Record<string, FieldSpec> = { a: optional(scalarField(random)), b: nullable(scalarField(random)) };
  if (depth > 0 && random.chance(0.4)) properties.deep = optional(objectField(random, depth - 1));
  if (random.chance(0.3)) properties.list = array(scalarField(random));
  return object(properties);
}

function fieldOf(random: Random): FieldSpec {
  const type = random.weighted<FieldSpec>([
    [8, () => scalarField(random)],
    [2, () => objectField(random, 1)],
    [1.5, () => array(random.chance(0.3) ? nullable(scalarField(random)) : scalarField(random))],
    [1, () => array(objectField(random, 0))],
    [0.5, () => record(scalarField(random))],
    [1, () => json],
  ]);
  return random.weighted([
    [5, () => type],
    [3, () => nullable(type)],
    [2, () => optional(type)],
  ]);
}

/** Paths to scalars that an index may have. */
export function scalarPaths(fields: Readonly<Record<string, FieldSpec>>): string[] {
  const paths: string[] = [];
  for (const [name, { type }] of Object.entries(fields)) {
    if (type.kind === "object") {
      for (const property of type.properties) {
        if (!["object", "array", "record", "json"].includes(property.type.kind)) paths.push(`${name}.${property.name}`);
      }
    } else if (!["array", "record", "json"].includes(type.kind)) paths.push(name);
  }
  return paths;
}

function modelDraft(random: Random, name: string): Draft {
  const fields: Record<string, FieldSpec> = {};
  const key = random.weighted<readonly string[]>([
    [5, () => ["id"]],
    [2, () => ["code"]],
    [1, () => ["at"]],
    [2, () => ["left", "right"]],
  ]);
  const keyTypes: Record<string, FieldSpec> = {
    id: int,
    code: string,
    at: random.pick([date, bigint, float]),
    left: int,
    right: string,
  };
  for (const part of key) fields[part] = keyTypes[part]!;
  for (let at = random.int(1, 6); at > 0; at--) fields[`f${at}`] = fieldOf(random);
  return { name, key, fields, indexes: [], relations: {} };
}

/** A foreign key from `draft` to the key, or a unique field, of `target`. */
function addReference(random: Random, draft: Draft, target: Draft, loose: boolean, tag: string): void {
  // A field that is a reference itself only in wide schemas, so that the seeds of narrow ones mean what they meant.
  const itself = random.wide
    ? []
    : Object.values(target.relations).flatMap((r) => (r.kind === "belongsTo" ? r.from : []));
  const unique = target.indexes.find(
    (index) =>
      index.unique === true && index.on.length === 1 && !index.on[0]!.includes(".") && !itself.includes(index.on[0]!),
  );
  const toUnique = unique !== undefined && random.chance(random.wide ? 0.5 : 0.3);
  const to = toUnique ? unique.on : target.key;
  const from = to.map((field) => `${tag}_${field}`);
  for (const [at, field] of from.entries()) {
    const type = { type: target.fields[to[at]!]!.type };
    draft.fields[field] = loose ? (random.chance(0.7) ? nullable(type) : optional(type)) : type;
  }
  const onDelete = random.pick(
    loose ? (["restrict", "cascade", "setNull", "setNull"] as const) : (["restrict", "cascade"] as const),
  );
  draft.relations[tag] = { kind: "belongsTo", target: target.name, from, onDelete, ...(toUnique ? { to } : {}) };
  if (!random.chance(0.8)) return;
  const one = random.chance(0.25);
  if (one) draft.indexes.push({ on: from, unique: true });
  target.relations[`${tag}Of${draft.name}`] = { kind: one ? "hasOne" : "hasMany", target: draft.name, to: from };
}

function addIndexes(random: Random, draft: Draft): void {
  const paths = scalarPaths(draft.fields).filter((path) => !draft.key.includes(path));
  const names = new Set(draft.indexes.map((index) => index.on.join("_")));
  for (let at = random.int(0, 3); at > 0; at--) {
    const on = random.sample(paths, random.chance(0.6) ? 1 : random.int(2, 3));
    if (on.length === 0 || names.has(on.join("_"))) continue;
    names.add(on.join("_"));
    draft.indexes.push({ on, unique: random.chance(0.2) });
  }
}

/** A through model with payload between two models. */
function manyToMany(random: Random, left: Draft, right: Draft, name: string): Draft {
  const fields: Record<string, FieldSpec> = {};
  const [from, to] = [left.key.map((f) => `l_${f}`), right.key.map((f) => `r_${f}`)];
  for (const [at, field] of left.key.entries()) fields[from[at]!] = { type: left.fields[field]!.type };
  for (const [at, field] of right.key.entries()) fields[to[at]!] = { type: right.fields[field]!.type };
  fields.weight = int;
  const onDelete = random.pick(["cascade", "restrict"] as const);
  const through: Draft = { name, key: [...from, ...to], fields, indexes: [], relations: {} };
  through.relations.l = { kind: "belongsTo", target: left.name, from, onDelete: "cascade" };
  through.relations.r = { kind: "belongsTo", target: right.name, from: to, onDelete };
  left.relations[`via${name}`] = { kind: "manyToMany", target: right.name, through: name, from, to };
  right.relations[`back${name}`] = { kind: "manyToMany", target: left.name, through: name, from: to, to: from };
  return through;
}

/** Chosen without the generator, so that seeds mean what they meant. Storages that do not split must not care. */
function partitionField(fields: Readonly<Record<string, FieldSpec>>): string | undefined {
  const simple = ["string", "int", "float", "bigint", "boolean", "date", "enum"];
  const names = Object.keys(fields).filter((name) => simple.includes(fields[name]!.type.kind));
  return names.length % 3 === 0 ? undefined : names[Math.floor(names.length / 2)];
}

export function randomSchema(random: Random): SchemaSpec {
  const drafts = NAMES.slice(0, random.int(2, 4)).map((name) => modelDraft(random, name));
  for (const draft of drafts) addIndexes(random, draft);
  for (const [at, draft] of drafts.entries()) {
    for (let count = random.int(0, 2); count > 0; count--) {
      const target = random.pick(drafts);
      const earlier = drafts.indexOf(target) < at;
      addReference(random, draft, target, !earlier || random.chance(0.5), `ref${count}`);
    }
  }
  if (random.chance(0.5)) drafts.push(manyToMany(random, random.pick(drafts), random.pick(drafts), "Link"));
  const spec: Record<string, ModelSpec> = {};
  for (const { name, key, fields, indexes, relations } of drafts) {
    const generate = key.join() === "id" && random.chance(0.8) ? "increment" : "given";
    const partitionBy = partitionField(fields);
    spec[name] = { fields, key, generate, indexes, relations, ...(partitionBy === undefined ? {} : { partitionBy }) };
  }
  return spec;
}
