/** Updates and deletes -> statements. What SQL cannot express (nested changes, residual filters) the session does row by row, by key. */
import type { Change, WriteCommand } from "../../query/ir.js";
import type { Doc, FieldMeta, Json, ModelMeta, Schema } from "../../schema/model.js";
import { columnOf, fieldOf, kindOf } from "./columns.js";
import { compileFilter, TRUE } from "./compile-filter.js";
import { columnReaders, readDoc } from "./decode.js";
import type { Dialect } from "./dialect.js";
import { encoderOf } from "./encode.js";
import type { Literals } from "./literals.js";
import { rootScope, type Scope } from "./scope.js";
import { bind, fill, join, render, type Sql, type Statement, sql, type Template } from "./sql.js";

type Update = Extract<WriteCommand, { kind: "update" }>;
type Delete = Extract<WriteCommand, { kind: "delete" }>;

/** What a write gives back: these fields, in the form that `writtenReader` reads. */
export function returningClause(dialect: Dialect, fields: readonly FieldMeta[]): Sql {
  return sql` returning ${join(
    fields.map((field) => dialect.selectTop(kindOf(field.type), columnOf(dialect, "", field))),
    ", ",
  )}`;
}

const writtenReaders = new WeakMap<ModelMeta, { readonly dialect: Dialect; readonly read: RowReader }>();

type RowReader = (row: readonly unknown[]) => Doc;

export function writtenReader(dialect: Dialect, model: ModelMeta): RowReader {
  let known = writtenReaders.get(model);
  if (known?.dialect !== dialect) {
    const readers = columnReaders(model.fields, dialect.decodeTop);
    known = { dialect, read: (row) => Object.freeze(readDoc(readers, row)) };
    writtenReaders.set(model, known);
  }
  return known.read;
}

/** A literal beside those of the condition: a slot behind them when the statement is kept. */
function extra(slot: number | null, value: Json, encode: (value: Json) => unknown): Sql {
  return slot === null ? bind(encode(value)) : [{ slot, encode }];
}

/** The fields whose new number must be checked: an int may leave the range of exact integers. */
export function countedFields(model: ModelMeta, changes: readonly Change[]): readonly FieldMeta[] {
  return changes.filter(({ op }) => op === "inc").map(({ path }) => fieldOf(model, path[0]!));
}

/** Whether every change is one that a single statement can make: whole columns set, unset, or added to. */
export function isDirect(model: ModelMeta, changes: readonly Change[]): boolean {
  const seen = new Set<string>();
  return changes.every(({ path, op, value }) => {
    const [name, ...rest] = path;
    if (name === undefined || rest.length > 0 || seen.has(name)) return false;
    seen.add(name);
    if (op === "set" || op === "unset") return true;
    const kind = kindOf(fieldOf(model, name).type);
    // Rows of a unique index would clash while the statement moves them on one by one.
    const unique = model.indexes.some((index) => index.unique && index.paths.some((steps) => steps[0] === name));
    return op === "inc" && kind === "int" && Number.isSafeInteger(value) && !unique;
  });
}

/** The rows that a command concerns, by key, first ones first; null when the filter is not SQL's. */
function condition(scope: Scope, command: Update | Delete, slot: number | null): Sql | null {
  const { dialect, model } = scope;
  const where = command.where === null ? TRUE : compileFilter(scope, command.where);
  if (where === null || command.limit === null) return where;
  const columns = (alias: string) =>
    join(
      model.key.map((name) => columnOf(dialect, alias, fieldOf(model, name))),
      ", ",
    );
  const inner = columns(scope.alias);
  const limit = dialect.limit(
    extra(slot, command.limit, (value) => dialect.encode("int", value)),
    null,
  );
  return sql`(${columns("")}) in (select ${inner} from ${dialect.quote(model.collection)} as ${scope.alias} where ${where} order by ${inner}${limit})`;
}

/** `slot`: where literals other than the condition's begin; null: the statement is not kept. */
export function compileUpdate(
  dialect: Dialect,
  schema: Schema,
  command: Update,
  returning: boolean,
  literals: Literals,
  slot: number | null,
): Template | null {
  const scope = rootScope(dialect, schema, command.model, literals);
  const { model } = scope;
  if (command.changes.length === 0 || !isDirect(model, command.changes)) return null;
  const where = condition(scope, command, slot);
  if (where === null) return null;
  const first = slot === null ? null : slot + (command.limit === null ? 0 : 1);
  const sets = command.changes.map((change, index) => {
    const field = fieldOf(model, change.path[0]!);
    const column = columnOf(dialect, "", field);
    const empty = change.op === "unset" || change.value === null;
    if (empty) return sql`${column} = null`;
    const value = extra(first === null ? null : first + index, change.value, encoderOf(dialect, model, field));
    return change.op === "inc" ? sql`${column} = coalesce(${column}, 0) + ${value}` : sql`${column} = ${value}`;
  });
  const fields = returning ? model.fields : countedFields(model, command.changes);
  const end = fields.length === 0 ? [] : returningClause(dialect, fields);
  return render(
    sql`update ${dialect.quote(model.collection)} as ${scope.alias} set ${join(sets, ", ")} where ${where}${end}`,
    dialect.placeholder,
  );
}

export function compileDelete(
  dialect: Dialect,
  schema: Schema,
  command: Delete,
  returning: boolean,
  literals: Literals,
  slot: number | null,
): Template | null {
  const scope = rootScope(dialect, schema, command.model, literals);
  const where = condition(scope, command, slot);
  if (where === null) return null;
  const end = returning ? returningClause(dialect, scope.model.fields) : [];
  return render(
    sql`delete from ${dialect.quote(scope.model.collection)} as ${scope.alias} where ${where}${end}`,
    dialect.placeholder,
  );
}

/** Replaces every column but the key of the row with this document's key. */
export function compileReplace(dialect: Dialect, model: ModelMeta, doc: Doc): Statement {
  const key = new Set(model.key);
  const pair = (field: FieldMeta): Sql => {
    const value = doc[field.name] ?? null;
    return sql`${columnOf(dialect, "", field)} = ${bind(value === null ? null : encoderOf(dialect, model, field)(value))}`;
  };
  const sets = model.fields.filter((field) => !key.has(field.name)).map(pair);
  const where = model.key.map((name) => pair(fieldOf(model, name)));
  return fill(
    render(
      sql`update ${dialect.quote(model.collection)} set ${join(sets, ", ")} where ${join(where, " and ")}`,
      dialect.placeholder,
    ),
    [],
  );
}
