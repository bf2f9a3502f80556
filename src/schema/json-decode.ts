/** Reads the models of a schema's JSON: every member is checked, nothing unknown is let through. */
import type {
  DefaultMeta,
  FieldMeta,
  FieldType,
  IndexMeta,
  ModelMeta,
  PropertyMeta,
  RelationMeta,
  TypeKind,
} from "./model.js";
import { decodeValue } from "./values.js";

/** What is wrong, and where in the document. Caught by `schemaFromJson`. */
export class Malformed extends TypeError {
  constructor(at: string, what: string) {
    super(`${at}: ${what}`);
  }
}

type Decode<T> = (form: unknown, at: string) => T;
type Shape<T> = { readonly [K in keyof T]-?: Decode<T[K]> };

const string: Decode<string> = (form, at) => {
  if (typeof form === "string") return form;
  throw new Malformed(at, "expected a string");
};
const boolean: Decode<boolean> = (form, at) => {
  if (typeof form === "boolean") return form;
  throw new Malformed(at, "expected true or false");
};
function nullable<T>(decode: Decode<T>): Decode<T | null> {
  return (form, at) => (form === null ? null : decode(form, at));
}
function list<T>(decode: Decode<T>): Decode<readonly T[]> {
  return (form, at) => {
    if (!Array.isArray(form)) throw new Malformed(at, "expected a list");
    return form.map((item, index) => decode(item, `${at}[${index}]`));
  };
}
function oneOf<const T extends string>(...values: readonly T[]): Decode<T> {
  return (form, at) => {
    if (values.includes(form as T)) return form as T;
    throw new Malformed(at, `expected one of ${values.join(", ")}`);
  };
}
function object<T>(shape: Shape<T>): Decode<T> {
  const keys = Object.keys(shape) as (keyof T & string)[];
  return (form, at) => {
    if (typeof form !== "object" || form === null || Array.isArray(form)) throw new Malformed(at, "expected an object");
    const source = form as Record<string, unknown>;
    const extra = Object.keys(source).find((key) => !Object.hasOwn(shape, key));
    if (extra !== undefined) throw new Malformed(at, `unknown key "${extra}"`);
    const out: Partial<T> = {};
    for (const key of keys) {
      if (!Object.hasOwn(source, key)) throw new Malformed(at, `lacks "${key}"`);
      out[key] = shape[key](source[key], `${at}.${key}`);
    }
    return out as T;
  };
}
function kindOf(form: unknown): unknown {
  return typeof form === "object" && form !== null ? (form as { kind?: unknown }).kind : undefined;
}

const enumValue: Decode<string | number | boolean> = (form, at) => {
  if (typeof form === "string" || typeof form === "number" || typeof form === "boolean") return form;
  throw new Malformed(at, "expected a string, number or boolean");
};
/** Type texts nest as deep as the declarations do; anything deeper is an attack on the stack. */
const MAX_DEPTH = 200;
let depth = 0;
const type: Decode<FieldType> = (form, at) => {
  const kind = kindOf(form);
  if (typeof kind !== "string" || !Object.hasOwn(TYPES, kind)) throw new Malformed(at, "unknown kind of type");
  if (depth > MAX_DEPTH) throw new Malformed(at, "nested too deeply");
  depth++;
  try {
    return TYPES[kind as TypeKind](form, at);
  } finally {
    depth--;
  }
};
const property: Decode<PropertyMeta> = (form, at) => decodeProperty(form, at);

type TypeOf<K extends TypeKind> = Extract<FieldType, { kind: K }>;
const TYPES: { readonly [K in TypeKind]: Decode<TypeOf<K>> } = {
  string: object<TypeOf<"string">>({ kind: oneOf("string"), format: nullable(string) }),
  int: object<TypeOf<"int">>({ kind: oneOf("int") }),
  float: object<TypeOf<"float">>({ kind: oneOf("float") }),
  bigint: object<TypeOf<"bigint">>({ kind: oneOf("bigint") }),
  boolean: object<TypeOf<"boolean">>({ kind: oneOf("boolean") }),
  date: object<TypeOf<"date">>({ kind: oneOf("date") }),
  bytes: object<TypeOf<"bytes">>({ kind: oneOf("bytes") }),
  enum: object<TypeOf<"enum">>({ kind: oneOf("enum"), values: list(enumValue) }),
  object: object<TypeOf<"object">>({
    kind: oneOf("object"),
    name: nullable(string),
    properties: list(property),
    unknownKeys: oneOf("strip", "strict", "passthrough"),
  }),
  array: object<TypeOf<"array">>({ kind: oneOf("array"), element: type, nullableElement: boolean }),
  tuple: object<TypeOf<"tuple">>({ kind: oneOf("tuple"), items: list(type), rest: nullable(type) }),
  record: object<TypeOf<"record">>({ kind: oneOf("record"), value: type, nullableValue: boolean }),
  union: object<TypeOf<"union">>({ kind: oneOf("union"), options: list(type), discriminator: nullable(string) }),
  null: object<TypeOf<"null">>({ kind: oneOf("null") }),
  json: object<TypeOf<"json">>({ kind: oneOf("json") }),
};

const decodeProperty = object<PropertyMeta>({
  name: string,
  type,
  nullable: boolean,
  optional: boolean,
  hasDefault: boolean,
  description: nullable(string),
});

const defaultMeta: Decode<DefaultMeta> = (form, at) => {
  const kind = kindOf(form);
  if (kind === "computed") return object<{ kind: "computed" }>({ kind: oneOf("computed") })(form, at);
  if (kind === "generated") {
    return object<Extract<DefaultMeta, { kind: "generated" }>>({
      kind: oneOf("generated"),
      by: oneOf("increment", "uuid7", "ulid", "now", "version"),
    })(form, at);
  }
  return object<Extract<DefaultMeta, { kind: "value" }>>({
    kind: oneOf("value"),
    value: (value, where) => {
      const decoded = decodeValue(value);
      if (decoded === undefined) throw new Malformed(where, "not a value");
      return decoded;
    },
  })(form, at);
};

const field = object<FieldMeta>({
  name: string,
  column: string,
  type,
  input: nullable(type),
  nullable: boolean,
  optional: boolean,
  default: nullable(defaultMeta),
  role: oneOf("plain", "createdAt", "updatedAt", "version"),
  description: nullable(string),
  meta: nullable((form, at) => {
    const decoded = decodeValue(form);
    if (typeof decoded !== "object" || decoded === null || Array.isArray(decoded)) {
      throw new Malformed(at, "expected an object");
    }
    return decoded as NonNullable<FieldMeta["meta"]>;
  }),
});

const relation = object<RelationMeta>({
  name: string,
  kind: oneOf("belongsTo", "hasOne", "hasMany", "manyToMany"),
  target: string,
  arity: oneOf("one", "many"),
  nullable: boolean,
  from: list(string),
  to: list(string),
  through: nullable(
    object<NonNullable<RelationMeta["through"]>>({ model: string, from: list(string), to: list(string) }),
  ),
  inverse: nullable(string),
  onDelete: oneOf("restrict", "cascade", "setNull"),
  description: nullable(string),
});

const index = object<IndexMeta>({ name: string, paths: list(list(string)), unique: boolean });

const model = object<ModelMeta>({
  name: string,
  collection: string,
  key: list(string),
  keyGeneration: oneOf("increment", "uuid7", "ulid", "given"),
  fields: list(field),
  relations: list(relation),
  indexes: list(index),
  partitionBy: nullable(string),
  description: nullable(string),
});

/** Throws Malformed. */
export const decodeModel: Decode<ModelMeta> = (form, at) => {
  const written = typeof form === "object" && form !== null && !Array.isArray(form);
  // Left out when the model has none.
  return model(written && !Object.hasOwn(form, "partitionBy") ? { ...form, partitionBy: null } : form, at);
};
