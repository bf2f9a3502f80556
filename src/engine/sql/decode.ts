/** Rows of values -> documents: one reader per column, chosen once per statement. */
import { QueryError } from "../../base/errors.js";
import type { FieldMeta, Json } from "../../schema/model.js";
import { kindOf } from "./columns.js";
import type { ColumnKind } from "./dialect.js";

export interface ColumnReader {
  readonly name: string;
  /** Null: the value is its own. */
  readonly decode: ((value: unknown) => Json) | null;
  /** Whether the field reads back null (otherwise: not at all) when the column is null. */
  readonly keepNull: boolean;
}

export function columnReaders(
  fields: readonly FieldMeta[],
  decoder: (kind: ColumnKind) => ((value: unknown) => Json) | null,
): readonly ColumnReader[] {
  return fields.map((field) => ({
    name: field.name,
    decode: decoder(kindOf(field.type)),
    keepNull: field.nullable || !field.optional,
  }));
}

/** The document of one row: fields first, in the readers' order. Not frozen yet. */
export function readDoc(readers: readonly ColumnReader[], values: readonly unknown[]): Record<string, Json> {
  const doc: Record<string, Json> = {};
  for (let index = 0; index < readers.length; index++) {
    const reader = readers[index]!;
    const raw = values[index];
    if (raw === null || raw === undefined) {
      if (reader.keepNull) doc[reader.name] = null;
    } else doc[reader.name] = reader.decode === null ? (raw as Json) : reader.decode(raw);
  }
  return doc;
}

/** An integer that a database gave as a number: sums and expressions may leave the range in which numbers are exact. */
export function exactInt(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new QueryError(
    "QUERY.INVALID_VALUE",
    `The database gives the integer ${value}, which no number holds exactly`,
    {
      fix: "int fields hold whole numbers up to 9007199254740991; use a bigint or float field",
    },
  );
}
