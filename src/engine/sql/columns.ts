/** FieldType -> ColumnKind, and the expressions that reach a field or a value nested in one. */
import { invariant } from "../../base/assert.js";
import { typeAt } from "../../schema/field-types.js";
import type { FieldMeta, FieldType, ModelMeta, Path } from "../../schema/model.js";
import type { ColumnKind, Dialect } from "./dialect.js";
import type { Sql } from "./sql.js";
import { sql } from "./sql.js";

const KINDS: Readonly<Record<FieldType["kind"], ColumnKind>> = {
  string: "text",
  int: "int",
  float: "float",
  bigint: "bigint",
  boolean: "boolean",
  date: "date",
  bytes: "bytes",
  enum: "text",
  object: "json",
  array: "json",
  tuple: "json",
  record: "json",
  union: "json",
  null: "json",
  json: "json",
};

function enumKind(values: readonly (string | number | boolean)[]): ColumnKind {
  if (values.every((value) => typeof value === "string")) return "text";
  if (values.every((value) => Number.isSafeInteger(value))) return "int";
  if (values.every((value) => typeof value === "number")) return "float";
  return values.every((value) => typeof value === "boolean") ? "boolean" : "json";
}

export function kindOf(type: FieldType): ColumnKind {
  return type.kind === "enum" ? enumKind(type.values) : KINDS[type.kind];
}

/** Whether null is a value of the type itself. */
function admitsNull(type: FieldType): boolean {
  return type.kind === "json" || type.kind === "null" || (type.kind === "union" && type.options.some(admitsNull));
}

/** Whether the column is declared `not null`. */
export function isRequired(field: FieldMeta): boolean {
  return !field.nullable && !field.optional && !admitsNull(field.type);
}

const fieldMaps = new WeakMap<ModelMeta, ReadonlyMap<string, FieldMeta>>();

function fieldNamed(model: ModelMeta, name: string): FieldMeta | undefined {
  let map = fieldMaps.get(model);
  if (map === undefined) {
    map = new Map(model.fields.map((field) => [field.name, field]));
    fieldMaps.set(model, map);
  }
  return map.get(name);
}

export function fieldOf(model: ModelMeta, name: string): FieldMeta {
  const field = fieldNamed(model, name);
  invariant(field !== undefined, `${model.name} has no field ${name}`);
  return field;
}

export function columnOf(dialect: Dialect, alias: string, field: FieldMeta): Sql {
  return [alias === "" ? dialect.quote(field.column) : `${alias}.${dialect.quote(field.column)}`];
}

/** A value that SQL can compare: its kind and the expression. Null: only JavaScript knows how (untyped JSON, arrays). */
export interface Operand {
  readonly kind: Exclude<ColumnKind, "json">;
  readonly expression: Sql;
  /** Inside a JSON column: some kinds have another form there. */
  readonly nested: boolean;
  /** For messages: `User.address.city`. */
  readonly name: string;
}

export function operandAt(dialect: Dialect, model: ModelMeta, alias: string, path: Path): Operand | null {
  const [head, ...rest] = path;
  const field = head === undefined ? undefined : fieldNamed(model, head);
  if (field === undefined) return null;
  const column = columnOf(dialect, alias, field);
  if (rest.length === 0) {
    const kind = kindOf(field.type);
    return kind === "json" ? null : { kind, expression: column, nested: false, name: `${model.name}.${field.name}` };
  }
  const found = typeAt(model, path);
  if (found === null) return null;
  const kind = kindOf(found.type);
  const expression = kind === "json" ? null : dialect.jsonScalar(column, rest, kind);
  return kind === "json" || expression === null
    ? null
    : { kind, expression, nested: true, name: `${model.name}.${path.join(".")}` };
}

/** The column at `path` when it is a whole JSON column: good for null tests only. */
export function wholeColumn(dialect: Dialect, model: ModelMeta, alias: string, path: Path): Sql | null {
  const field = path.length === 1 ? fieldNamed(model, path[0]!) : undefined;
  return field === undefined ? null : columnOf(dialect, alias, field);
}

export function tableOf(dialect: Dialect, model: ModelMeta, alias: string): Sql {
  return sql`${dialect.quote(model.collection)} as ${alias}`;
}
