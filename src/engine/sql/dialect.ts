/**
 * What differs between SQL databases, as a table of small functions. Compilers ask the dialect; they never ask which
 * database it is. Every function returns trusted text made of quoted names and keywords; values are always bound.
 */
import type { Json } from "../../schema/model.js";
import type { Sql } from "./sql.js";

/**
 * How a value is kept in a column: `json` holds every nested or untyped value (see wire.ts for its tags), the others
 * hold one scalar type each.
 */
export type ColumnKind = "text" | "int" | "float" | "bigint" | "boolean" | "date" | "bytes" | "json";

/** How the levels of a populate tree come as rows of one statement (see compile-levels.ts). */
export interface LevelRows {
  /** True when the column is one of the keys that a statement gives. */
  among(column: Sql, keys: Sql): Sql;
  /** Levels differ in their columns, so each value comes as text. */
  asText(value: Sql): Sql;
}

/** How values of one kind travel in a list that is one parameter (see long-lists.ts). */
export interface ListItem {
  /** As it stands in the JSON; null: no value of the column equals it. */
  put(value: Json): string | number | null;
  /** An element of the list as a value that compares like the column. */
  take(element: Sql): Sql;
}

export interface Dialect {
  readonly name: string;
  /** Parameters that a statement may have. */
  readonly parameterLimit: number;
  /** Whether a delete must put off checks of references that its cascades may satisfy (see settling.ts). */
  readonly checksLast: boolean;
  /** Null: levels nest. */
  readonly levelRows: LevelRows | null;
  quote(identifier: string): string;
  placeholder(position: number): string;
  /** The type in DDL. */
  columnType(kind: ColumnKind): string;
  /** The same type as the catalogue tells it. */
  storedType(kind: ColumnKind): string;
  /** A value in the form the driver binds. */
  encode(kind: ColumnKind, value: Json): unknown;
  /** The same for comparing with a `jsonScalar`. */
  encodeNested(kind: ColumnKind, value: Json): unknown;
  /** The type that a parameter needs to be told for comparing with an operand; "": none. */
  castFor(kind: ColumnKind, value: Json, nested: boolean): string;
  /** Null: values of this kind cannot travel in a list. */
  listItem(kind: Exclude<ColumnKind, "json">, nested: boolean): ListItem | null;
  /** A select of the rows of a JSON array of arrays, a column for each of `takes`. */
  listRows(list: Sql, takes: readonly ListItem["take"][]): Sql;
  /** A column as it is selected at the top of a statement: a form from which `decode` restores the exact value. */
  selectTop(kind: ColumnKind, column: Sql): Sql;
  /** The same inside a JSON array: a form that JSON carries exactly. */
  selectNested(kind: ColumnKind, column: Sql): Sql;
  /** Reads what `selectTop` gave; null: it is the value already. */
  decodeTop(kind: ColumnKind): ((value: unknown) => Json) | null;
  decodeNested(kind: ColumnKind): ((value: unknown) => Json) | null;
  /** A scalar of kind `kind` inside a JSON column, as a value that compares like a column of that kind; null when absent or of another JSON type. Null: JavaScript must decide. */
  jsonScalar(column: Sql, path: readonly string[], kind: Exclude<ColumnKind, "json">): Sql | null;
  /** A `jsonScalar` as a value of a column of its kind. */
  asColumn(kind: ColumnKind, scalar: Sql): Sql;
  /** Truth of `a = b` where two nulls are equal. */
  notDistinct(a: Sql, b: Sql): Sql;
  /** True when the string `text` contains / starts with / ends with the bound value, by exact characters. */
  textMatch(op: "contains" | "startsWith" | "endsWith", text: Sql, value: Sql): Sql;
  /** A row of values as one JSON array. */
  jsonRow(items: readonly Sql[]): Sql;
  /** The aggregate of all rows as one JSON array, in the order in which they come; of no rows: an empty array. */
  jsonRows(row: Sql): Sql;
  /** `limit … offset …` with both optional. */
  limit(limit: Sql | null, offset: Sql | null): Sql;
  /** avg as a float, sum in the column's own kind. Null: JavaScript must add up. */
  sum(kind: ColumnKind, column: Sql): Sql | null;
  avg(kind: ColumnKind, column: Sql): Sql | null;
}
