/**
 * having and orderBy of groupBy: conditions and order on the columns of the result, which are the grouped fields and
 * the measures asked for.
 */
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import { TYPE_TRAITS } from "../schema/field-types.js";
import type { FieldType } from "../schema/model.js";
import type { Filter, OrderTerm } from "./ir.js";
import { negate } from "./operators.js";
import { orderTerm, parseDirection } from "./parse-order.js";
import type { ParseScope } from "./parse-scope.js";
import { parseCondition } from "./parse-where.js";
import { showName } from "./violations.js";
import { allOf, FALSE, TRUE } from "./visit.js";

/** A column of the result rows that having and orderBy may name. */
export interface Column {
  readonly name: string;
  readonly type: FieldType;
}

/** The columns by what the user calls them: a grouped field, "count", or a measure and its field. */
export interface Columns {
  readonly groups: ReadonlyMap<string, Column>;
  readonly count: Column | null;
  readonly measures: ReadonlyMap<string, ReadonlyMap<string, Column>>;
}

function unknownColumn(scope: ParseScope, columns: Columns, name: string, more: readonly string[] = []) {
  const known = [
    ...columns.groups.keys(),
    ...(columns.count === null ? [] : ["count"]),
    ...columns.measures.keys(),
    ...more,
  ];
  return scope.fail(
    "QUERY.UNKNOWN_FIELD",
    `names ${showName(name)}, which is neither grouped by nor a measure asked for`,
    suggestion(name, known),
    {
      field: name,
    },
  );
}

/** Calls `use` with the column that a key (and, for field measures, the key inside) names. */
function eachColumn(
  scope: ParseScope,
  columns: Columns,
  key: string,
  value: unknown,
  use: (column: Column, value: unknown) => void,
): void {
  const column = columns.groups.get(key) ?? (key === "count" ? columns.count : null);
  if (column !== null) {
    use(column, value);
    return;
  }
  const measures = columns.measures.get(key);
  if (measures === undefined) throw unknownColumn(scope, columns, key);
  if (!isPlainObject(value))
    throw scope.wrongValue(`an object such as { ${[...measures.keys()][0] ?? "field"}: … }`, value);
  for (const name of Object.keys(value)) {
    const measure = measures.get(name);
    if (measure === undefined) {
      throw scope.fail("QUERY.UNKNOWN_FIELD", `has no ${key} of ${showName(name)}`, suggestion(name, measures.keys()), {
        field: name,
      });
    }
    scope.enter(name);
    use(measure, value[name]);
    scope.leave();
  }
}

function havingList(scope: ParseScope, columns: Columns, value: unknown): readonly Filter[] {
  if (!Array.isArray(value)) throw scope.wrongValue("an array of conditions", value);
  return scope.each(value as readonly unknown[], (inner) => parseHaving(scope, columns, inner) ?? TRUE);
}

function parseHavingKey(scope: ParseScope, columns: Columns, key: string, value: unknown): readonly (Filter | null)[] {
  switch (key) {
    case "$and":
      return havingList(scope, columns, value);
    case "$or": {
      const filters = havingList(scope, columns, value);
      return [filters.length === 0 ? FALSE : { kind: "or", filters }];
    }
    case "$not":
      return [negate(parseHaving(scope, columns, value) ?? TRUE)];
    default: {
      const filters: Filter[] = [];
      eachColumn(scope, columns, key, value, (column, condition) => {
        filters.push(parseCondition(scope, [column.name], column.type, condition));
      });
      return filters;
    }
  }
}

/** Null: every group. */
export function parseHaving(scope: ParseScope, columns: Columns, having: unknown): Filter | null {
  if (!isPlainObject(having)) throw scope.wrongValue("an object of conditions", having);
  const filters: (Filter | null)[] = [];
  for (const key of Object.keys(having)) {
    scope.enter(key);
    filters.push(...parseHavingKey(scope, columns, key, having[key]));
    scope.leave();
  }
  return allOf(filters);
}

export function parseGroupOrder(scope: ParseScope, columns: Columns, orderBy: unknown): readonly OrderTerm[] {
  const terms: OrderTerm[] = [];
  const parseBy = (by: unknown): void => {
    if (!isPlainObject(by)) throw scope.wrongValue(`an object such as { count: "desc" }`, by);
    const before = terms.length;
    for (const key of Object.keys(by)) {
      scope.enter(key);
      eachColumn(scope, columns, key, by[key], (column, direction) => {
        if (!TYPE_TRAITS[column.type.kind].orderable) {
          throw scope.fail(
            "QUERY.INVALID_VALUE",
            `cannot be ordered by: it is of type ${column.type.kind}`,
            "order by a scalar",
          );
        }
        terms.push(parseDirection(scope, { kind: "path", path: [column.name] }, direction));
      });
      scope.leave();
    }
    if (terms.length - before === 1) return;
    throw scope.fail("QUERY.INVALID_VALUE", "must name exactly one column", "write a list with one key per object");
  };
  if (Array.isArray(orderBy)) scope.each(orderBy as readonly unknown[], parseBy);
  else parseBy(orderBy);
  return terms;
}

/** The order with the grouped fields appended that are not in it. */
export function completeGroupOrder(
  groups: ReadonlyMap<string, Column>,
  terms: readonly OrderTerm[],
): readonly OrderTerm[] {
  const present = new Set(terms.map(({ key }) => (key.kind === "path" ? key.path[0] : undefined)));
  const missing = [...groups.keys()].filter((name) => !present.has(name));
  return [...terms, ...missing.map((name) => orderTerm({ kind: "path", path: [name] }, "asc"))];
}
