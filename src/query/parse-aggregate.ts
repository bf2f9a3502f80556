/**
 * The arguments of aggregate and groupBy -> AggregateQuery, and its rows -> what the user gets.
 *
 *   aggregate = { where?, count?: true, sum?: field[], avg?: field[], min?: field[], max?: field[] }
 *   groupBy   = aggregate + { by: field[], having?: conditions, orderBy?: by | by[], limit?, offset? }
 *
 * A field may be a dotted path (`address.city`). having and orderBy speak of the grouped fields and of the measures
 * asked for: `{ count: { $gt: 3 } }`, `{ sum: { views: "desc" } }`, `{ role: "asc" }`. In the query a measure is called
 * `$count` or `$sum.views`, so that it cannot collide with a field. The grouped fields are appended to the order: it is total.
 */
import { TYPE_TRAITS } from "../schema/field-types.js";
import type { Doc, FieldType, Json, ModelMeta, Path, Schema } from "../schema/model.js";
import { putOwn } from "./document.js";
import type { AggregateQuery, Filter, Measure, MeasureFn, OrderTerm } from "./ir.js";
import { checkArguments, parseCount } from "./parse-find.js";
import { type Column, type Columns, completeGroupOrder, parseGroupOrder, parseHaving } from "./parse-having.js";
import { parsePathAt } from "./parse-order.js";
import { ParseScope } from "./parse-scope.js";
import { parseWhereAt } from "./parse-where.js";
import { placeAt } from "./type-at.js";

type FieldMeasure = Exclude<MeasureFn, "count">;

const FIELD_MEASURES: readonly FieldMeasure[] = ["sum", "avg", "min", "max"];
const NUMERIC: ReadonlySet<string> = new Set(["int", "float", "bigint"]);
const INT: FieldType = { kind: "int" };
const FLOAT: FieldType = { kind: "float" };

const AGGREGATE_ARGUMENTS: ReadonlySet<string> = new Set(["where", "count", ...FIELD_MEASURES, "signal"]);
const GROUP_ARGUMENTS: ReadonlySet<string> = new Set([
  ...AGGREGATE_ARGUMENTS,
  "by",
  "having",
  "orderBy",
  "limit",
  "offset",
]);

/** Which fields a measure takes, and the type of what it gives. */
const MEASURES: {
  readonly [F in FieldMeasure]: {
    readonly takes: (type: FieldType) => boolean;
    readonly what: string;
    readonly gives: (type: FieldType) => FieldType;
  };
} = {
  sum: { takes: (type) => NUMERIC.has(type.kind), what: "a number or bigint field", gives: sumType },
  avg: { takes: (type) => NUMERIC.has(type.kind), what: "a number or bigint field", gives: () => FLOAT },
  min: { takes: (type) => TYPE_TRAITS[type.kind].orderable, what: "a scalar field", gives: (type) => type },
  max: { takes: (type) => TYPE_TRAITS[type.kind].orderable, what: "a scalar field", gives: (type) => type },
};

function sumType(type: FieldType): FieldType {
  return type.kind === "int" ? FLOAT : type;
}

function own(args: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(args, name) ? args[name] : undefined;
}

function fieldList(scope: ParseScope, model: ModelMeta, value: unknown): readonly Path[] {
  if (!Array.isArray(value)) throw scope.wrongValue("a list of field names", value, `write ["${model.key[0]}"]`);
  const paths = scope.each(value as readonly unknown[], (name) => parsePathAt(scope, model, name));
  return [...new Map(paths.map((path) => [path.join("."), path])).values()];
}

function parseCountFlag(scope: ParseScope, value: unknown): boolean {
  if (value === undefined || value === true || value === false) return value === true;
  scope.enter("count");
  throw scope.wrongValue("true", value, "write count: true, or leave it out");
}

/** The measures asked for, and the columns they make. */
function parseMeasures(scope: ParseScope, model: ModelMeta, args: Record<string, unknown>) {
  const measures: Measure[] = [];
  const columns = new Map<string, ReadonlyMap<string, Column>>();
  const counted = parseCountFlag(scope, own(args, "count"));
  if (counted) measures.push({ as: "$count", fn: "count", path: null });
  for (const fn of FIELD_MEASURES) {
    const value = own(args, fn);
    if (value === undefined) continue;
    scope.enter(fn);
    const of = new Map<string, Column>();
    for (const path of fieldList(scope, model, value)) {
      const name = path.join(".");
      const type = placeAt(model, path)!.type;
      if (!MEASURES[fn].takes(type)) {
        throw scope.fail(
          "QUERY.INVALID_VALUE",
          `cannot take ${name}, which is of type ${type.kind}`,
          `name ${MEASURES[fn].what}`,
          { field: name },
        );
      }
      const as = `$${fn}.${name}`;
      measures.push({ as, fn, path });
      of.set(name, { name: as, type: MEASURES[fn].gives(type) });
    }
    columns.set(fn, of);
    scope.leave();
  }
  const count: Column | null = counted ? { name: "$count", type: INT } : null;
  return { measures, count, columns };
}

function optionalWhere(scope: ParseScope, model: ModelMeta, args: Record<string, unknown>): Filter | null {
  if (!Object.hasOwn(args, "where")) return null;
  scope.enter("where");
  const where = parseWhereAt(scope, model, args.where);
  scope.leave();
  return where;
}

/** aggregate: exactly one row. */
export function parseAggregate(schema: Schema, model: ModelMeta, args: unknown): AggregateQuery {
  const scope = new ParseScope(schema, model);
  checkArguments(scope, args, AGGREGATE_ARGUMENTS);
  const { measures } = parseMeasures(scope, model, args);
  if (measures.length === 0) {
    throw scope.fail(
      "QUERY.INVALID_VALUE",
      "aggregate asks for nothing",
      "give count: true, or fields to sum, avg, min or max",
    );
  }
  return {
    kind: "aggregate",
    model: model.name,
    where: optionalWhere(scope, model, args),
    groupBy: [],
    measures,
    having: null,
    orderBy: [],
    offset: 0,
    limit: null,
  };
}

function parseGroups(scope: ParseScope, model: ModelMeta, by: unknown): ReadonlyMap<string, Column & { path: Path }> {
  scope.enter("by");
  const paths = fieldList(scope, model, by);
  if (paths.length === 0)
    throw scope.fail("QUERY.INVALID_VALUE", "is an empty list", "name at least one field, or call aggregate");
  const groups = new Map<string, Column & { path: Path }>();
  for (const path of paths) {
    const name = path.join(".");
    groups.set(name, { name, path, type: placeAt(model, path)!.type });
  }
  scope.leave();
  return groups;
}

/** A field grouped by must not be called like a measure asked for: both would be the same property of a row. */
function checkNames(scope: ParseScope, columns: Columns): void {
  for (const name of columns.groups.keys()) {
    if (!columns.measures.has(name) && !(name === "count" && columns.count !== null)) continue;
    throw scope.fail(
      "QUERY.INVALID_VALUE",
      `groups by "${name}" and asks for the measure "${name}"`,
      "ask for them in two calls",
    );
  }
}

/** groupBy: one row per combination of the grouped fields' values. */
export function parseGroupBy(schema: Schema, model: ModelMeta, args: unknown): AggregateQuery {
  const scope = new ParseScope(schema, model);
  checkArguments(scope, args, GROUP_ARGUMENTS);
  const groups = parseGroups(scope, model, own(args, "by"));
  const { measures, count, columns: measured } = parseMeasures(scope, model, args);
  const columns: Columns = { groups, count, measures: measured };
  checkNames(scope, columns);
  const where = optionalWhere(scope, model, args);
  let having: Filter | null = null;
  if (Object.hasOwn(args, "having")) {
    scope.enter("having");
    having = parseHaving(scope, columns, args.having);
    scope.leave();
  }
  const orderBy = own(args, "orderBy");
  let terms: readonly OrderTerm[] = [];
  if (orderBy !== undefined) {
    scope.enter("orderBy");
    terms = parseGroupOrder(scope, columns, orderBy);
    scope.leave();
  }
  const limit = own(args, "limit");
  const offset = own(args, "offset");
  return {
    kind: "aggregate",
    model: model.name,
    where,
    groupBy: [...groups.values()].map((group) => group.path),
    measures,
    having,
    orderBy: completeGroupOrder(groups, terms),
    offset: offset === undefined ? 0 : parseCount(schema, model, "offset", offset),
    limit: limit === undefined ? null : parseCount(schema, model, "limit", limit),
  };
}

/** An engine's row as the user gets it: grouped fields by name, `count`, and `sum: { views }` and so on by field. */
export function shapeAggregateRow(query: AggregateQuery, row: Doc): Doc {
  const result: Record<string, Json> = {};
  const nested = new Map<string, Record<string, Json>>();
  for (const path of query.groupBy) putOwn(result, path.join("."), row[path.join(".")] ?? null);
  for (const { as, fn, path } of query.measures) {
    const value = row[as] ?? null;
    if (path === null) {
      result.count = value;
      continue;
    }
    let of = nested.get(fn);
    if (of === undefined) {
      of = {};
      nested.set(fn, of);
      result[fn] = of;
    }
    putOwn(of, path.join("."), value);
  }
  for (const of of nested.values()) Object.freeze(of);
  return Object.freeze(result);
}
