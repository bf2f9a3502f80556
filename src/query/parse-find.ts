/**
 * The arguments of a read -> FindQuery, and the pieces of a Selection that the query builder composes.
 * `findMany({ where: { id: 1 } })` is the hot path: nothing is copied or made that the query does not hold.
 */
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import type { ModelMeta, Path, RelationMeta, Schema } from "../schema/model.js";
import type { FindQuery, PopulateNode, Selection } from "./ir.js";
import { membersOf } from "./members.js";
import { completeOrder, defaultOrder, parseAfter, parseOrderAt, parsePathAt } from "./parse-order.js";
import { ParseScope } from "./parse-scope.js";
import { parseWhereAt } from "./parse-where.js";
import { showName } from "./violations.js";

/** Everything that findMany takes. `signal` is the caller's business; it is only let through. */
export const FIND_ARGUMENTS: ReadonlySet<string> = new Set([
  "where",
  "orderBy",
  "limit",
  "offset",
  "after",
  "distinct",
  "select",
  "omit",
  "populate",
  "signal",
]);

/** What calls take that hand out one row they have found by other means: findById, create, update, delete. */
export const SHAPE_ARGUMENTS: ReadonlySet<string> = new Set(["select", "omit", "populate", "signal"]);

const EMPTY = Object.freeze([]) as readonly never[];
const EMPTY_SELECTIONS = new WeakMap<ModelMeta, Selection>();

/** Every row, by key, whole. */
export function emptySelection(model: ModelMeta): Selection {
  let selection = EMPTY_SELECTIONS.get(model);
  if (selection === undefined) {
    selection = Object.freeze({
      where: null,
      orderBy: defaultOrder(model),
      after: null,
      offset: 0,
      limit: null,
      distinct: null,
      fields: null,
      populate: EMPTY,
      counts: EMPTY,
    });
    EMPTY_SELECTIONS.set(model, selection);
  }
  return selection;
}

/** Refuses arguments that are not among the allowed ones. */
export function checkArguments(
  scope: ParseScope,
  args: unknown,
  allowed: ReadonlySet<string>,
): asserts args is Record<string, unknown> {
  if (!isPlainObject(args)) throw scope.wrongValue("called with an object of arguments", args, "pass { where: … }");
  for (const name of Object.keys(args)) {
    if (allowed.has(name)) continue;
    throw scope.fail("QUERY.UNKNOWN_ARGUMENT", `takes no argument ${showName(name)} here`, suggestion(name, allowed), {
      name,
    });
  }
}

/** An own argument; inherited ones do not count. */
function argument(args: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(args, name) ? args[name] : undefined;
}

function wholeNumber(scope: ParseScope, name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return (value as number) + 0;
  scope.enter(name);
  throw scope.wrongValue("a whole number, 0 or more", value);
}

/** Checks a limit or offset given to the builder. */
export function parseCount(schema: Schema, model: ModelMeta, name: "limit" | "offset", value: unknown): number {
  return wholeNumber(new ParseScope(schema, model), name, value);
}

function names(scope: ParseScope, model: ModelMeta, argumentName: string, value: unknown): ReadonlySet<string> {
  scope.enter(argumentName);
  if (!Array.isArray(value))
    throw scope.wrongValue("a list of field names", value, `write ${argumentName}: ["${model.key[0]}"]`);
  const members = membersOf(model);
  const chosen = new Set<string>();
  scope.each(value as readonly unknown[], (name) => {
    if (typeof name !== "string") throw scope.wrongValue("the name of a field", name);
    const member = members.get(name);
    if (member?.kind === "relation") {
      throw scope.fail(
        "QUERY.UNKNOWN_FIELD",
        `names the relation ${showName(name)}`,
        `load it with populate: ["${name}"]`,
        {
          field: name,
        },
      );
    }
    if (member === undefined) throw scope.unknownField(model, name, fieldNames(model));
    chosen.add(name);
  });
  scope.leave();
  return chosen;
}

function fieldNames(model: ModelMeta): readonly string[] {
  return model.fields.map((field) => field.name);
}

function choose(model: ModelMeta, keep: (name: string) => boolean): readonly string[] | null {
  const fields = fieldNames(model).filter(keep);
  return fields.length === model.fields.length ? null : fields;
}

function parseFieldsAt(scope: ParseScope, model: ModelMeta, select: unknown, omit: unknown): readonly string[] | null {
  if (select !== undefined && omit !== undefined) {
    throw scope.fail("QUERY.INVALID_VALUE", "has both select and omit", "use one of them");
  }
  if (select !== undefined) {
    const chosen = names(scope, model, "select", select);
    return choose(model, (name) => chosen.has(name));
  }
  if (omit === undefined) return null;
  const left = names(scope, model, "omit", omit);
  return choose(model, (name) => !left.has(name));
}

/** The fields to return, in model order; null: all. */
export function parseFields(
  schema: Schema,
  model: ModelMeta,
  args: { readonly select?: unknown; readonly omit?: unknown },
): readonly string[] | null {
  return parseFieldsAt(new ParseScope(schema, model), model, args.select, args.omit);
}

function parseDistinctAt(scope: ParseScope, model: ModelMeta, value: unknown): readonly Path[] {
  if (!Array.isArray(value)) throw scope.wrongValue("a list of field names", value, `write distinct: ["name"]`);
  if (value.length === 0) throw scope.fail("QUERY.INVALID_VALUE", "is an empty list", "name at least one field");
  return scope.each(value as readonly unknown[], (name) => parsePathAt(scope, model, name));
}

/** Fields or dotted paths by which rows must differ. */
export function parseDistinct(schema: Schema, model: ModelMeta, value: unknown): readonly Path[] {
  return parseDistinctAt(new ParseScope(schema, model, "distinct"), model, value);
}

/** The relation of the name. Throws QueryError when the model has none. */
export function parseRelation(schema: Schema, model: ModelMeta, name: string): RelationMeta {
  return relationAt(new ParseScope(schema, model, "populate"), model, name);
}

function relationAt(scope: ParseScope, model: ModelMeta, name: string): RelationMeta {
  const member = membersOf(model).get(name);
  if (member?.kind !== "relation") throw scope.unknownRelation(model, name);
  return member.relation;
}

/** Adds the relations of a path to the nodes; paths that begin alike share their first nodes. */
function addPath(
  scope: ParseScope,
  model: ModelMeta,
  nodes: readonly PopulateNode[],
  steps: readonly string[],
): readonly PopulateNode[] {
  const [name, ...rest] = steps;
  if (name === undefined) return nodes;
  const target = scope.target(relationAt(scope, model, name));
  const existing = nodes.find((node) => node.relation === name);
  const selection = existing?.selection ?? emptySelection(target);
  const populate = addPath(scope, target, selection.populate, rest);
  if (existing !== undefined && populate === selection.populate) return nodes;
  const node = { relation: name, selection: populate === selection.populate ? selection : { ...selection, populate } };
  return existing === undefined ? [...nodes, node] : nodes.map((other) => (other === existing ? node : other));
}

function parsePopulateAt(scope: ParseScope, model: ModelMeta, value: unknown): readonly PopulateNode[] {
  if (!Array.isArray(value)) {
    throw scope.wrongValue("a list of relation paths", value, `write populate: ["posts", "posts.comments"]`);
  }
  let nodes: readonly PopulateNode[] = EMPTY;
  scope.each(value as readonly unknown[], (path) => {
    if (typeof path !== "string") throw scope.wrongValue("the path of a relation", path);
    nodes = addPath(scope, model, nodes, path.split("."));
  });
  return nodes;
}

/** Relation paths (`posts.comments`) as a tree. */
export function parsePopulate(schema: Schema, model: ModelMeta, value: unknown): readonly PopulateNode[] {
  return parsePopulateAt(new ParseScope(schema, model, "populate"), model, value);
}

/** What a call hands out of each row: the part of a Selection that select, omit and populate say. */
export type Shape = Pick<Selection, "fields" | "populate">;

function shapeAt(scope: ParseScope, model: ModelMeta, args: Record<string, unknown>): Shape {
  const populate = argument(args, "populate");
  const fields = parseFieldsAt(scope, model, argument(args, "select"), argument(args, "omit"));
  if (populate === undefined) return { fields, populate: EMPTY };
  scope.enter("populate");
  const nodes = parsePopulateAt(scope, model, populate);
  scope.leave();
  return { fields, populate: nodes };
}

/** select, omit and populate of a call whose other arguments are parsed elsewhere. */
export function parseShape(schema: Schema, model: ModelMeta, args: Record<string, unknown>): Shape {
  return shapeAt(new ParseScope(schema, model), model, args);
}

/**
 * The arguments of findMany and its kin. undefined arguments count as absent, but `where: undefined` is refused: it
 * would mean every row. `after: null` is the first page.
 */
export function parseFind(
  schema: Schema,
  model: ModelMeta,
  args: unknown = {},
  allowed: ReadonlySet<string> = FIND_ARGUMENTS,
): FindQuery {
  const scope = new ParseScope(schema, model);
  checkArguments(scope, args, allowed);
  let where: FindQuery["where"] = null;
  if (Object.hasOwn(args, "where")) {
    scope.enter("where");
    where = parseWhereAt(scope, model, args.where);
    scope.leave();
  }
  const limit = argument(args, "limit");
  const offset = argument(args, "offset");
  const after = argument(args, "after");
  const distinct = argument(args, "distinct");
  const orderBy = parseOrder(scope, model, argument(args, "orderBy"));
  const shape = shapeAt(scope, model, args);
  return {
    kind: "find",
    model: model.name,
    lock: "none",
    where,
    orderBy,
    after: after === undefined || after === null ? null : parseAfter(schema, model, orderBy, after),
    offset: offset === undefined ? 0 : wholeNumber(scope, "offset", offset),
    limit: limit === undefined ? null : wholeNumber(scope, "limit", limit),
    distinct: distinct === undefined ? null : parseDistinct(schema, model, distinct),
    fields: shape.fields,
    populate: shape.populate,
    counts: EMPTY,
  };
}

function parseOrder(scope: ParseScope, model: ModelMeta, value: unknown): FindQuery["orderBy"] {
  if (value === undefined) return defaultOrder(model);
  scope.enter("orderBy");
  const terms = parseOrderAt(scope, model, value);
  scope.leave();
  return completeOrder(model, terms);
}
