/** Order terms and keyset cursors -> SQL, or null when only JavaScript can decide (untyped JSON values, residual counts). */
import type { OrderKey, OrderTerm, Selection } from "../../query/ir.js";
import { type OrderKeyHandlers, visitOrderKey } from "../../query/visit.js";
import type { Json, Path } from "../../schema/model.js";
import { fieldOf, isRequired, type Operand, operandAt } from "./columns.js";
import { compileFilter, FALSE, TRUE } from "./compile-filter.js";
import { relatedSource, relationNamed, type Scope } from "./scope.js";
import { type Slice, slotsOfSlice } from "./shape.js";
import { join, type Sql, sql } from "./sql.js";
import { portable } from "./strings.js";

const KEY: OrderKeyHandlers<Sql | null, [scope: Scope]> = {
  path: (key, scope) => orderable(scope, key.path)?.expression ?? null,
  related: (key, outer) => {
    const { scope, from, on } = relatedSource(outer, relationNamed(outer.model, key.relation));
    const inner = keyOf(scope, key.key);
    return inner === null ? null : sql`(select ${inner} from ${from} where ${on} limit 1)`;
  },
  count: (key, outer) => countOf(outer, key.relation, key.where),
};

/** Bytes inside JSON are base64 text, which does not sort as they do. */
function orderable(scope: Scope, path: Path): Operand | null {
  const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
  return operand?.nested === true && operand.kind === "bytes" ? null : operand;
}

function keyOf(scope: Scope, key: OrderKey): Sql | null {
  return visitOrderKey(key, KEY, scope);
}

function neverNull({ model }: Scope, key: OrderKey): boolean {
  return key.kind === "path" && key.path.length === 1 && isRequired(fieldOf(model, key.path[0]!));
}

/** The number of related rows that match, or null when the condition is not SQL's. */
export function countOf(outer: Scope, relation: string, where: Parameters<typeof compileFilter>[1] | null): Sql | null {
  const { scope, from, on } = relatedSource(outer, relationNamed(outer.model, relation));
  const condition = where === null ? TRUE : compileFilter(scope, where);
  return condition === null ? null : sql`(select count(*) from ${from} where ${on} and ${condition})`;
}

/** The terms behind `order by`, or null. */
export function compileOrderBy(scope: Scope, terms: readonly OrderTerm[]): Sql | null {
  const parts: Sql[] = [];
  for (const term of terms) {
    const key = keyOf(scope, term.key);
    if (key === null) return null;
    // Where no null can be, an index serves whatever it thinks of nulls.
    const nulls = neverNull(scope, term.key) ? "" : ` nulls ${term.nulls}`;
    parts.push(sql`${key} ${term.direction}${nulls}`);
  }
  return join(parts, ", ");
}

/** Rows strictly after the cursor: `a > x or (a = x and (b > y or …))`, with nulls where the terms put them. */
export function compileAfterCursor(
  scope: Scope,
  selection: Selection,
  terms: readonly OrderTerm[],
  after: readonly Json[],
): Sql | null {
  const { dialect, literals } = scope;
  const first = slotsOfSlice(selection).end;
  let condition: Sql = FALSE;
  for (let index = terms.length - 1; index >= 0; index--) {
    const term = terms[index]!;
    const value = after[index] ?? null;
    if (term.key.kind !== "path") return null;
    const operand = orderable(scope, term.key.path);
    if (operand === null) return null;
    const { expression, kind, nested, name } = operand;
    const nullsAfter = term.nulls === "last";
    if (value === null) {
      const beyond = nullsAfter ? FALSE : sql`${expression} is not null`;
      condition = sql`(${beyond} or (${expression} is null and ${condition}))`;
    } else {
      const encode = nested ? dialect.encodeNested : dialect.encode;
      const parameter = literals.at(selection, first + index, value, (literal) =>
        encode(kind, portable(name, literal)),
      );
      const right: Sql = [...parameter, dialect.castFor(kind, value, nested)];
      const strictly = sql`${expression} ${term.direction === "asc" ? ">" : "<"} ${right}`;
      const beyond = nullsAfter ? sql`(${strictly} or ${expression} is null)` : strictly;
      condition = sql`(${beyond} or (${expression} = ${right} and ${condition}))`;
    }
  }
  return condition;
}

/** The selection's `limit … offset …`: a short limit as text, other numbers as parameters. */
export function compileSlice({ dialect, literals }: Scope, owner: object, slice: Slice): Sql {
  const { limit, offset } = slice;
  const slots = slotsOfSlice(slice);
  const encode = (value: Json) => dialect.encode("int", value);
  const count =
    limit === null ? null : slots.limit === null ? [String(limit)] : literals.at(owner, slots.limit, limit, encode);
  const start = slots.offset === null ? null : literals.at(owner, slots.offset, offset, encode);
  return dialect.limit(count, start);
}
