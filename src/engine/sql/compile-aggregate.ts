/** AggregateQuery -> one statement, or null when a path or a condition is not SQL's. */
import type { AggregateQuery, Measure } from "../../query/ir.js";
import type { Doc, Json, Path, Schema } from "../../schema/model.js";
import { operandAt, wholeColumn } from "./columns.js";
import { compileFilter, TRUE } from "./compile-filter.js";
import { compileSlice } from "./compile-order.js";
import type { ColumnKind, Dialect } from "./dialect.js";
import { FIXED, type Literals } from "./literals.js";
import { rootScope, type Scope } from "./scope.js";
import { join, render, type Sql, sql, type Template } from "./sql.js";

export interface CompiledAggregate {
  readonly template: Template;
  decode(rows: readonly (readonly unknown[])[]): readonly Doc[];
}

/** A column of the result: its name, how it is computed and the kind of its value. */
interface Output {
  readonly name: string;
  readonly kind: Exclude<ColumnKind, "json">;
  readonly expression: Sql;
}

function measureOf(scope: Scope, measure: Measure): Output | null {
  const { as: name, fn, path } = measure;
  if (path === null) return { name, kind: "int", expression: sql`count(*)` };
  if (fn === "count") {
    const column =
      operandAt(scope.dialect, scope.model, scope.alias, path)?.expression ??
      wholeColumn(scope.dialect, scope.model, scope.alias, path);
    return column === null ? null : { name, kind: "int", expression: sql`count(${column})` };
  }
  const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
  if (operand === null) return null;
  const { kind } = operand;
  const expression = operand.nested ? scope.dialect.asColumn(kind, operand.expression) : operand.expression;
  if (fn === "min" || fn === "max")
    return kind === "boolean" || kind === "bytes" ? null : { name, kind, expression: sql`${fn}(${expression})` };
  if (kind !== "int" && kind !== "float" && kind !== "bigint") return null;
  const total = fn === "sum" ? scope.dialect.sum(kind, expression) : scope.dialect.avg(kind, expression);
  return total === null ? null : { name, kind: fn === "sum" ? kind : "float", expression: total };
}

function groupOf(scope: Scope, path: Path): Output | null {
  const operand = operandAt(scope.dialect, scope.model, scope.alias, path);
  // Bytes inside JSON are base64 text: equal where they are equal, but of another form and order.
  if (operand === null || (operand.nested && operand.kind === "bytes")) return null;
  const { kind, expression, nested } = operand;
  return { name: path.join("."), kind, expression: nested ? scope.dialect.asColumn(kind, expression) : expression };
}

/** Names of the result rows as a scope of their own: `having` and `orderBy` are compiled against the columns of the inner select. */
function conditionOn(
  scope: Scope,
  outputs: readonly Output[],
  query: AggregateQuery,
): { having: Sql; order: Sql } | null {
  const { dialect } = scope;
  const model = {
    ...scope.model,
    name: "",
    relations: [],
    fields: outputs.map(({ name, kind }) => ({
      name,
      column: name,
      type: kind === "text" ? ({ kind: "string", format: null } as const) : ({ kind } as const),
      input: null,
      nullable: true,
      optional: false,
      default: null,
      role: "plain" as const,
      description: null,
      meta: null,
    })),
  };
  const results: Scope = { ...scope, model, alias: "g" };
  const having = query.having === null ? TRUE : compileFilter(results, query.having);
  if (having === null) return null;
  const named = new Set(outputs.map(({ name }) => name));
  const terms: Sql[] = [];
  for (const term of query.orderBy) {
    if (term.key.kind !== "path" || !named.has(term.key.path[0] ?? "")) return null;
    terms.push(sql`g.${dialect.quote(term.key.path[0] ?? "")} ${term.direction} nulls ${term.nulls}`);
  }
  return { having, order: terms.length === 0 ? [] : sql` order by ${join(terms, ", ")}` };
}

export function compileAggregate(
  dialect: Dialect,
  schema: Schema,
  query: AggregateQuery,
  literals: Literals = FIXED,
): CompiledAggregate | null {
  const scope = rootScope(dialect, schema, query.model, literals);
  const condition = query.where === null ? TRUE : compileFilter(scope, query.where);
  if (condition === null) return null;
  const groups = query.groupBy.map((path) => groupOf(scope, path));
  const measures = query.measures.map((measure) => measureOf(scope, measure));
  const outputs: Output[] = [];
  for (const output of [...groups, ...measures]) {
    if (output === null) return null;
    outputs.push(output);
  }
  const outer = conditionOn(scope, outputs, query);
  if (outer === null) return null;
  const inner =
    outputs.length === 0
      ? sql`count(*)`
      : join(
          outputs.map((output) => sql`${output.expression} as ${dialect.quote(output.name)}`),
          ", ",
        );
  const grouped =
    groups.length === 0
      ? []
      : sql` group by ${join(
          outputs.slice(0, groups.length).map((output) => output.expression),
          ", ",
        )}`;
  const items =
    outputs.length === 0
      ? sql`1`
      : join(
          outputs.map((output) => dialect.selectTop(output.kind, sql`g.${dialect.quote(output.name)}`)),
          ", ",
        );
  const template = render(
    sql`select ${items} from (select ${inner} from ${dialect.quote(scope.model.collection)} as ${scope.alias} where ${condition}${grouped}) as g where ${outer.having}${outer.order}${compileSlice(scope, query, query)}`,
    dialect.placeholder,
  );
  const decoders = outputs.map((output) => dialect.decodeTop(output.kind));
  return {
    template,
    decode: (rows) =>
      rows.map((row) => {
        const doc: Record<string, Json> = {};
        outputs.forEach((output, index) => {
          const raw = row[index];
          Object.defineProperty(doc, output.name, {
            value: raw === null || raw === undefined ? null : (decoders[index]?.(raw) ?? (raw as Json)),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        });
        return Object.freeze(doc);
      }),
  };
}

/** Number of rows that match, or null when the condition is not SQL's. */
export function compileCount(
  dialect: Dialect,
  schema: Schema,
  model: string,
  where: Parameters<typeof compileFilter>[1] | null,
  literals: Literals = FIXED,
): Template | null {
  const scope = rootScope(dialect, schema, model, literals);
  const condition = where === null ? TRUE : compileFilter(scope, where);
  if (condition === null) return null;
  return render(
    sql`select count(*) from ${dialect.quote(scope.model.collection)} as ${scope.alias} where ${condition}`,
    dialect.placeholder,
  );
}
