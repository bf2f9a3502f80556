/**
 * The where argument -> Filter.
 *
 *   where     = { (field: condition | relation: related | $and: where[] | $or: where[] | $not: where | $where: row => boolean)* }
 *   condition = value (as $eq) | { (operator: operand)+ } | { (property: condition)+ }   properties of objects and records only
 *   related   = { (some | every | none: where)+ }                                        to-many
 *             | null | where | { (is | isNot: where | null)+ }                           to-one
 *
 * Keys of one object are ANDed. Unknown keys and undefined are refused, so that a slip never widens a filter.
 */
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import type { Doc, FieldType, ModelMeta, Path, RelationMeta, Schema } from "../schema/model.js";
import type { Filter, Quantifier } from "./ir.js";
import { membersOf } from "./members.js";
import { parseOperand } from "./operand.js";
import { negate, operatorsOf, parseOperator } from "./operators.js";
import { ParseScope } from "./parse-scope.js";
import { hasNames, stepInto } from "./type-at.js";
import { showName } from "./violations.js";
import { allOf, FALSE, isTrue, TRUE } from "./visit.js";

const isOperator = (key: string): boolean => key.startsWith("$");

function all(filters: readonly Filter[]): Filter {
  return filters.length === 1 ? filters[0]! : { kind: "and", filters };
}

/** A condition on the value at `path`, which has the type. */
export function parseCondition(scope: ParseScope, path: Path, type: FieldType, value: unknown): Filter {
  if (value === undefined) throw scope.undefinedValue();
  if (isPlainObject(value)) return parseConditions(scope, path, type, value);
  if (value instanceof RegExp) throw scope.wrongValue("a value", value, "use { $regex: pattern }");
  const isList = type.kind === "array" || type.kind === "tuple";
  if (isList && value !== null && !Array.isArray(value)) {
    throw scope.wrongValue("a list", value, "use { $contains: value } to find lists that have the element");
  }
  return { kind: "compare", path, op: "eq", value: parseOperand(scope, type, value) };
}

function parseConditions(scope: ParseScope, path: Path, type: FieldType, value: Record<string, unknown>): Filter {
  const keys = Object.keys(value);
  if (keys.length === 0) {
    throw scope.fail(
      "QUERY.INVALID_VALUE",
      "is an empty object, which says nothing",
      "leave the key out, or use { $eq: {} }",
    );
  }
  const operators = keys.filter(isOperator).length;
  if (operators > 0 && operators < keys.length) {
    throw scope.fail(
      "QUERY.INVALID_VALUE",
      "mixes operators and properties",
      "use either $-operators or property names in one object",
    );
  }
  const parse = operators > 0 ? parseOperatorKey : parseProperty;
  const filters: Filter[] = [];
  for (const key of keys) {
    scope.enter(key);
    filters.push(parse(scope, path, type, key, value[key]));
    scope.leave();
  }
  return all(filters);
}

function parseOperatorKey(scope: ParseScope, path: Path, type: FieldType, key: string, operand: unknown): Filter {
  return parseOperator(scope, path, type, key, operand, parseCondition);
}

function parseProperty(scope: ParseScope, path: Path, type: FieldType, key: string, value: unknown): Filter {
  if (!hasNames(type)) {
    throw scope.fail(
      "QUERY.UNKNOWN_OPERATOR",
      `is no operator: a field of type ${type.kind} takes a value or operators`,
      suggestion(key, operatorsOf(type)),
      { operator: key },
    );
  }
  const step = stepInto(type, key);
  if (!("found" in step)) {
    throw scope.fail(
      "QUERY.UNKNOWN_FIELD",
      `is an unknown property: there is no ${showName(key)}`,
      suggestion(key, step.known),
      {
        field: key,
      },
    );
  }
  return parseCondition(scope, [...path, key], step.found.type, value);
}

function related(relation: RelationMeta, quantifier: Quantifier, filter: Filter): Filter {
  return { kind: "related", relation: relation.name, quantifier, filter };
}

const TO_MANY = new Set<string>(["some", "every", "none"] satisfies Quantifier[]);
const TO_ONE = new Set(["is", "isNot"]);

function parseToMany(scope: ParseScope, relation: RelationMeta, value: unknown): Filter {
  const fix = `use { some: {…} }, { every: {…} } or { none: {…} }`;
  if (!isPlainObject(value)) throw scope.wrongValue("an object with some, every or none", value, fix);
  const target = scope.target(relation);
  const keys = Object.keys(value);
  if (keys.length === 0) throw scope.fail("QUERY.INVALID_VALUE", "is an empty object, which says nothing", fix);
  const filters: Filter[] = [];
  for (const key of keys) {
    scope.enter(key);
    if (!TO_MANY.has(key)) {
      throw scope.fail("QUERY.UNKNOWN_OPERATOR", `is not some, every or none of ${relation.target}`, fix, {
        operator: key,
      });
    }
    filters.push(related(relation, key as Quantifier, parseModel(scope, target, value[key]) ?? TRUE));
    scope.leave();
  }
  return all(filters);
}

function isRelated(scope: ParseScope, relation: RelationMeta, where: unknown): Filter {
  if (where === null) return related(relation, "none", TRUE);
  return related(relation, "some", parseModel(scope, scope.target(relation), where) ?? TRUE);
}

function parseToOne(scope: ParseScope, relation: RelationMeta, value: unknown): Filter {
  if (!isPlainObject(value)) return isRelated(scope, relation, value);
  const keys = Object.keys(value);
  if (keys.length === 0 || !keys.every((key) => TO_ONE.has(key))) return isRelated(scope, relation, value);
  const filters: Filter[] = [];
  for (const key of keys) {
    scope.enter(key);
    const filter = isRelated(scope, relation, value[key]);
    filters.push(key === "is" ? filter : { kind: "not", filter });
    scope.leave();
  }
  return all(filters);
}

function list(scope: ParseScope, model: ModelMeta, value: unknown): readonly (Filter | null)[] {
  if (!Array.isArray(value)) throw scope.wrongValue("an array of conditions", value, "write [{ … }, { … }]");
  return scope.each(value as readonly unknown[], (where) => parseModel(scope, model, where));
}

type Logical = (scope: ParseScope, model: ModelMeta, value: unknown) => Filter | null;

/** What may stand beside fields and relations; null: no condition. */
const LOGICAL: ReadonlyMap<string, Logical> = new Map<string, Logical>([
  ["$and", (scope, model, value) => allOf(list(scope, model, value))],
  [
    "$or",
    (scope, model, value) => {
      const filters = list(scope, model, value).map((filter) => filter ?? TRUE);
      if (filters.length === 0) return FALSE;
      if (filters.some(isTrue)) return null;
      return filters.length === 1 ? filters[0]! : { kind: "or", filters };
    },
  ],
  ["$not", (scope, model, value) => negate(parseModel(scope, model, value) ?? TRUE)],
  [
    "$where",
    (scope, _model, value) => {
      if (typeof value !== "function") throw scope.wrongValue("a function (row) => boolean", value);
      return { kind: "callback", test: value as (doc: Doc) => boolean };
    },
  ],
]);

function parseKey(scope: ParseScope, model: ModelMeta, key: string, value: unknown): Filter | null {
  if (value === undefined) throw scope.undefinedValue();
  const member = membersOf(model).get(key);
  if (member === undefined) {
    const logical = LOGICAL.get(key);
    if (logical !== undefined) return logical(scope, model, value);
    const known = [...membersOf(model).keys(), ...LOGICAL.keys()];
    if (isOperator(key)) {
      throw scope.fail("QUERY.UNKNOWN_OPERATOR", "is no operator of a where", suggestion(key, LOGICAL.keys()), {
        operator: key,
      });
    }
    throw scope.unknownNested(model, key, known);
  }
  if (member.kind === "field") return parseCondition(scope, [key], member.field.type, value);
  return member.relation.arity === "many"
    ? parseToMany(scope, member.relation, value)
    : parseToOne(scope, member.relation, value);
}

function parseModel(scope: ParseScope, model: ModelMeta, where: unknown): Filter | null {
  if (!isPlainObject(where)) throw scope.wrongValue(`an object of ${model.name} conditions`, where);
  const filters: Filter[] = [];
  for (const key of Object.keys(where)) {
    scope.enter(key);
    const filter = parseKey(scope, model, key, where[key]);
    scope.leave();
    if (filter !== null) filters.push(filter);
  }
  if (filters.length < 2) return filters[0] ?? null;
  return { kind: "and", filters };
}

/** Parses the conditions at the scope's place. Null: every row. */
export function parseWhereAt(scope: ParseScope, model: ModelMeta, where: unknown): Filter | null {
  return parseModel(scope, model, where);
}

/** The filter that `where` says, null when it says nothing (`{}`). Throws QueryError; undefined is refused, also as a whole. */
export function parseWhere(schema: Schema, model: ModelMeta, where: unknown): Filter | null {
  return parseModel(new ParseScope(schema, model, "where"), model, where);
}
