/** `insert … values …` for a number of rows: the text depends on nothing else, so it is kept; the parameters are laid out row by row. */
import { ownValue } from "../../query/document.js";
import type { Doc, Json, ModelMeta } from "../../schema/model.js";
import { columnOf } from "./columns.js";
import { returningClause } from "./compile-write.js";
import type { Dialect } from "./dialect.js";
import { encoderOf } from "./encode.js";
import { join, text } from "./sql.js";

export interface InsertOptions {
  /** Whether the rows bring their auto-increment key; both kinds are never mixed in one statement. */
  readonly withKey: boolean;
  readonly skip: boolean;
  readonly returning: boolean;
}

export interface CompiledInsert {
  readonly text: string;
  readonly columns: readonly { readonly name: string; readonly encode: (value: Json) => unknown }[];
}

/** Rows per statement: within the database's limit of parameters, and few enough that a text can be kept. */
const ROWS_MOST = 1000;

export function rowsPerStatement(model: ModelMeta, parameterLimit: number): number {
  return Math.max(1, Math.min(ROWS_MOST, Math.floor(parameterLimit / Math.max(1, model.fields.length))));
}

export function compileInsert(
  dialect: Dialect,
  model: ModelMeta,
  count: number,
  { withKey, skip, returning }: InsertOptions,
): CompiledInsert {
  const generated = model.keyGeneration === "increment" && !withKey ? model.key[0] : undefined;
  const fields = model.fields.filter((field) => field.name !== generated);
  const names = fields.map((field) => columnOf(dialect, "", field));
  const rows: string[] = [];
  let position = 1;
  for (let row = 0; row < count; row++) rows.push(`(${fields.map(() => dialect.placeholder(position++)).join(", ")})`);
  const body = fields.length === 0 ? " default values" : ` (${text(join(names, ", "))}) values ${rows.join(", ")}`;
  const end = returning ? text(returningClause(dialect, model.fields)) : "";
  return {
    text: `insert into ${dialect.quote(model.collection)}${body}${skip ? " on conflict do nothing" : ""}${end}`,
    columns: fields.map((field) => ({ name: field.name, encode: encoderOf(dialect, model, field) })),
  };
}

export function insertParams({ columns }: CompiledInsert, docs: readonly Doc[]): readonly unknown[] {
  const params = new Array<unknown>(columns.length * docs.length);
  let position = 0;
  for (const doc of docs) {
    for (const { name, encode } of columns) {
      const value = ownValue(doc, name);
      params[position++] = value === undefined || value === null ? null : encode(value);
    }
  }
  return params;
}
