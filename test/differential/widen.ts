/**
 * Wide schemas: a random schema with hostile names everywhere, and with types that seldom occur. Names are those that the
 * registry allows (letters, digits, _; up to 100 of them): words of SQL, system columns, names longer than PostgreSQL keeps,
 * names that JavaScript or the engines use themselves. Properties of nested values may be called nearly anything.
 */
import type { FieldType } from "../../src/schema/model.js";
import {
  columnNameProblem,
  memberNameProblem,
  modelNameProblem,
  propertyNameProblem,
} from "../../src/schema/naming.js";
import {
  type FieldSpec,
  type IndexSpec,
  int,
  type ModelSpec,
  nullable,
  object,
  oneOf,
  optional,
  type RelationSpec,
  type SchemaSpec,
  string,
} from "../support/schema.js";
import type { Random } from "./random.js";

const long = (tail: string): string => `${"long".repeat(17)}_${tail}`;

/** Words of SQL, of SQLite and PostgreSQL themselves, of JavaScript, of the statements that Tenon writes. */
const WORDS =
  `select from where order group by having limit offset table user users index primary key unique check default null
  true false values value and or not in is_ as asc desc case when end union join on set update delete insert returning with
  rowid oid ctid xmin xmax cmin cmax tableoid excluded old new current_user current_date session_user analyze begin commit
  json jsonb text int8 date timestamp interval array row rows pg_class sqlite_master main temp public information_schema
  t0 t1 t2 k0 c0 p0 v0 r0 q0 docs doc meta length name then at keys entries map get size arguments eval await yield let
  static implements package undefined NaN Infinity undefined_ D d Id ID`
    .split(/\s+/)
    .filter((word) => word !== "");

export const HOSTILE_NAMES: readonly string[] = [
  ...WORDS,
  "x".repeat(62),
  "y".repeat(63),
  "z".repeat(64),
  "w".repeat(100),
  // Equal in what PostgreSQL keeps of a name, and in more than that.
  long("a"),
  long("b"),
  long("ab"),
  "UPPER",
  "CamelCase",
  "snake_case",
  "trailing_",
  "a__b",
  "n1",
];

export const HOSTILE_PROPERTIES: readonly string[] = [
  'a"b',
  "a'b",
  "a''b",
  'a""b',
  "a\\b",
  "a\\",
  '\\"',
  "a b",
  " ",
  "é",
  "e\u0301",
  "😀",
  "'; drop table users;--",
  "--",
  "/*",
  "?",
  "?1",
  ":p",
  "@p",
  "%s",
  "[0]",
  "#",
  "#-1",
  "*",
  "**",
  "1",
  "-1",
  "0",
  "\n",
  "\t",
  "\u0001",
  "\u007f",
  "\u2028",
  "`",
  "{}",
  "a,b",
  "a/b",
  "a~b",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "null",
  "x".repeat(200),
];

/** Nothing here may be refused by the registry: that would test nothing. */
export function refusedNames(): readonly string[] {
  return [
    ...HOSTILE_NAMES.filter((name) => memberNameProblem(name) !== null || columnNameProblem(name) !== null),
    ...HOSTILE_NAMES.map(modelName).filter((name) => modelNameProblem(name) !== null),
    ...HOSTILE_PROPERTIES.filter((name) => propertyNameProblem(name) !== null),
  ];
}

/** The collection is made of it by appending an s, and has to stay below 100 letters. */
function modelName(name: string): string {
  const model = `${name.charAt(0).toUpperCase()}${name.slice(1)}`.slice(0, 98);
  return modelNameProblem(model) === null ? model : `${model}_`;
}

/** Gives out each name once, also where case does not count. */
class Names {
  readonly #random: Random;
  readonly #given: Set<string>;

  constructor(random: Random, taken: Iterable<string> = []) {
    this.#random = random;
    this.#given = new Set([...taken].map((name) => name.toLowerCase()));
  }

  next(shape: (name: string) => string = (name) => name): string {
    for (;;) {
      const name = shape(this.#random.pick(HOSTILE_NAMES));
      if (this.#given.has(name.toLowerCase())) continue;
      this.#given.add(name.toLowerCase());
      return name;
    }
  }
}

const variants = (left: FieldSpec, right: FieldSpec): FieldType => ({
  kind: "union",
  discriminator: "kind",
  options: [object({ kind: oneOf("l"), v: left }).type, object({ kind: oneOf("r"), v: right, w: optional(int) }).type],
});

/** Types that the plain generator does not make. */
function rareType(random: Random): FieldType {
  return random.weighted<FieldType>([
    [2, () => ({ kind: "tuple", items: [string.type, int.type], rest: null })],
    [2, () => variants(random.pick([string, int]), random.pick([string, int]))],
    [1, () => ({ kind: "union", discriminator: null, options: [string.type, int.type] })],
    [1, () => ({ kind: "enum", values: [1, 2, 30] })],
    [1, () => ({ kind: "enum", values: [true] })],
    [1, () => ({ kind: "enum", values: ["a", 1] })],
    [3, () => oddObject(random)],
  ]);
}

function oddObject(random: Random): FieldType {
  const scalars = [
    string,
    int,
    ...(["float", "bigint", "date", "bytes", "boolean"] as const).map((kind) => ({ type: { kind } })),
  ];
  const properties = random.sample(HOSTILE_PROPERTIES, random.int(1, 4)).map((name) => {
    const spec = random.pick<FieldSpec>(scalars);
    return [name, random.chance(0.5) ? nullable(spec) : optional(spec)] as const;
  });
  return object(Object.fromEntries(properties)).type;
}

/** Fields that no key, index, relation or partition names. */
function freeFields(spec: SchemaSpec, name: string): readonly string[] {
  const model = spec[name]!;
  const used = new Set([...(model.key ?? []), model.partitionBy]);
  for (const index of model.indexes ?? [])
    for (const path of typeof index === "string" ? [index] : index.on) used.add(path.split(".")[0]!);
  for (const [owner, other] of Object.entries(spec)) {
    for (const relation of Object.values(other.relations ?? {})) {
      if (relation.kind === "belongsTo" && owner === name) for (const field of relation.from) used.add(field);
      if (relation.kind === "belongsTo" && relation.target === name)
        for (const field of relation.to ?? []) used.add(field);
      if (relation.kind !== "belongsTo" && relation.kind !== "manyToMany" && relation.target === name)
        for (const field of relation.to) used.add(field);
      if (relation.kind === "manyToMany" && relation.through === name)
        for (const field of [...relation.from, ...relation.to]) used.add(field);
    }
  }
  return Object.keys(model.fields).filter((field) => !used.has(field));
}

function withRareTypes(random: Random, spec: SchemaSpec): SchemaSpec {
  const wider: Record<string, ModelSpec> = {};
  for (const [name, model] of Object.entries(spec)) {
    const fields: Record<string, FieldSpec> = { ...model.fields };
    const indexes = [...(model.indexes ?? [])];
    for (const field of freeFields(spec, name)) {
      if (!random.chance(0.35)) continue;
      const type = rareType(random);
      fields[field] = { ...fields[field]!, type };
      if (type.kind !== "object" || !random.chance(0.5)) continue;
      const [property] = type.properties;
      indexes.push({ on: [`${field}.${property!.name}`], unique: random.chance(0.2), name: `odd_${field}` });
    }
    wider[name] = { ...model, fields, indexes };
  }
  return wider;
}

/** Every name of the schema replaced. */
function withHostileNames(random: Random, spec: SchemaSpec): SchemaSpec {
  const forModels = new Names(random);
  const models = new Map(Object.keys(spec).map((name) => [name, forModels.next(modelName)]));
  const fields = new Map<string, Map<string, string>>();
  const relations = new Map<string, Map<string, string>>();
  for (const [name, model] of Object.entries(spec)) {
    const members = new Names(random);
    fields.set(name, new Map(Object.keys(model.fields).map((field) => [field, members.next()])));
    relations.set(name, new Map(Object.keys(model.relations ?? {}).map((relation) => [relation, members.next()])));
  }
  // An index that a reference needs is called by its fields.
  const indexNames = new Names(
    random,
    [...fields.values()].flatMap((of) => [...of.values()]),
  );
  const named = (model: string, names: readonly string[]) => names.map((field) => fields.get(model)!.get(field)!);
  const path = (model: string, text: string) => {
    const [head, ...rest] = text.split(".");
    return [fields.get(model)!.get(head!)!, ...rest].join(".");
  };
  const relationOf = (model: string, relation: RelationSpec): RelationSpec => {
    const target = models.get(relation.target)!;
    if (relation.kind === "belongsTo") {
      const to = relation.to === undefined ? {} : { to: named(relation.target, relation.to) };
      return { ...relation, target, from: named(model, relation.from), ...to };
    }
    if (relation.kind !== "manyToMany") return { ...relation, target, to: named(relation.target, relation.to) };
    const { through } = relation;
    return {
      ...relation,
      target,
      through: models.get(through)!,
      from: named(through, relation.from),
      to: named(through, relation.to),
    };
  };
  const indexOf = (model: string, index: string | IndexSpec): IndexSpec => {
    const { on, ...rest } = typeof index === "string" ? { on: [index] } : index;
    return { ...rest, on: on.map((each) => path(model, each)), name: indexNames.next() };
  };
  const renamed = Object.entries(spec).map(([name, model]): readonly [string, ModelSpec] => [
    models.get(name)!,
    {
      ...model,
      fields: Object.fromEntries(
        Object.entries(model.fields).map(([field, type]) => [fields.get(name)!.get(field)!, type]),
      ),
      ...(model.key === undefined ? {} : { key: named(name, model.key) }),
      ...(model.partitionBy === undefined ? {} : { partitionBy: fields.get(name)!.get(model.partitionBy)! }),
      indexes: (model.indexes ?? []).map((index) => indexOf(name, index)),
      relations: Object.fromEntries(
        Object.entries(model.relations ?? {}).map(([relation, of]) => [
          relations.get(name)!.get(relation)!,
          relationOf(name, of),
        ]),
      ),
    },
  ]);
  return Object.fromEntries(renamed);
}

export function widened(random: Random, spec: SchemaSpec): SchemaSpec {
  const typed = withRareTypes(random, spec);
  return random.chance(0.6) ? withHostileNames(random, typed) : typed;
}
