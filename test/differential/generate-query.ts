/** Random queries over a schema: the full IR, valid by type but for a few comparisons across types. */
import type {
  AggregateQuery,
  Filter,
  FindQuery,
  Measure,
  OrderTerm,
  PopulateNode,
  Selection,
} from "../../src/query/ir.js";
import type { Doc, FieldType, Json, ModelMeta, Path, Schema } from "../../src/schema/model.js";
import { anyValue } from "./generate-value.js";
import { isScalarKind, scalarsOf, type TypedPath, typedPaths } from "./paths.js";
import type { Random } from "./random.js";

/** Callback filters by name, so that a case can be printed. */
export const CALLBACKS: Readonly<Record<string, (doc: Doc) => boolean>> = {
  always: () => true,
  evenLength: (doc) => JSON.stringify(Object.keys(doc)).length % 2 === 0,
  hasNull: (doc) => Object.values(doc).includes(null),
  manyKeys: (doc) => Object.keys(doc).length > 3,
};

const PATTERNS: readonly (readonly [string, string])[] = [
  ["^a", ""],
  ["^a", "i"],
  ["b$", ""],
  ["^.$", "u"],
  ["[0-9]", ""],
  ["", ""],
  ["a.", "s"],
  ["^(a|b)+$", "g"],
];
const ORDERED = new Set(["string", "int", "float", "bigint", "date", "enum", "boolean", "bytes", "json"]);

/** Now and then so long that SQL databases get it as one parameter. */
function list(random: Random, make: () => Json): Json[] {
  const values = random.list(0, 4, make);
  if (values.length < 4 || !random.chance(0.1)) return values;
  return Array.from({ length: 150 }, () => values).flat();
}

function leaf(random: Random, { path, type }: TypedPath): Filter {
  const value = (): Json =>
    random.chance(0.04) ? random.pick<Json>([1, "a", 1n, true, new Date(0)]) : anyValue(random, type);
  const orderable = (): Json => {
    const candidate = value();
    return candidate === null ||
      (typeof candidate === "object" && !(candidate instanceof Date) && !(candidate instanceof Uint8Array))
      ? "a"
      : candidate;
  };
  return random.weighted<Filter>([
    [4, () => ({ kind: "compare", path, op: random.pick(["eq", "ne"]), value: random.chance(0.15) ? null : value() })],
    [
      ORDERED.has(type.kind) ? 4 : 0,
      () => ({ kind: "compare", path, op: random.pick(["gt", "gte", "lt", "lte"]), value: orderable() }),
    ],
    [2, () => ({ kind: "in", path, values: list(random, () => (random.chance(0.15) ? null : value())) })],
    [
      type.kind === "string" ? 2 : 0.1,
      () => ({
        kind: "text",
        path,
        op: random.pick(["contains", "startsWith", "endsWith"]),
        value: random.pick(["", "a", "b", "é", "😀", "\uffee", "1"]),
      }),
    ],
    [
      type.kind === "string" ? 1 : 0.05,
      () => {
        const [source, flags] = random.pick(PATTERNS);
        return { kind: "regex", path, source, flags };
      },
    ],
    [type.kind === "array" ? 8 : 0.1, () => elementFilter(random, path, type)],
  ]);
}

function elementFilter(random: Random, path: Path, type: FieldType): Filter {
  const element: FieldType = type.kind === "array" ? type.element : { kind: "json" };
  const inner: readonly TypedPath[] = [{ path: [], type: element }, ...typedPaths(element, random.wide)];
  const quantifier = random.pick(["some", "every", "none"] as const);
  return {
    kind: "element",
    path,
    quantifier,
    filter: boolean(random, random.int(0, 1), () => leaf(random, random.pick(inner))),
  };
}

function boolean(random: Random, depth: number, make: () => Filter): Filter {
  if (depth <= 0) return make();
  const inner = () => boolean(random, depth - 1, make);
  return random.weighted<Filter>([
    [4, make],
    [3, () => ({ kind: "and", filters: random.list(random.chance(0.05) ? 0 : 1, 3, inner) })],
    [3, () => ({ kind: "or", filters: random.list(random.chance(0.05) ? 0 : 1, 3, inner) })],
    [1.5, () => ({ kind: "not", filter: inner() })],
  ]);
}

export function randomFilter(random: Random, schema: Schema, model: ModelMeta, depth: number): Filter {
  const paths = scalarsOf(model, random.wide);
  const indexed = model.indexes.flatMap((index) => index.paths);
  return boolean(random, depth, () =>
    random.weighted<Filter>([
      [6, () => leaf(random, random.pick(paths))],
      [indexed.length > 0 ? 5 : 0, () => leaf(random, pathIn(paths, random.pick(indexed)))],
      [2, () => leaf(random, pathIn(paths, [random.pick(model.key)]))],
      [model.relations.length > 0 && depth > 0 ? 3 : 0, () => relatedFilter(random, schema, model, depth)],
      [0.3, () => ({ kind: "callback", test: CALLBACKS[random.pick(Object.keys(CALLBACKS))]! })],
    ]),
  );
}

function pathIn(paths: readonly TypedPath[], path: Path): TypedPath {
  return paths.find((candidate) => candidate.path.join() === path.join()) ?? { path, type: { kind: "json" } };
}

function relatedFilter(random: Random, schema: Schema, model: ModelMeta, depth: number): Filter {
  const relation = random.pick(model.relations);
  const target = schema.models.get(relation.target)!;
  const filter: Filter = random.chance(0.25)
    ? { kind: "and", filters: [] }
    : randomFilter(random, schema, target, depth - 1);
  return { kind: "related", relation: relation.name, quantifier: random.pick(["some", "every", "none"]), filter };
}

function term(random: Random, key: OrderTerm["key"]): OrderTerm {
  const direction = random.pick(["asc", "desc"] as const);
  const usual = direction === "asc" ? "first" : "last";
  return { key, direction, nulls: random.chance(0.75) ? usual : usual === "first" ? "last" : "first" };
}

function orderKey(random: Random, schema: Schema, model: ModelMeta, depth: number): OrderTerm["key"] {
  const indexed = model.indexes.flatMap((index) => index.paths);
  const toOne = model.relations.filter((relation) => relation.arity === "one");
  return random.weighted<OrderTerm["key"]>([
    [4, () => ({ kind: "path", path: random.pick(scalarsOf(model, random.wide)).path })],
    [indexed.length > 0 ? 4 : 0, () => ({ kind: "path", path: random.pick(indexed) })],
    [
      depth > 0 && toOne.length > 0 ? 1 : 0,
      () => {
        const relation = random.pick(toOne);
        return {
          kind: "related",
          relation: relation.name,
          key: orderKey(random, schema, schema.models.get(relation.target)!, depth - 1),
        };
      },
    ],
    [
      depth > 0 && model.relations.length > 0 ? 1 : 0,
      () => {
        const relation = random.pick(model.relations);
        const where = random.chance(0.5) ? null : randomFilter(random, schema, schema.models.get(relation.target)!, 0);
        return { kind: "count", relation: relation.name, where };
      },
    ],
  ]);
}

/** Sometimes the terms of an index in order, so that plans that walk it are met. */
function randomOrder(random: Random, schema: Schema, model: ModelMeta): OrderTerm[] {
  const order: OrderTerm[] = [];
  if (model.indexes.length > 0 && random.chance(0.3)) {
    const direction = random.pick(["asc", "desc"] as const);
    for (const path of random.pick(model.indexes).paths)
      order.push({ key: { kind: "path", path }, direction, nulls: direction === "asc" ? "first" : "last" });
  } else if (random.chance(0.7))
    order.push(...random.list(1, 2, () => term(random, orderKey(random, schema, model, 1))));
  const keyDirection = order[0]?.direction ?? random.pick(["asc", "asc", "desc"]);
  for (const name of model.key) {
    const known = order.some(({ key }) => key.kind === "path" && key.path.length === 1 && key.path[0] === name);
    const direction = random.chance(0.8) ? keyDirection : "asc";
    if (!known)
      order.push({ key: { kind: "path", path: [name] }, direction, nulls: direction === "asc" ? "first" : "last" });
  }
  return order;
}

function cursor(random: Random, model: ModelMeta, orderBy: readonly OrderTerm[]): readonly Json[] | null {
  if (!orderBy.every(({ key }) => key.kind === "path")) return null;
  const paths = scalarsOf(model, random.wide);
  return orderBy.map(({ key }) => {
    const { type } = pathIn(paths, key.kind === "path" ? key.path : []);
    return random.chance(0.15) ? null : anyValue(random, type);
  });
}

function someFields(random: Random, model: ModelMeta): readonly string[] {
  const chosen = random.sample(model.fields, random.int(0, 3));
  return model.fields.filter((field) => chosen.includes(field)).map((field) => field.name);
}

export function randomSelection(random: Random, schema: Schema, model: ModelMeta, depth: number): Selection {
  const orderBy = randomOrder(random, schema, model);
  const distinctPaths = scalarsOf(model, random.wide).map(({ path }) => path);
  const populate: PopulateNode[] = [];
  if (depth > 0 && model.relations.length > 0 && random.chance(0.5)) {
    for (const relation of random.sample(model.relations, random.int(1, 2))) {
      const target = schema.models.get(relation.target)!;
      populate.push({ relation: relation.name, selection: randomSelection(random, schema, target, depth - 1) });
    }
  }
  const counted = random.chance(0.15) ? random.sample(model.relations, 2) : [];
  return {
    where: random.chance(0.25) ? null : randomFilter(random, schema, model, depth),
    orderBy,
    after: random.chance(0.15) ? cursor(random, model, orderBy) : null,
    offset: random.chance(0.15) ? random.int(1, 4) : 0,
    limit: random.chance(0.35) ? random.int(0, 6) : null,
    distinct: random.chance(0.1) ? random.sample(distinctPaths, random.int(1, 2)) : null,
    fields: random.chance(0.2) ? someFields(random, model) : null,
    populate,
    counts: counted.map((relation, at) => ({
      as: `count${at}`,
      relation: relation.name,
      where: random.chance(0.5) ? null : randomFilter(random, schema, schema.models.get(relation.target)!, 0),
    })),
  };
}

export function randomFind(random: Random, schema: Schema): FindQuery {
  const model = random.pick([...schema.models.values()]);
  return {
    kind: "find",
    model: model.name,
    lock: "none",
    ...randomSelection(random, schema, model, random.pick([0, 1, 1, 2])),
  };
}

export function randomAggregate(random: Random, schema: Schema): AggregateQuery {
  const model = random.pick([...schema.models.values()]);
  const scalars = scalarsOf(model, random.wide).filter(({ type }) => isScalarKind(type.kind));
  const groupBy = random.chance(0.3) ? [] : random.sample(scalars, random.int(1, 2)).map(({ path }) => path);
  const numeric = scalars.filter(({ type }) => ["int", "float", "bigint"].includes(type.kind));
  const measures = random.list(0, 3, (at): Measure => {
    const as = `m${at}`;
    const choice = random.pick(["count", "count", "sum", "avg", "min", "max"] as const);
    if (choice === "count") return { as, fn: "count", path: random.chance(0.5) ? null : random.pick(scalars).path };
    if (choice === "min" || choice === "max") return { as, fn: choice, path: random.pick(scalars).path };
    return numeric.length === 0 ? { as, fn: "count", path: null } : { as, fn: choice, path: random.pick(numeric).path };
  });
  const counts = measures.filter(({ fn }) => fn === "count");
  const orderBy: OrderTerm[] = [];
  if (measures.length > 0 && random.chance(0.4))
    orderBy.push(term(random, { kind: "path", path: [random.pick(measures).as] }));
  for (const path of groupBy) orderBy.push(term(random, { kind: "path", path: [path.join(".")] }));
  return {
    kind: "aggregate",
    model: model.name,
    where: random.chance(0.4) ? null : randomFilter(random, schema, model, 1),
    groupBy,
    measures,
    having:
      counts.length > 0 && random.chance(0.3)
        ? {
            kind: "compare",
            path: [random.pick(counts).as],
            op: random.pick(["gt", "lte", "ne"]),
            value: random.int(0, 3),
          }
        : null,
    orderBy,
    offset: random.chance(0.1) ? 1 : 0,
    limit: random.chance(0.2) ? random.int(0, 3) : null,
  };
}
