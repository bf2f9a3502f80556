/**
 * Filter -> SQL condition, or null when only JavaScript can decide it (callbacks, regular expressions, untyped JSON).
 * Logic is two-valued as in the reference: an unknown is a false, so every negation is written `is not true`.
 */
import type { Filter } from "../../query/ir.js";
import type { FilterHandlers } from "../../query/visit.js";
import type { Json, Path } from "../../schema/model.js";
import type { Operand } from "./columns.js";
import { operandAt, wholeColumn } from "./columns.js";
import { anyOfManyRows, oneOfMany } from "./long-lists.js";
import type { Scope } from "./scope.js";
import { relatedSource, relationNamed } from "./scope.js";
import { LONG_LIST } from "./shape.js";
import type { Sql } from "./sql.js";
import { join, sql } from "./sql.js";
import { portable } from "./strings.js";

export const TRUE: Sql = ["1 = 1"];
export const FALSE: Sql = ["1 = 0"];

type Compiled = Sql | null;

const SYMBOL = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** Whether a value has the JavaScript type that a column of this kind holds; another type equals nothing and orders with nothing. */
const HOLDS: Readonly<Record<Operand["kind"], (value: Json) => boolean>> = {
  text: (value) => typeof value === "string",
  int: (value) => typeof value === "number",
  float: (value) => typeof value === "number",
  bigint: (value) => typeof value === "bigint",
  boolean: (value) => typeof value === "boolean",
  date: (value) => value instanceof Date,
  bytes: (value) => value instanceof Uint8Array,
};

function bound(scope: Scope, owner: object, index: number, operand: Operand, value: Json): Sql {
  const { dialect, literals } = scope;
  const { kind, nested, name } = operand;
  const encode = nested ? dialect.encodeNested : dialect.encode;
  const parameter = literals.at(owner, index, value, (literal) => encode(kind, portable(name, literal)));
  return [...parameter, dialect.castFor(kind, value, nested)];
}

function isNull(scope: Scope, path: Path): Compiled {
  const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
  const expression = operand?.expression ?? wholeColumn(scope.dialect, scope.model, scope.alias, path);
  return expression === null || expression === undefined ? null : sql`${expression} is null`;
}

function compare(scope: Scope, filter: Extract<Filter, { kind: "compare" }>): Compiled {
  const { path, op, value } = filter;
  if (value === null) {
    if (op === "eq") return isNull(scope, path);
    if (op !== "ne") return FALSE;
    const none = isNull(scope, path);
    return none === null ? null : sql`not (${none})`;
  }
  const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
  if (operand === null) return null;
  if (!HOLDS[operand.kind](value)) return op === "ne" ? TRUE : FALSE;
  const right = bound(scope, filter, 0, operand, value);
  if (op === "eq") return sql`${operand.expression} = ${right}`;
  // Bytes inside JSON are base64 text, which does not sort as they do.
  if (operand.nested && operand.kind === "bytes" && op !== "ne") return null;
  if (op === "ne") return sql`not (${scope.dialect.notDistinct(operand.expression, right)})`;
  return sql`${operand.expression} ${SYMBOL[op]} ${right}`;
}

const heldBy = ({ kind }: Operand, values: readonly Json[]): readonly Json[] => values.filter(HOLDS[kind]);

function within(scope: Scope, filter: Extract<Filter, { kind: "in" }>): Compiled {
  const operand = operandAt(scope.dialect, scope.model, scope.alias, filter.path);
  const withNull = filter.values.includes(null);
  if (operand === null)
    return filter.values.every((value) => value === null) && withNull ? isNull(scope, filter.path) : null;
  const many = filter.values.length > LONG_LIST ? oneOfMany(scope, operand, heldBy(operand, filter.values)) : null;
  if (many !== null) return withNull ? sql`(${many} or ${operand.expression} is null)` : many;
  const bounds = filter.values.flatMap((value, index) =>
    value !== null && HOLDS[operand.kind](value) ? [bound(scope, filter, index, operand, value)] : [],
  );
  const parts: Sql[] = [];
  if (bounds.length > 0) {
    const list = join(bounds, ", ");
    parts.push(sql`${operand.expression} in (${list})`);
  }
  if (withNull) parts.push(sql`${operand.expression} is null`);
  return parts.length === 0 ? FALSE : sql`(${join(parts, " or ")})`;
}

function text(scope: Scope, filter: Extract<Filter, { kind: "text" }>): Compiled {
  const operand = operandAt(scope.dialect, scope.model, scope.alias, filter.path);
  if (operand === null) return null;
  if (operand.kind !== "text") return FALSE;
  // Every text contains the empty one.
  if (filter.value === "") return sql`${operand.expression} is not null`;
  return scope.dialect.textMatch(filter.op, operand.expression, bound(scope, filter, 0, operand, filter.value));
}

function all(scope: Scope, filters: readonly Filter[], separator: " and " | " or ", empty: Sql): Compiled {
  const parts: Sql[] = [];
  for (const filter of filters) {
    const part = compileFilter(scope, filter);
    if (part === null) return null;
    parts.push(part);
  }
  return parts.length === 0 ? empty : grouped(parts, separator);
}

/** In groups of groups: a database counts each part of a long chain as one level deeper than the last. */
function grouped(parts: readonly Sql[], separator: string): Sql {
  if (parts.length <= LONG_LIST) return sql`(${join(parts, separator)})`;
  const groups: Sql[] = [];
  for (let start = 0; start < parts.length; start += LONG_LIST)
    groups.push(grouped(parts.slice(start, start + LONG_LIST), separator));
  return grouped(groups, separator);
}

function related(outer: Scope, filter: Extract<Filter, { kind: "related" }>): Compiled {
  const { scope, from, on } = relatedSource(outer, relationNamed(outer.model, filter.relation));
  const inner = compileFilter(scope, filter.filter);
  if (inner === null) return null;
  const rows = (condition: Sql) => sql`exists (select 1 from ${from} where ${on} and ${condition})`;
  if (filter.quantifier === "some") return rows(inner);
  return sql`not ${rows(filter.quantifier === "none" ? inner : sql`(${inner}) is not true`)}`;
}

const HANDLERS: FilterHandlers<Compiled, [scope: Scope]> = {
  and: (filter, scope) => all(scope, filter.filters, " and ", TRUE),
  or: (filter, scope) =>
    anyOfManyRows(scope, filter.filters, ({ kind }, value) => HOLDS[kind](value)) ??
    all(scope, filter.filters, " or ", FALSE),
  not: (filter, scope) => {
    const inner = compileFilter(scope, filter.filter);
    return inner === null ? null : sql`(${inner}) is not true`;
  },
  compare: (filter, scope) => compare(scope, filter),
  in: (filter, scope) => within(scope, filter),
  text: (filter, scope) => text(scope, filter),
  regex: () => null,
  element: () => null,
  related: (filter, scope) => related(scope, filter),
  callback: () => null,
};

export function compileFilter(scope: Scope, filter: Filter): Compiled {
  return (HANDLERS[filter.kind] as (filter: Filter, scope: Scope) => Compiled)(filter, scope);
}

export interface Split {
  readonly condition: Sql | null;
  readonly residual: Filter | null;
}

/** The part of a filter that SQL decides, and the part that is left; `condition and residual` is the filter. */
export function splitFilter(scope: Scope, filter: Filter | null): Split {
  if (filter === null) return { condition: null, residual: null };
  const whole = compileFilter(scope, filter);
  if (whole !== null) return { condition: whole, residual: null };
  if (filter.kind !== "and") return { condition: null, residual: filter };
  const conditions: Sql[] = [];
  const left: Filter[] = [];
  for (const part of filter.filters) {
    const split = splitFilter(scope, part);
    if (split.condition !== null) conditions.push(split.condition);
    if (split.residual !== null) left.push(split.residual);
  }
  return {
    condition: conditions.length === 0 ? null : join(conditions, " and "),
    residual: left.length === 0 ? null : left.length === 1 ? left[0]! : { kind: "and", filters: left },
  };
}
