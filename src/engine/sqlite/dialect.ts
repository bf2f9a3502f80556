/**
 * SQLite's dialect. Storage: text TEXT, int/boolean/date INTEGER (date: UTC ms), float REAL, bytes BLOB, bigint TEXT (see
 * bigint-text.ts: SQLite's integers end at 64 bits), json TEXT (tagged as in doc-codec). Strings compare by UTF-8 bytes, which is by code point. Integers are read as bigint and narrowed here.
 */

import { decodeJson, encodeJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { fieldOf } from "../sql/columns.js";
import type { DdlDialect } from "../sql/compile-ddl.js";
import type { ColumnKind } from "../sql/dialect.js";
import { bind, join, type Sql, sql } from "../sql/sql.js";
import { bigintFromText, bigintToText } from "./bigint-text.js";

const TYPES: Readonly<Record<ColumnKind, string>> = {
  text: "text",
  int: "integer",
  float: "real",
  bigint: "text",
  boolean: "integer",
  date: "integer",
  bytes: "blob",
  json: "text",
};

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

const ENCODE: Readonly<Record<ColumnKind, (value: never) => unknown>> = {
  text: (value: string) => value,
  // Bound as bigint: a JavaScript number would be bound as REAL.
  int: (value: number) => (Number.isSafeInteger(value) ? BigInt(value) : value),
  float: (value: number) => value,
  bigint: (value: bigint) => bigintToText(value),
  boolean: (value: boolean) => (value ? 1n : 0n),
  date: (value: Date) => BigInt(value.getTime()),
  bytes: (value: Uint8Array) => value,
  json: (value: Json) => encodeJson(value),
};

const DECODE: Readonly<Record<ColumnKind, (value: never) => Json>> = {
  text: (value: string) => value,
  int: (value: bigint | number) => Number(value),
  float: (value: number | bigint | string) => Number(value),
  bigint: (value: string) => bigintFromText(value),
  boolean: (value: bigint | number) => Number(value) !== 0,
  date: (value: bigint | number) => new Date(Number(value)),
  bytes: (value: Uint8Array) => new Uint8Array(value),
  json: (value: string) => decodeJson(value),
};

/** Inside JSON text: exact decimal forms, bytes as hex, json columns as text (their own tags are decoded on the way out). */
const DECODE_NESTED: Readonly<Record<ColumnKind, (value: never) => Json>> = {
  ...DECODE,
  bytes: (value: string) => Uint8Array.from(Buffer.from(value, "hex")),
};

function jsonPath(path: readonly string[]): string {
  return `'$${path.map((step) => `."${step.replaceAll("'", "''").replaceAll('"', '\\"')}"`).join("")}'`;
}

const JSON_TYPES: Readonly<Record<Exclude<ColumnKind, "json" | "bigint">, readonly string[]>> = {
  text: ["text"],
  int: ["integer", "real"],
  float: ["integer", "real"],
  boolean: ["true", "false"],
  date: ["integer", "real"],
  bytes: ["text"],
};

/** Where a tagged value keeps its content (see doc-codec). */
const TAGS: Partial<Record<ColumnKind, string>> = { date: "$date", bytes: "$bytes" };

export const sqliteDialect: DdlDialect = {
  name: "sqlite",
  quote,
  placeholder: () => "?",
  columnType: (kind) => TYPES[kind],
  encode: (kind, value) => (value === null ? null : ENCODE[kind](value as never)),
  selectTop: (_kind, column) => column,
  selectNested: (kind, column) => {
    if (kind === "float") return sql`printf('%!.17g', ${column})`;
    return kind === "bytes" ? sql`hex(${column})` : column;
  },
  decodeTop: (kind, value) => DECODE[kind](value as never),
  decodeNested: (kind, value) => DECODE_NESTED[kind](value as never),
  jsonScalar: (column, path, kind) => {
    // Inside JSON a bigint is plain digits, which do not compare as numbers.
    if (kind === "bigint") return null;
    const tag = TAGS[kind];
    const at = jsonPath(tag === undefined ? path : [...path, tag]);
    const value = sql`json_extract(${column}, ${at})`;
    const types = JSON_TYPES[kind].map((type) => `'${type}'`).join(", ");
    const typed = sql`case when json_type(${column}, ${at}) in (${types}) then ${value} end`;
    return sql`(${typed})`;
  },
  notDistinct: (a, b) => sql`${a} is ${b}`,
  textMatch: (op, text, value) => {
    const operand = bind(value);
    if (value === "") return sql`${text} is not null`;
    if (op === "contains") return sql`instr(${text}, ${operand}) > 0`;
    const length = [...value].length;
    return op === "startsWith"
      ? sql`substr(${text}, 1, ${String(length)}) = ${operand}`
      : sql`substr(${text}, ${String(-length)}) = ${operand}`;
  },
  jsonRow: (items) => sql`json_array(${join(items, ", ")})`,
  jsonRows: (row, from, alias, position) =>
    sql`(select json_group_array(json(${row}) order by ${position}) from ${from} as ${alias})`,
  limit: (limit, offset): Sql => {
    if (limit === null && offset === 0) return [];
    const count = limit === null ? "-1" : String(limit);
    return offset === 0 ? sql` limit ${count}` : sql` limit ${count} offset ${String(offset)}`;
  },
  sum: (kind, column) => (kind === "bigint" ? null : sql`sum(${column})`),
  avg: (kind, column) => (kind === "bigint" ? null : sql`avg(${column})`),
  incrementKey: (column) => `${column} integer primary key autoincrement`,
  indexTerm: (model, path) => {
    const [head, ...rest] = path;
    const column = quote(fieldOf(model, head ?? "").column);
    return rest.length === 0 ? column : `json_extract(${column}, ${jsonPath(rest)})`;
  },
  alterForeignKeys: false,
};
