/**
 * PostgreSQL's dialect. Storage: text `text collate "C"` (UTF-8 bytes: by code point), int bigint, float double precision,
 * bigint numeric, date timestamptz(3), bytes bytea, json jsonb (tagged as in doc-codec). The driver hands over
 * the server's text, so that no setting of its parsers matters.
 */

import { decodeJson, encodeJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { fieldOf, isRequired, operandAt } from "../sql/columns.js";
import type { DdlDialect } from "../sql/compile-ddl.js";
import { exactInt } from "../sql/decode.js";
import type { ColumnKind } from "../sql/dialect.js";
import { quoted, reserved, shortened } from "../sql/identifiers.js";
import { join, type Sql, sql, text } from "../sql/sql.js";

const TYPES: Readonly<Record<ColumnKind, string>> = {
  text: 'text collate "C"',
  int: "bigint",
  float: "double precision",
  bigint: "numeric",
  boolean: "boolean",
  date: "timestamptz(3)",
  bytes: "bytea",
  json: "jsonb",
};

/** As format_type() tells them. */
const STORED: Readonly<Record<ColumnKind, string>> = {
  ...TYPES,
  text: "text",
  date: "timestamp(3) with time zone",
};

/** Columns that every table has already. */
const RESERVED = /^(tableoid|ctid|[cx]min|[cx]max)$/;
/** NAMEDATALEN - 1: PostgreSQL cuts off the rest. */
const LONGEST_NAME = 63;

function quote(identifier: string): string {
  return quoted(shortened(reserved(identifier, RESERVED), LONGEST_NAME));
}

function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** ISO 8601 as PostgreSQL reads it: years before 1 are "BC", years after 9999 have no sign. */
function timestamp(value: Date): string {
  const iso = value.toISOString();
  const year = value.getUTCFullYear();
  if (year >= 1 && year <= 9999) return iso;
  const rest = iso.slice(iso.indexOf("-", 1));
  return year < 1 ? `${String(1 - year).padStart(4, "0")}${rest} BC` : `${year}${rest}`;
}

const ENCODE: Readonly<Record<ColumnKind, (value: never) => unknown>> = {
  text: (value: string) => value,
  int: (value: number) => String(value),
  float: (value: number) => String(value),
  bigint: (value: bigint) => String(value),
  boolean: (value: boolean) => value,
  date: (value: Date) => timestamp(value),
  bytes: (value: Uint8Array) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  json: (value: Json) => encodeJson(value),
};

/** Inside JSON: dates are milliseconds, bytes base64 text. */
const ENCODE_NESTED: typeof ENCODE = {
  ...ENCODE,
  date: (value: Date) => String(value.getTime()),
  bytes: (value: Uint8Array) => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"),
};

function hex(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
}

type Decoders = Readonly<Record<ColumnKind, ((value: unknown) => Json) | null>>;

/** The server's text. */
const DECODE: Decoders = {
  text: null,
  int: (value) => exactInt(Number(value)),
  float: (value) => Number(value),
  bigint: (value) => BigInt(value as string),
  // The second is what a cast to text gives.
  boolean: (value) => value === "t" || value === "true",
  date: (value) => new Date(Number(value)),
  bytes: (value) => new Uint8Array(Buffer.from(value as string, "hex")),
  json: (value) => decodeJson(value as string),
};

/** What JSON.parse makes of the server's JSON. */
const DECODE_NESTED: Decoders = {
  ...DECODE,
  int: (value) => exactInt(value as number),
  // "NaN" and "Infinity" are strings in JSON.
  float: (value) => Number(value),
  boolean: null,
};

/** A form that text and JSON both carry exactly. */
function portable(kind: ColumnKind, column: Sql): Sql {
  if (kind === "date") return sql`round(extract(epoch from ${column}) * 1000)::bigint`;
  return kind === "bytes" ? sql`encode(${column}, 'hex')` : column;
}

/** A parameter's type where the context does not tell it. */
const CASTS: Readonly<Record<Exclude<ColumnKind, "json">, string>> = {
  text: "text",
  int: "int8",
  float: "float8",
  bigint: "numeric",
  boolean: "boolean",
  date: "timestamptz",
  bytes: "bytea",
};

/** What `jsonScalar` gives; all of it by immutable functions, so that it can be indexed. */
const NESTED_TYPES: Readonly<Record<Exclude<ColumnKind, "json">, string>> = {
  ...CASTS,
  int: "float8",
  date: "float8",
  bytes: "text",
};

const JSON_TYPES: Readonly<Record<Exclude<ColumnKind, "json">, string>> = {
  text: "string",
  int: "number",
  float: "number",
  boolean: "boolean",
  date: "number",
  bigint: "string",
  bytes: "string",
};

const TAGS: Partial<Record<ColumnKind, string>> = { date: "$date", bigint: "$bigint", bytes: "$bytes" };

function jsonPath(path: readonly string[]): string {
  return `array[${path.map(textLiteral).join(", ")}]`;
}

/** `json_build_array` takes no more. */
const ARGUMENTS = 100;

export const postgresDialect: DdlDialect = {
  name: "postgres",
  // The protocol counts them in 16 bits.
  parameterLimit: 65_535,
  checksLast: true,
  // An array, not a join: however many parents are guessed, an index is used where there is one.
  levelRows: { among: (column, keys) => sql`${column} = any(array(${keys}))`, asText: (value) => sql`${value}::text` },
  quote,
  placeholder: (position) => `$${position}`,
  columnType: (kind) => TYPES[kind],
  storedType: (kind) => STORED[kind],
  encode: (kind, value) => (value === null ? null : ENCODE[kind](value as never)),
  encodeNested: (kind, value) => (value === null ? null : ENCODE_NESTED[kind](value as never)),
  castFor: (kind, value, nested) => {
    if (kind === "json") return "";
    if (nested) return `::${NESTED_TYPES[kind]}`;
    // An int column compared with a fraction: both as floats.
    return kind === "int" && !Number.isSafeInteger(value) ? "::float8" : `::${CASTS[kind]}`;
  },
  listItem: (kind, nested) => {
    const encode = nested ? ENCODE_NESTED : ENCODE;
    if (kind === "bytes" && !nested)
      return {
        put: (value) => hex(value as Uint8Array),
        take: (element) => sql`decode(${element}, 'hex')`,
      };
    const type = (nested ? NESTED_TYPES : CASTS)[kind];
    const whole = type === "int8";
    return {
      put: (value) => (whole && !Number.isSafeInteger(value) ? null : String(encode[kind](value as never))),
      take: (element) => sql`(${element})::${type}`,
    };
  },
  listRows: (list, takes) =>
    sql`select ${join(
      takes.map((take, index) => take(sql`value ->> ${String(index)}`)),
      ", ",
    )} from jsonb_array_elements(${list}::jsonb) as listed(value)`,
  selectTop: (kind, column) => portable(kind, column),
  selectNested: (kind, column) =>
    kind === "bigint" || kind === "json" ? sql`${column}::text` : portable(kind, column),
  decodeTop: (kind) => DECODE[kind],
  decodeNested: (kind) => DECODE_NESTED[kind],
  jsonScalar: (column, path, kind) => {
    const tag = TAGS[kind];
    const at = jsonPath(tag === undefined ? path : [...path, tag]);
    const scalar = sql`case when jsonb_typeof(${column} #> ${at}) = '${JSON_TYPES[kind]}' then ${column} #>> ${at} end`;
    if (kind === "text" || kind === "bytes") return sql`(${scalar}) collate "C"`;
    return sql`(${scalar})::${NESTED_TYPES[kind]}`;
  },
  asColumn: (kind, scalar) => {
    if (kind === "date") return sql`(timestamptz 'epoch' + ${scalar} * interval '1 millisecond')`;
    if (kind === "int") return sql`${scalar}::int8`;
    return kind === "bytes" ? sql`decode(${scalar}, 'base64')` : scalar;
  },
  notDistinct: (a, b) => sql`${a} is not distinct from ${b}`,
  textMatch: (op, text, value) => {
    if (op === "contains") return sql`strpos(${text}, ${value}) > 0`;
    return op === "startsWith" ? sql`starts_with(${text}, ${value})` : sql`right(${text}, length(${value})) = ${value}`;
  },
  jsonRow: (items) => {
    if (items.length <= ARGUMENTS) return sql`json_build_array(${join(items, ", ")})`;
    const parts: Sql[] = [];
    for (let start = 0; start < items.length; start += ARGUMENTS)
      parts.push(sql`jsonb_build_array(${join(items.slice(start, start + ARGUMENTS), ", ")})`);
    return sql`(${join(parts, " || ")})`;
  },
  jsonRows: (row) => sql`coalesce(json_agg(${row}), '[]')`,
  limit: (limit, offset): Sql => [
    ...(limit === null ? [] : sql` limit ${limit}::int8`),
    ...(offset === null ? [] : sql` offset ${offset}::int8`),
  ],
  sum: (_kind, column) => sql`sum(${column})`,
  avg: (_kind, column) => sql`(sum(${column})::float8 / count(${column}))`,
  incrementKey: (column) => `${column} bigint generated by default as identity primary key`,
  indexTerm: (model, path) => {
    const [head, ...rest] = path;
    const field = fieldOf(model, head ?? "");
    const column = quote(field.column);
    // Where nulls stand in an order by (smallest of all), so that the index serves it in both directions.
    if (rest.length === 0) return isRequired(field) ? column : `${column} nulls first`;
    // The expression that a filter on the path compiles to, so that PostgreSQL finds the index.
    const operand = operandAt(postgresDialect, model, "", path);
    return `(${operand === null ? `${column} #> ${jsonPath(rest)}` : text(operand.expression)}) nulls first`;
  },
  alterForeignKeys: true,
};
