/** The table of field types: what each kind can do, its TypeScript text, and finding the type at a path. */
import type { FieldType, ModelMeta, Path, PropertyMeta, TypeKind } from "./model.js";

export interface TypeTraits {
  /** One value that can be told apart, sorted and indexed. */
  readonly scalar: boolean;
  /** Filters take `$gt $gte $lt $lte`. */
  readonly comparable: boolean;
  /** `orderBy` takes it. */
  readonly orderable: boolean;
  /** An index or a key takes it. */
  readonly indexable: boolean;
}

const ordered: TypeTraits = { scalar: true, comparable: true, orderable: true, indexable: true };
const plain: TypeTraits = { scalar: true, comparable: false, orderable: true, indexable: true };
const structured: TypeTraits = { scalar: false, comparable: false, orderable: false, indexable: false };

export const TYPE_TRAITS: Readonly<Record<TypeKind, TypeTraits>> = {
  string: ordered,
  int: ordered,
  float: ordered,
  bigint: ordered,
  date: ordered,
  boolean: plain,
  bytes: plain,
  enum: plain,
  object: structured,
  array: structured,
  tuple: structured,
  record: structured,
  union: structured,
  null: structured,
  json: structured,
};

export function isScalarType(type: FieldType): boolean {
  return TYPE_TRAITS[type.kind].scalar;
}

/** A type with what its place allows. `nullable` and `optional` include those of every object on the way. */
export interface TypeAt {
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly optional: boolean;
}

/** The type at a path that leads through object properties only; null when there is none (arrays and records end it). */
export function typeAt(model: Pick<ModelMeta, "fields">, path: Path): TypeAt | null {
  const field = model.fields.find((candidate) => candidate.name === path[0]);
  if (field === undefined) return null;
  let at: TypeAt = { type: field.type, nullable: field.nullable, optional: field.optional };
  for (const step of path.slice(1)) {
    if (at.type.kind !== "object") return null;
    const property = at.type.properties.find((candidate) => candidate.name === step);
    if (property === undefined) return null;
    at = {
      type: property.type,
      nullable: at.nullable || property.nullable,
      optional: at.optional || property.optional,
    };
  }
  return at;
}

export interface TextOptions {
  /** The name to write for an object type instead of its properties; null: write them out. */
  readonly objectName?: (type: Extract<FieldType, { kind: "object" }>) => string | null;
  /** What to write for `json`. Default: `unknown`. */
  readonly json?: string;
}

type Printer<K extends TypeKind> = (type: Extract<FieldType, { kind: K }>, options: TextOptions) => string;

const PRINT: { readonly [K in TypeKind]: Printer<K> } = {
  string: () => "string",
  int: () => "number",
  float: () => "number",
  bigint: () => "bigint",
  boolean: () => "boolean",
  date: () => "Date",
  bytes: () => "Uint8Array",
  enum: (type) => (type.values.length === 0 ? "never" : type.values.map((value) => JSON.stringify(value)).join(" | ")),
  object: (type, options) => options.objectName?.(type) ?? objectText(type.properties, type.unknownKeys, options),
  array: (type, options) => {
    const element = withNull(tsText(type.element, options), type.nullableElement);
    return /^[A-Za-z0-9_]+$/.test(element) ? `${element}[]` : `(${element})[]`;
  },
  tuple: (type, options) => {
    const items = type.items.map((item) => tsText(item, options));
    if (type.rest !== null) items.push(`...(${tsText(type.rest, options)})[]`);
    return `[${items.join(", ")}]`;
  },
  record: (type, options) => `{ [key: string]: ${withNull(tsText(type.value, options), type.nullableValue)} }`,
  union: (type, options) => [...new Set(type.options.map((option) => tsText(option, options)))].join(" | "),
  null: () => "null",
  json: (_type, options) => options.json ?? "unknown",
};

/** TypeScript text of a stored value: `string`, `"a" | "b"`, `{ city: string; zip?: string }`. Null is the field's business. */
export function tsText(type: FieldType, options: TextOptions = {}): string {
  const print = PRINT[type.kind] as (type: FieldType, options: TextOptions) => string;
  return print(type, options);
}

function withNull(text: string, nullable: boolean): string {
  return nullable ? `${text} | null` : text;
}

function objectText(properties: readonly PropertyMeta[], unknownKeys: string, options: TextOptions): string {
  const parts = properties.map((property) => {
    const name = /^[A-Za-z_][A-Za-z0-9_]*$/.test(property.name) ? property.name : JSON.stringify(property.name);
    return `${name}${property.optional ? "?" : ""}: ${withNull(tsText(property.type, options), property.nullable)}`;
  });
  if (unknownKeys === "passthrough") parts.push("[key: string]: unknown");
  return parts.length === 0 ? "{ [key: string]: never }" : `{ ${parts.join("; ")} }`;
}
