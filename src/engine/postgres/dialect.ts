/**
 * PostgreSQL's dialect. Storage: text `text collate "C"` (UTF-8 bytes: by code point), int bigint, float double precision,
 * bigint numeric, date timestamptz(3), bytes bytea, json jsonb (tagged as in doc-codec). Everything is selected as text, so
 * that no setting of the driver's parsers matters.
 */

import { decodeJson, encodeJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { fieldOf } from "../sql/columns.js";
import type { DdlDialect } from "../sql/compile-ddl.js";
import type { ColumnKind } from "../sql/dialect.js";
import { bind, join, type Sql, sql } from "../sql/sql.js";

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

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
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

const DECODE: Readonly<Record<ColumnKind, (value: never) => Json>> = {
  text: (value: string) => value,
  int: (value: string | number) => Number(value),
  float: (value: string | number) => Number(value),
  bigint: (value: string | number) => BigInt(value),
  boolean: (value: string | boolean) => value === true || value === "true",
  date: (value: string | number) => new Date(Number(value)),
  bytes: (value: string) => new Uint8Array(Buffer.from(value, "hex")),
  json: (value: string) => decodeJson(value),
};

/** A form that text and JSON both carry exactly. */
function portable(kind: ColumnKind, column: Sql): Sql {
  if (kind === "date") return sql`round(extract(epoch from ${column}) * 1000)::bigint`;
  return kind === "bytes" ? sql`encode(${column}, 'hex')` : column;
}

/** A parameter's type where the context does not tell it. */
const CASTS: Readonly<Record<Exclude<ColumnKind, "json">, string>> = {
  text: "text",
  int: "float8",
  float: "float8",
  bigint: "numeric",
  boolean: "boolean",
  date: "timestamptz",
  bytes: "bytea",
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
  quote,
  placeholder: (position) => `$${position}`,
  columnType: (kind) => TYPES[kind],
  encode: (kind, value) => (value === null ? null : ENCODE[kind](value as never)),
  selectTop: (kind, column) => sql`${portable(kind, column)}::text`,
  selectNested: (kind, column) =>
    kind === "bigint" || kind === "json" ? sql`${column}::text` : portable(kind, column),
  decodeTop: (kind, value) => DECODE[kind](value as never),
  decodeNested: (kind, value) => DECODE[kind](value as never),
  jsonScalar: (column, path, kind) => {
    const tag = TAGS[kind];
    const at = jsonPath(tag === undefined ? path : [...path, tag]);
    const text = sql`case when jsonb_typeof(${column} #> ${at}) = '${JSON_TYPES[kind]}' then ${column} #>> ${at} end`;
    if (kind === "text") return sql`(${text}) collate "C"`;
    if (kind === "date") return sql`(timestamptz 'epoch' + (${text})::bigint * interval '1 millisecond')`;
    if (kind === "bytes") return sql`decode(${text}, 'base64')`;
    return sql`(${text})::${CASTS[kind]}`;
  },
  notDistinct: (a, b) => sql`${a} is not distinct from ${b}`,
  textMatch: (op, text, value) => {
    const operand = sql`${bind(value)}::text`;
    if (op === "contains") return sql`strpos(${text}, ${operand}) > 0`;
    if (op === "startsWith") return sql`starts_with(${text}, ${operand})`;
    const length = String([...value].length);
    return value === "" ? sql`${text} is not null` : sql`right(${text}, ${length}) = ${operand}`;
  },
  jsonRow: (items) => {
    if (items.length <= ARGUMENTS) return sql`json_build_array(${join(items, ", ")})`;
    const parts: Sql[] = [];
    for (let start = 0; start < items.length; start += ARGUMENTS)
      parts.push(sql`jsonb_build_array(${join(items.slice(start, start + ARGUMENTS), ", ")})`);
    return sql`(${join(parts, " || ")})`;
  },
  jsonRows: (row, from, alias, position) =>
    sql`(select coalesce(json_agg(${row} order by ${position}), '[]') from ${from} as ${alias})`,
  limit: (limit, offset): Sql =>
    sql`${limit === null ? "" : ` limit ${limit}`}${offset === 0 ? "" : ` offset ${offset}`}`,
  sum: (_kind, column) => sql`sum(${column})`,
  avg: (_kind, column) => sql`(sum(${column})::float8 / count(${column}))`,
  incrementKey: (column) => `${column} bigint generated by default as identity primary key`,
  indexTerm: (model, path) => {
    const [head, ...rest] = path;
    const column = quote(fieldOf(model, head ?? "").column);
    return rest.length === 0 ? column : `(${column} #>> ${jsonPath(rest)})`;
  },
  alterForeignKeys: true,
};
