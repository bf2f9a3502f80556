/** The table of zod constructs: how each is read. See from-zod.ts. */
import type { FieldType, PropertyMeta } from "../schema/model.js";
import { readDefault } from "./default-value.js";
import { readIntersection, readUnion } from "./read-unions.js";
import { inlineNull, type Reader, typed } from "./reading.js";
import { type AnyZod, classOf, defOf, metaOf, type ZodDef } from "./zod-types.js";

/** Formats that only describe checks on any string. */
const CHECK_FORMATS = new Set(["regex", "includes", "starts_with", "ends_with", "lowercase", "uppercase"]);
const INT_FORMATS = new Set(["safeint", "int32", "uint32"]);

function stringFormat(def: ZodDef): string | null {
  const all = [def, ...(def.checks ?? []).map((check) => check._zod.def)];
  let format: string | null = null;
  for (const { format: name, check, version } of all) {
    if (check !== "string_format" || name === undefined || CHECK_FORMATS.has(name)) continue;
    format = version === undefined ? name : `${name}${version}`;
  }
  return format;
}

function isInt(def: ZodDef): boolean {
  const all = [def, ...(def.checks ?? []).map((check) => check._zod.def)];
  return all.some(({ check, format }) => check === "number_format" && INT_FORMATS.has(format ?? ""));
}

/** With `coerce`, input may be anything that the constructor takes. */
const scalar =
  (typeOf: (def: ZodDef) => FieldType): Reader =>
  (reader, _schema, def) =>
    typed(def.coerce === true && reader.side === "input" ? { kind: "json" } : typeOf(def));

const refused =
  (what: string, fix?: string): Reader =>
  (reader, _schema, _def, path) =>
    reader.refuse(path, what, fix);

const inner: Reader = (reader, _schema, def, path) => reader.read(def.innerType as AnyZod, path);

const withDefault: Reader = (reader, schema, def, path) => {
  const reading = inner(reader, schema, def, path);
  const value = def.type === "default" ? readDefault(() => defOf(schema).defaultValue) : { kind: "computed" as const };
  return { ...reading, optional: false, default: value };
};

const anything: Reader = () => typed({ kind: "json" }, { nullable: true });

const object: Reader = (reader, schema, def, path) => {
  const properties: PropertyMeta[] = [];
  // Through the getter only: a recursive shape is computed on first access.
  for (const [name, property] of Object.entries(def.shape ?? {})) {
    const reading = reader.read(property, [...path, name]);
    properties.push({
      name,
      type: reading.type,
      nullable: reading.nullable,
      optional: reading.optional,
      hasDefault: reading.default !== null,
      description: typeof reading.meta.description === "string" ? reading.meta.description : null,
    });
  }
  const rest = def.catchall === undefined ? null : defOf(def.catchall).type;
  const unknownKeys = rest === null ? "strip" : rest === "never" ? "strict" : "passthrough";
  return typed({ kind: "object", name: objectName(schema), properties, unknownKeys });
};

function objectName(schema: AnyZod): string | null {
  const { id } = metaOf(schema);
  return typeof id === "string" && /^[A-Za-z][A-Za-z0-9_]*$/.test(id) ? id : null;
}

const array: Reader = (reader, _schema, def, path) => {
  const element = reader.read(def.element as AnyZod, [...path, "[]"]);
  return typed({ kind: "array", element: element.type, nullableElement: element.nullable });
};

const tuple: Reader = (reader, _schema, def, path) => {
  const item = (schema: AnyZod, index: number) => {
    const reading = reader.read(schema, [...path, `[${index}]`]);
    return inlineNull(reading.type, reading.nullable);
  };
  const items = (def.items ?? []).map(item);
  const rest = def.rest === undefined || def.rest === null ? null : item(def.rest, items.length);
  return typed({ kind: "tuple", items, rest });
};

/** A record whose keys are an enum is an object of these properties. */
const record: Reader = (reader, _schema, def, path) => {
  const key = defOf(def.keyType as AnyZod);
  const value = reader.read(def.valueType as AnyZod, [...path, "{}"]);
  const names = key.type === "enum" ? enumValues(key) : key.type === "literal" ? (key.values ?? []) : null;
  if (names === null) return typed({ kind: "record", value: value.type, nullableValue: value.nullable });
  const properties = names.map((name) => ({
    name: String(name),
    type: value.type,
    nullable: value.nullable,
    optional: value.optional || def.partial === true,
    hasDefault: value.default !== null,
    description: null,
  }));
  return typed({ kind: "object", name: null, properties, unknownKeys: "strict" });
};

/** A TypeScript enum of numbers also maps values back to names; those entries are no values. */
function enumValues(def: ZodDef): readonly (string | number)[] {
  const entries = def.entries ?? {};
  const numbers = new Set(Object.values(entries).filter((value) => typeof value === "number"));
  const forward = Object.entries(entries).filter(
    ([key, value]) => typeof value === "number" || !numbers.has(Number(key)),
  );
  return [...new Set(forward.map(([, value]) => value))];
}

const literal: Reader = (reader, _schema, def, path) => {
  const values = def.values ?? [];
  const kept = values.filter(
    (value) => typeof value === "string" || typeof value === "number" || typeof value === "boolean",
  );
  const optional = values.includes(undefined);
  const nullable = values.includes(null);
  const rest = values.filter((value) => value !== null && value !== undefined && !kept.includes(value as string));
  if (rest.every((value) => typeof value === "bigint")) {
    if (kept.length === 0 && rest.length > 0) return typed({ kind: "bigint" }, { nullable, optional });
    if (kept.length === 0) return typed({ kind: "null" }, { nullable, optional });
    if (rest.length === 0)
      return typed({ kind: "enum", values: kept as (string | number | boolean)[] }, { nullable, optional });
  }
  return reader.refuse(path, `literal of mixed bigint and other values`, "use z.union of simple literals");
};

const lazy: Reader = (reader, _schema, def, path) => reader.read((def.getter as () => AnyZod)(), path);

const pipe: Reader = (reader, _schema, def, path) => {
  const first = def.in as AnyZod;
  const last = def.out as AnyZod;
  if (reader.side === "output") {
    const result = reader.read(last, path);
    if (result.optional || result.default !== null || !isOmittable(first)) return result;
    return { ...result, default: { kind: "computed" } };
  }
  // z.preprocess: the first step takes anything.
  if (defOf(first).type === "transform") return typed({ kind: "json" }, { nullable: true });
  return reader.read(first, path);
};

function isOmittable(schema: AnyZod): boolean {
  return defOf(schema).type !== "transform" && schema._zod.optin !== undefined;
}

const transform = refused(
  "transform whose result zod cannot know",
  "say what it makes: .transform(…).pipe(z.number())",
);

const custom: Reader = (reader, schema, _def, path) => {
  const type = classOf(schema);
  if (typeof type === "function") {
    if (type === Uint8Array || type.prototype instanceof Uint8Array) return typed({ kind: "bytes" });
    if (type === Date || type.prototype instanceof Date) return typed({ kind: "date" });
    return reader.refuse(path, `z.instanceof(${type.name})`, "store plain data: a z.object, z.date() or bytes()");
  }
  return reader.refuse(path, "z.custom", "start from a type that can be stored: z.string().refine(…)");
};

export const READERS: Readonly<Record<string, Reader>> = {
  string: scalar((def) => ({ kind: "string", format: stringFormat(def) })),
  template_literal: () => typed({ kind: "string", format: null }),
  number: scalar((def) => ({ kind: isInt(def) ? "int" : "float" })),
  int: () => typed({ kind: "int" }),
  bigint: scalar(() => ({ kind: "bigint" })),
  boolean: scalar(() => ({ kind: "boolean" })),
  date: scalar(() => ({ kind: "date" })),
  null: () => typed({ kind: "null" }, { nullable: true }),
  any: anything,
  unknown: anything,
  enum: (_reader, _schema, def) => typed({ kind: "enum", values: enumValues(def) }),
  literal,
  object,
  array,
  tuple,
  record,
  union: readUnion,
  intersection: readIntersection,
  lazy,
  pipe,
  custom,
  transform,
  optional: (reader, schema, def, path) => ({ ...inner(reader, schema, def, path), optional: true }),
  nonoptional: (reader, schema, def, path) => ({ ...inner(reader, schema, def, path), optional: false }),
  nullable: (reader, schema, def, path) => ({ ...inner(reader, schema, def, path), nullable: true }),
  readonly: inner,
  default: withDefault,
  prefault: withDefault,
  catch: withDefault,
  success: (reader, schema, def, path) =>
    reader.side === "output" ? typed({ kind: "boolean" }) : inner(reader, schema, def, path),
  map: refused("map", "use z.record(z.string(), …), or an array of z.tuple([key, value])"),
  set: refused("set", "use z.array(…)"),
  file: refused("file", "store its bytes: bytes(), and its name as z.string()"),
  symbol: refused("symbol", "use z.string()"),
  function: refused("function", "store data, not code"),
  promise: refused("promise", "await it before, and declare what it resolves to"),
  nan: refused("NaN", "use z.number().nullable()"),
  undefined: refused("undefined", "leave the field out, or make it .optional()"),
  void: refused("void", "leave the field out, or make it .optional()"),
  never: refused("never", "leave the field out"),
};
