/**
 * SQLite's dialect. Storage: text TEXT, int/boolean/date INTEGER (date: UTC ms), float REAL, bytes BLOB, bigint TEXT (see
 * bigint-text.ts: SQLite's integers end at 64 bits), json TEXT (tagged as in doc-codec). Strings compare by UTF-8 bytes, which is by code point. Integers are read as numbers; one that is not exact is refused.
 */
import { QueryError } from "../../base/errors.js";
import { decodeJson, encodeJson } from "../../schema/doc-codec.js";
import { typeAt } from "../../schema/field-types.js";
import type { Json } from "../../schema/model.js";
import { fieldOf, operandAt } from "../sql/columns.js";
import type { DdlDialect } from "../sql/compile-ddl.js";
import { exactInt } from "../sql/decode.js";
import type { ColumnKind } from "../sql/dialect.js";
import { quoted, reserved } from "../sql/identifiers.js";
import { join, type Sql, sql, text } from "../sql/sql.js";
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

/** SQLite's own tables, and the two words that it takes for values even in quotes when they name a column of a subquery. */
const RESERVED = /^(sqlite_.*|true|false)$/i;

function quote(identifier: string): string {
  return quoted(reserved(identifier, RESERVED));
}

/** NaN would be bound as null. */
function timeOf(value: Date): number {
  const time = value.getTime();
  if (Number.isNaN(time))
    throw new QueryError("QUERY.INVALID_VALUE", "An invalid date cannot be kept", {
      fix: "give a Date that is a time",
    });
  return time;
}

const ENCODE: Readonly<Record<ColumnKind, (value: never) => unknown>> = {
  text: (value: string) => value,
  // Bound as REAL: a column of integers stores whole numbers as INTEGER, and both compare as numbers.
  int: (value: number) => value,
  float: (value: number) => value,
  bigint: (value: bigint) => bigintToText(value),
  boolean: (value: boolean) => (value ? 1 : 0),
  date: (value: Date) => timeOf(value),
  bytes: (value: Uint8Array) => value,
  json: (value: Json) => encodeJson(value),
};

/** As `json_extract` gives what doc-codec wrote: bytes are base64 text. */
const ENCODE_NESTED: typeof ENCODE = {
  ...ENCODE,
  bytes: (value: Uint8Array) => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"),
};

const LISTED: typeof ENCODE = {
  ...ENCODE,
  bytes: (value: Uint8Array) => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex"),
};

/** JSON has no infinity, and no column of whole numbers holds it. */
function listed(value: unknown): string | number | null {
  return typeof value === "number" && !Number.isFinite(value) ? null : (value as string | number);
}

type Decoders = Readonly<Record<ColumnKind, ((value: unknown) => Json) | null>>;

const DECODE: Decoders = {
  text: null,
  int: (value) => exactInt(value as number),
  float: null,
  bigint: (value) => bigintFromText(value as string),
  boolean: (value) => value !== 0,
  date: (value) => new Date(value as number),
  bytes: (value) => new Uint8Array(value as Uint8Array),
  json: (value) => decodeJson(value as string),
};

/** Inside JSON text: exact decimal forms, bytes as hex, json columns as text (their own tags are decoded on the way out). */
const DECODE_NESTED: Decoders = {
  ...DECODE,
  bytes: (value) => Uint8Array.from(Buffer.from(value as string, "hex")),
};

/** A step with a quote or a backslash in it is read with JSON's escapes. */
function jsonPath(path: readonly string[]): string {
  const label = (step: string) => step.replaceAll("'", "''").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `'$${path.map((step) => `."${label(step)}"`).join("")}'`;
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
  // SQLITE_MAX_VARIABLE_NUMBER of every build since 3.32.
  parameterLimit: 32_766,
  checksLast: false,
  levelRows: null,
  quote,
  placeholder: () => "?",
  columnType: (kind) => TYPES[kind],
  storedType: (kind) => TYPES[kind],
  encode: (kind, value) => (value === null ? null : ENCODE[kind](value as never)),
  encodeNested: (kind, value) => (value === null ? null : ENCODE_NESTED[kind](value as never)),
  castFor: () => "",
  listItem: (kind, nested) => {
    // SQLite reads a decimal text not always as the number that JavaScript reads.
    if (kind === "float" && !nested) return null;
    const encode = nested ? ENCODE_NESTED : LISTED;
    const take = kind === "bytes" && !nested ? (element: Sql) => sql`unhex(${element})` : (element: Sql) => element;
    return { take, put: (value) => listed(encode[kind](value as never)) };
  },
  listRows: (list, takes) =>
    sql`select ${join(
      takes.map((take, index) => take(sql`json_extract(value, '$[${String(index)}]')`)),
      ", ",
    )} from json_each(${list})`,
  selectTop: (_kind, column) => column,
  selectNested: (kind, column) => (kind === "bytes" ? sql`iif(${column} is null, null, hex(${column}))` : column),
  decodeTop: (kind) => DECODE[kind],
  decodeNested: (kind) => DECODE_NESTED[kind],
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
  asColumn: (_kind, scalar) => scalar,
  textMatch: (op, text, value) => {
    if (op === "contains") return sql`instr(${text}, ${value}) > 0`;
    return op === "startsWith"
      ? sql`substr(${text}, 1, length(${value})) = ${value}`
      : sql`substr(${text}, -length(${value})) = ${value}`;
  },
  jsonRow: (items) => sql`json_array(${join(items, ", ")})`,
  jsonRows: (row) => sql`json_group_array(${row})`,
  limit: (limit, offset): Sql => {
    if (limit === null && offset === null) return [];
    // A bare parameter here makes SQLite prepare the statement anew for every value.
    const count = limit === null ? "-1" : sql`${limit} + 0`;
    return offset === null ? sql` limit ${count}` : sql` limit ${count} offset ${offset}`;
  },
  sum: (kind, column) => (kind === "bigint" ? null : sql`sum(${column})`),
  avg: (kind, column) => (kind === "bigint" ? null : sql`avg(${column})`),
  incrementKey: (column) => `${column} integer primary key autoincrement`,
  indexTerm: (model, path) => {
    const [head, ...rest] = path;
    const column = quote(fieldOf(model, head ?? "").column);
    if (rest.length === 0) return column;
    // The expression that a filter on the path compiles to, so that SQLite finds the index.
    const operand = operandAt(sqliteDialect, model, "", path);
    if (operand !== null) return text(operand.expression);
    const scalar = typeAt(model, path)?.type.kind;
    return `json_extract(${column}, ${jsonPath(scalar === "bigint" ? [...rest, "$bigint"] : rest)})`;
  },
  alterForeignKeys: false,
};
