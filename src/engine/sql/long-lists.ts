/**
 * Long lists of values as one parameter, a JSON array of rows: a statement takes some ten thousand parameters and no more, and
 * one with thousands is planned slowly. What comes: `in` with many values, and an `or` of many equalities on the same fields
 * (rows by their composite keys).
 */
import type { Filter } from "../../query/ir.js";
import type { Json, Path } from "../../schema/model.js";
import { type Operand, operandAt } from "./columns.js";
import type { ListItem } from "./dialect.js";
import type { Scope } from "./scope.js";
import { LONG_LIST } from "./shape.js";
import { bind, join, type Sql, sql } from "./sql.js";
import { portable } from "./strings.js";

/** Null: not a list that can go this way. */
export function oneOfMany(scope: Scope, operand: Operand, values: readonly Json[]): Sql | null {
  return rowsOfMany(
    scope,
    [operand],
    values.map((value) => [value]),
  );
}

/** `(a = 1 and b = 2) or (a = 3 and b = 4) or …`; null: it is something else, or short. */
export function anyOfManyRows(
  scope: Scope,
  filters: readonly Filter[],
  holds: (operand: Operand, value: Json) => boolean,
) {
  if (filters.length <= LONG_LIST) return null;
  const paths = pathsOf(filters[0]!);
  if (paths === null) return null;
  const operands: Operand[] = [];
  for (const path of paths) {
    const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
    if (operand === null) return null;
    operands.push(operand);
  }
  const rows: (readonly Json[])[] = [];
  for (const filter of filters) {
    const row = valuesAt(filter, paths);
    if (row?.every((value, index) => holds(operands[index]!, value)) !== true) return null;
    rows.push(row);
  }
  return rowsOfMany(scope, operands, rows);
}

function pathsOf(filter: Filter): readonly Path[] | null {
  if (filter.kind !== "and" || filter.filters.length === 0) return null;
  const paths: Path[] = [];
  for (const part of filter.filters) {
    if (part.kind !== "compare") return null;
    paths.push(part.path);
  }
  return paths;
}

function valuesAt(filter: Filter, paths: readonly Path[]): readonly Json[] | null {
  if (filter.kind !== "and" || filter.filters.length !== paths.length) return null;
  const values: Json[] = [];
  for (const [index, part] of filter.filters.entries()) {
    if (part.kind !== "compare" || part.op !== "eq" || part.value === null) return null;
    if (part.path.length !== paths[index]!.length) return null;
    if (part.path.some((step, at) => step !== paths[index]![at])) return null;
    values.push(part.value);
  }
  return values;
}

function rowsOfMany(scope: Scope, operands: readonly Operand[], rows: readonly (readonly Json[])[]): Sql | null {
  const { dialect } = scope;
  const items: ListItem[] = [];
  for (const { kind, nested } of operands) {
    const item = dialect.listItem(kind, nested);
    if (item === null) return null;
    items.push(item);
  }
  const list: unknown[][] = [];
  for (const row of rows) {
    const put = row.map((value, index) => items[index]!.put(portable(operands[index]!.name, value)));
    // Some value equals nothing that the column can hold.
    if (!put.includes(null)) list.push(put);
  }
  const left = operands.map(({ expression }) => expression);
  const columns = dialect.listRows(
    bind(JSON.stringify(list)),
    items.map(({ take }) => take),
  );
  return sql`${left.length === 1 ? left[0]! : sql`(${join(left, ", ")})`} in (${columns})`;
}
