/** The options that both ways of declaring share, and the reading of the short forms. */
import type { IndexDraft, KeyDraft } from "../schema/draft.js";
import type { KeyGeneration, SourceLocation } from "../schema/model.js";
import type { RelationSpec } from "./relations.js";

/** Completes the fields of the shape, and lets any other name through: added fields, nested paths. */
export type FieldName<Field extends string> = Field | (string & {});

export interface KeyOptions<Field extends string> {
  readonly field: FieldName<Field>;
  /** `increment` int, `uuid7` and `ulid` strings, `given`: the caller's. Default: by the field's schema. */
  readonly generate?: KeyGeneration | undefined;
}

export interface IndexOptions<Field extends string> {
  /** A field, a dotted path into nested objects, or several. */
  readonly on: FieldName<Field> | readonly FieldName<Field>[];
  /** No two rows have the same values (rows with a null among them do not count). */
  readonly unique?: boolean | undefined;
  /** Default: `<collection>_<fields>`, unique ones with `_key` at the end. */
  readonly name?: string | undefined;
}

export interface TimestampOptions {
  readonly createdAt?: string | boolean | undefined;
  readonly updatedAt?: string | boolean | undefined;
}

export interface ModelOptions<Field extends string = string> {
  /** Primary key. Default `"id"`, which is added as an auto-increment int when the shape lacks it. */
  readonly key?: FieldName<Field> | readonly FieldName<Field>[] | KeyOptions<Field> | undefined;
  /** Name in the storage and in the client. Default: the camelCase plural of the model's name. */
  readonly collection?: string | undefined;
  readonly indexes?: readonly (FieldName<Field> | readonly FieldName<Field>[] | IndexOptions<Field>)[] | undefined;
  readonly relations?: Readonly<Record<string, RelationSpec<FieldName<Field>>>> | undefined;
  /** `true`: createdAt and updatedAt, added when the shape lacks them. Or their names; false leaves one out. */
  readonly timestamps?: boolean | TimestampOptions | undefined;
  /** An int field that counts updates, for optimistic locking; added when the shape lacks it. */
  readonly version?: FieldName<Field> | undefined;
  /** The field whose value chooses where a row lies: its file (`shards`), its partition or node (`postgres({ partitions, citus })`). */
  readonly partitionBy?: FieldName<Field> | undefined;
  readonly description?: string | undefined;
}

export function readKey(key: ModelOptions["key"]): KeyDraft {
  if (key === undefined) return { fields: ["id"], generate: null };
  if (typeof key === "string") return { fields: [key], generate: null };
  if ("field" in key) return { fields: [key.field], generate: key.generate ?? null };
  return { fields: [...key], generate: null };
}

export function readIndex(
  index: string | readonly string[] | IndexOptions<string>,
  location: SourceLocation | null,
): IndexDraft {
  if (typeof index === "string") return { name: null, on: [index], unique: false, location };
  if (!("on" in index)) return { name: null, on: [...index], unique: false, location };
  const on = typeof index.on === "string" ? [index.on] : [...index.on];
  return { name: index.name ?? null, on, unique: index.unique ?? false, location };
}

export interface Timestamps {
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}

export function readTimestamps(timestamps: ModelOptions["timestamps"]): Timestamps {
  if (timestamps === undefined || timestamps === false) return { createdAt: null, updatedAt: null };
  const options = timestamps === true ? {} : timestamps;
  return { createdAt: timestamp(options.createdAt, "createdAt"), updatedAt: timestamp(options.updatedAt, "updatedAt") };
}

function timestamp(value: string | boolean | undefined, name: string): string | null {
  if (value === false) return null;
  return typeof value === "string" ? value : name;
}
