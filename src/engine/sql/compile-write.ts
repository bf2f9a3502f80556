/** WriteCommand -> statements. What SQL cannot express (nested changes, residual filters) the session does row by row, by key. */
import type { Change, WriteCommand } from "../../query/ir.js";
import type { Doc, FieldMeta, Json, ModelMeta, Schema } from "../../schema/model.js";
import { columnOf, fieldOf, kindOf } from "./columns.js";
import { compileFilter, TRUE } from "./compile-filter.js";
import type { Dialect } from "./dialect.js";
import { rootScope } from "./scope.js";
import { bind, join, render, type Sql, type Statement, sql } from "./sql.js";

/** What a write gives back: every field, in model order, in the form that `decodeWritten` reads. */
function returning(dialect: Dialect, model: ModelMeta): Sql {
  return sql` returning ${join(
    model.fields.map((field) => dialect.selectTop(kindOf(field.type), columnOf(dialect, "", field))),
    ", ",
  )}`;
}

export function decodeWritten(dialect: Dialect, model: ModelMeta, row: readonly unknown[]): Doc {
  const doc: Record<string, Json> = {};
  model.fields.forEach((field, index) => {
    const raw = row[index];
    if (raw !== null && raw !== undefined) doc[field.name] = dialect.decodeTop(kindOf(field.type), raw);
    else if (field.nullable || !field.optional) doc[field.name] = null;
  });
  return Object.freeze(doc);
}

function encoded(dialect: Dialect, field: FieldMeta, value: Json | undefined): Sql {
  return bind(value === undefined || value === null ? null : dialect.encode(kindOf(field.type), value));
}

/** Rows per statement, so that the parameters of one statement stay within the database's limit. */
export function rowsPerStatement(model: ModelMeta, parameterLimit: number): number {
  return Math.max(1, Math.floor(parameterLimit / Math.max(1, model.fields.length)));
}

/** `withKey`: whether the rows bring their auto-increment key; both kinds are never mixed in one statement. */
export function compileInsert(
  dialect: Dialect,
  model: ModelMeta,
  docs: readonly Doc[],
  withKey: boolean,
  skip: boolean,
): Statement {
  const generated = model.keyGeneration === "increment" && !withKey ? model.key[0] : undefined;
  const fields = model.fields.filter((field) => field.name !== generated);
  const columns = join(
    fields.map((field) => columnOf(dialect, "", field)),
    ", ",
  );
  const rows = docs.map(
    (doc) =>
      sql`(${join(
        fields.map((field) => encoded(dialect, field, doc[field.name])),
        ", ",
      )})`,
  );
  const body = fields.length === 0 ? sql` default values` : sql` (${columns}) values ${join(rows, ", ")}`;
  const conflict = skip ? " on conflict do nothing" : "";
  return render(
    sql`insert into ${dialect.quote(model.collection)}${body}${conflict}${returning(dialect, model)}`,
    dialect.placeholder,
  );
}

/** Whether every change is one that a single statement can make: whole columns set, unset, or incremented. */
export function isDirect(model: ModelMeta, changes: readonly Change[]): boolean {
  const seen = new Set<string>();
  return changes.every(({ path, op }) => {
    const [name, ...rest] = path;
    if (name === undefined || rest.length > 0 || seen.has(name)) return false;
    seen.add(name);
    return (op === "set" || op === "unset") && fieldOf(model, name) !== undefined;
  });
}

/** The rows that a command concerns, by key, first ones first; null when the filter is not SQL's. */
function condition(
  dialect: Dialect,
  schema: Schema,
  command: Extract<WriteCommand, { kind: "update" | "delete" }>,
): Sql | null {
  const scope = rootScope(dialect, schema, command.model);
  const where = command.where === null ? TRUE : compileFilter(scope, command.where);
  if (where === null) return null;
  if (command.limit === null) return where;
  const keys = join(
    scope.model.key.map((name) => columnOf(dialect, "", fieldOf(scope.model, name))),
    ", ",
  );
  const inner = join(
    scope.model.key.map((name) => columnOf(dialect, scope.alias, fieldOf(scope.model, name))),
    ", ",
  );
  return sql`(${keys}) in (select ${inner} from ${dialect.quote(scope.model.collection)} as ${scope.alias} where ${where} order by ${inner}${dialect.limit(command.limit, 0)})`;
}

export function compileUpdate(
  dialect: Dialect,
  schema: Schema,
  command: Extract<WriteCommand, { kind: "update" }>,
): Statement | null {
  const scope = rootScope(dialect, schema, command.model);
  const where = condition(dialect, schema, command);
  if (where === null || !isDirect(scope.model, command.changes) || command.changes.length === 0) return null;
  const sets = command.changes.map((change) => {
    const field = fieldOf(scope.model, change.path[0]!);
    return sql`${columnOf(dialect, "", field)} = ${encoded(dialect, field, change.op === "unset" ? null : change.value)}`;
  });
  return render(
    sql`update ${dialect.quote(scope.model.collection)} as ${scope.alias} set ${join(sets, ", ")} where ${where}${returning(dialect, scope.model)}`,
    dialect.placeholder,
  );
}

export function compileDelete(
  dialect: Dialect,
  schema: Schema,
  command: Extract<WriteCommand, { kind: "delete" }>,
): Statement | null {
  const scope = rootScope(dialect, schema, command.model);
  const where = condition(dialect, schema, command);
  if (where === null) return null;
  return render(
    sql`delete from ${dialect.quote(scope.model.collection)} as ${scope.alias} where ${where}${returning(dialect, scope.model)}`,
    dialect.placeholder,
  );
}

/** Replaces every column but the key of the row with this document's key. */
export function compileReplace(dialect: Dialect, model: ModelMeta, doc: Doc): Statement {
  const key = new Set(model.key);
  const sets = model.fields
    .filter((field) => !key.has(field.name))
    .map((field) => sql`${columnOf(dialect, "", field)} = ${encoded(dialect, field, doc[field.name])}`);
  const where = model.key.map(
    (name) =>
      sql`${columnOf(dialect, "", fieldOf(model, name))} = ${encoded(dialect, fieldOf(model, name), doc[name])}`,
  );
  return render(
    sql`update ${dialect.quote(model.collection)} set ${join(sets, ", ")} where ${join(where, " and ")}`,
    dialect.placeholder,
  );
}
