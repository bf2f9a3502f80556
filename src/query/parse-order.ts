/**
 * The orderBy argument -> OrderTerm[], and the keyset cursor that continues it.
 *
 *   orderBy   = by | by[]                       first term first
 *   by        = { field: direction | property-by | to-one-relation: by | to-many-relation: { $count: direction } }   one key
 *   direction = "asc" | "desc" | { direction: "asc" | "desc", nulls?: "first" | "last" }
 */
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import { TYPE_TRAITS } from "../schema/field-types.js";
import type { FieldType, Json, ModelMeta, Path, Schema } from "../schema/model.js";
import type { OrderKey, OrderTerm } from "./ir.js";
import { membersOf } from "./members.js";
import { parseOperand } from "./operand.js";
import { ParseScope } from "./parse-scope.js";
import { readPath } from "./semantics.js";
import { JSON_TYPE, placeAt, stepInto } from "./type-at.js";
import { showName, showValue } from "./violations.js";

const DIRECTION = `"asc" or "desc"`;

/** null sorts as the smallest value: first ascending, last descending. */
export function orderTerm(
  key: OrderKey,
  direction: "asc" | "desc",
  nulls: "first" | "last" = direction === "asc" ? "first" : "last",
): OrderTerm {
  return { key, direction, nulls };
}

function isDirection(value: unknown): value is "asc" | "desc" {
  return value === "asc" || value === "desc";
}

/** `"asc"` or `{ direction, nulls }`. */
export function parseDirection(scope: ParseScope, key: OrderKey, value: unknown): OrderTerm {
  if (isDirection(value)) return orderTerm(key, value);
  if (!isPlainObject(value)) throw scope.wrongValue(DIRECTION, value);
  for (const name of Object.keys(value)) {
    if (name === "direction" || name === "nulls") continue;
    throw scope.fail(
      "QUERY.UNKNOWN_ARGUMENT",
      `has an unknown key ${showName(name)}`,
      suggestion(name, ["direction", "nulls"]),
    );
  }
  const { direction, nulls } = value;
  if (!isDirection(direction)) {
    scope.enter("direction");
    throw scope.wrongValue(DIRECTION, direction);
  }
  if (nulls === undefined) return orderTerm(key, direction);
  if (nulls !== "first" && nulls !== "last") {
    scope.enter("nulls");
    throw scope.wrongValue(`"first" or "last"`, nulls);
  }
  return orderTerm(key, direction, nulls);
}

/** The only key of a `{ name: … }` object. */
function onlyKey(scope: ParseScope, value: unknown, example: string): readonly [string, unknown] {
  if (!isPlainObject(value)) throw scope.wrongValue(`an object such as ${example}`, value);
  const keys = Object.keys(value);
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return [key, value[key]];
  const problem = keys.length === 0 ? "is an empty object" : `has ${keys.length} keys, which have no order among them`;
  throw scope.fail(
    "QUERY.INVALID_VALUE",
    problem,
    `write a list with one key per object: [{ ${keys.join(": … }, { ") || "name"}: … }]`,
  );
}

function parseFieldOrder(scope: ParseScope, path: Path, type: FieldType, value: unknown): OrderTerm {
  if (TYPE_TRAITS[type.kind].orderable) return parseDirection(scope, { kind: "path", path }, value);
  if (type.kind !== "object") {
    throw scope.fail(
      "QUERY.INVALID_VALUE",
      `cannot be ordered by: it is of type ${type.kind}`,
      "order by a scalar field",
    );
  }
  const [key, inner] = onlyKey(scope, value, `{ property: "asc" }`);
  scope.enter(key);
  const step = stepInto(type, key);
  if (!("found" in step)) {
    throw scope.fail(
      "QUERY.UNKNOWN_FIELD",
      `is an unknown property: there is no ${showName(key)}`,
      suggestion(key, step.known),
    );
  }
  const term = parseFieldOrder(scope, [...path, key], step.found.type, inner);
  scope.leave();
  return term;
}

function parseTerm(scope: ParseScope, model: ModelMeta, value: unknown): OrderTerm {
  const [key, inner] = onlyKey(scope, value, `{ ${model.key[0]}: "asc" }`);
  const member = membersOf(model).get(key);
  if (member === undefined) throw scope.unknownNested(model, key, membersOf(model).keys());
  scope.enter(key);
  const term =
    member.kind === "field"
      ? parseFieldOrder(scope, [key], member.field.type, inner)
      : parseRelationTerm(scope, model, key, inner);
  scope.leave();
  return term;
}

function parseRelationTerm(scope: ParseScope, model: ModelMeta, name: string, value: unknown): OrderTerm {
  const member = membersOf(model).get(name);
  if (member?.kind !== "relation") throw scope.unknownRelation(model, name);
  const { relation } = member;
  if (relation.arity === "one") {
    const term = parseTerm(scope, scope.target(relation), value);
    return { ...term, key: { kind: "related", relation: name, key: term.key } };
  }
  const [key, direction] = onlyKey(scope, value, `{ $count: "desc" }`);
  if (key !== "$count") {
    throw scope.fail(
      "QUERY.UNKNOWN_OPERATOR",
      `has ${showName(key)}`,
      `a list of ${relation.target} is ordered by { $count: "desc" } only`,
    );
  }
  scope.enter(key);
  const term = parseDirection(scope, { kind: "count", relation: name, where: null }, direction);
  scope.leave();
  return term;
}

export function parseOrderAt(scope: ParseScope, model: ModelMeta, orderBy: unknown): readonly OrderTerm[] {
  if (!Array.isArray(orderBy)) return [parseTerm(scope, model, orderBy)];
  return scope.each(orderBy as readonly unknown[], (by) => parseTerm(scope, model, by));
}

/** The terms that the argument says, without the key. */
export function parseOrderBy(schema: Schema, model: ModelMeta, orderBy: unknown): readonly OrderTerm[] {
  return parseOrderAt(new ParseScope(schema, model, "orderBy"), model, orderBy);
}

/** The builder's `.orderBy("name", "desc")`; the name may be dotted: `address.city`. */
export function parseOrderField(schema: Schema, model: ModelMeta, name: string, direction: unknown = "asc"): OrderTerm {
  const scope = new ParseScope(schema, model, "orderBy");
  const path = parsePathAt(scope, model, name);
  scope.enter(name);
  return parseFieldOrder(scope, path, placeAt(model, path)!.type, direction);
}

const DEFAULT_ORDERS = new WeakMap<ModelMeta, readonly OrderTerm[]>();

/** By the key, ascending. */
export function defaultOrder(model: ModelMeta): readonly OrderTerm[] {
  let order = DEFAULT_ORDERS.get(model);
  if (order === undefined) {
    order = Object.freeze(model.key.map((name) => orderTerm({ kind: "path", path: [name] }, "asc")));
    DEFAULT_ORDERS.set(model, order);
  }
  return order;
}

function isOrderedBy(terms: readonly OrderTerm[], field: string): boolean {
  return terms.some(({ key }) => key.kind === "path" && key.path.length === 1 && key.path[0] === field);
}

/**
 * The terms with the fields of the key appended that are not among them, so that the order is total. They go the way of
 * the last term, so that an index on it yields the order read backwards, too.
 */
export function completeOrder(model: ModelMeta, terms: readonly OrderTerm[]): readonly OrderTerm[] {
  const last = terms.at(-1);
  if (last === undefined) return defaultOrder(model);
  const missing = model.key.filter((name) => !isOrderedBy(terms, name));
  if (missing.length === 0) return terms;
  return [...terms, ...missing.map((name) => orderTerm({ kind: "path", path: [name] }, last.direction))];
}

/** A field, or a dotted path to a property: `address.city`. Throws when it leads nowhere. */
export function parsePathAt(scope: ParseScope, model: ModelMeta, name: unknown): Path {
  if (typeof name !== "string") throw scope.wrongValue("the name of a field", name);
  if (membersOf(model).get(name)?.kind === "field") return [name];
  const path = name.split(".");
  if (placeAt(model, path) !== null) return path;
  throw scope.unknownField(
    model,
    name,
    model.fields.map((field) => field.name),
  );
}

/** One value of the cursor row. */
function cursorValue(scope: ParseScope, model: ModelMeta, path: Path, row: Record<string, unknown>): Json {
  const place = placeAt(model, path);
  const value = readPath(row as Record<string, Json>, path);
  if (value !== null) {
    scope.enter(path.join("."));
    const operand = parseOperand(scope, place?.type ?? JSON_TYPE, value);
    scope.leave();
    return operand;
  }
  if (place?.nullable === true) return null;
  throw scope.fail(
    "QUERY.INVALID_CURSOR",
    `has no "${path.join(".")}", by which the rows are ordered`,
    "pass a row of the previous page that has every field of orderBy and of the key (select them too)",
    { field: path.join(".") },
  );
}

/** The cursor's value for each term of a complete order. `row`: a row of the previous page, or just these values. */
export function parseAfter(
  schema: Schema,
  model: ModelMeta,
  orderBy: readonly OrderTerm[],
  row: unknown,
): readonly Json[] {
  const scope = new ParseScope(schema, model, "after");
  if (!isPlainObject(row)) {
    throw scope.fail(
      "QUERY.INVALID_CURSOR",
      `must be a row, not ${showValue(row)}`,
      `pass an object such as { ${model.key.join(", ")} }`,
    );
  }
  return orderBy.map(({ key }) => {
    if (key.kind === "path") return cursorValue(scope, model, key.path, row);
    throw scope.fail(
      "QUERY.INVALID_CURSOR",
      `cannot continue an order by ${key.kind === "count" ? "the number of" : "the relation"} "${key.relation}"`,
      "order by fields of the model itself, or use offset",
    );
  });
}
