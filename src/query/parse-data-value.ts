/**
 * Checks an operand of an atomic change ($inc, $push, $patch, …) against the declared type. zod cannot see such a value
 * alone (it is a part of a field, or an amount), so its *type* is checked here and the field's own rules on the result.
 */
import { isPlainObject } from "../base/plain.js";
import type { FieldType, Json, PropertyMeta } from "../schema/model.js";

type Fail = (path: readonly (string | number)[], message: string) => void;
type Normalize<K extends FieldType["kind"]> = (
  type: Extract<FieldType, { kind: K }>,
  value: unknown,
  path: readonly (string | number)[],
  fail: Fail,
) => Json;

/** The value as it will be stored (undefined keys dropped, -0 as 0, copies of dates and bytes); `fail` hears of every misfit. */
export function normalizeValue(
  type: FieldType,
  nullable: boolean,
  value: unknown,
  path: readonly (string | number)[],
  fail: Fail,
): Json {
  if (value === null && nullable) return null;
  const handler = HANDLERS[type.kind] as Normalize<FieldType["kind"]>;
  return handler(type, value, path, fail);
}

/** A short word for what a value is, for messages. */
export function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : "date";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value;
}

function expected(what: string, value: unknown, path: readonly (string | number)[], fail: Fail): null {
  fail(path, `expected ${what}, received ${describeValue(value)}`);
  return null;
}

const HANDLERS: { readonly [K in FieldType["kind"]]: Normalize<K> } = {
  string: (_, value, path, fail) => (typeof value === "string" ? value : expected("string", value, path, fail)),
  int: (_, value, path, fail) =>
    typeof value === "number" && Number.isSafeInteger(value) ? value + 0 : expected("int", value, path, fail),
  float: (_, value, path, fail) =>
    typeof value === "number" && Number.isFinite(value) ? value + 0 : expected("number", value, path, fail),
  bigint: (_, value, path, fail) => (typeof value === "bigint" ? value : expected("bigint", value, path, fail)),
  boolean: (_, value, path, fail) => (typeof value === "boolean" ? value : expected("boolean", value, path, fail)),
  date: (_, value, path, fail) =>
    value instanceof Date && !Number.isNaN(value.getTime())
      ? new Date(value.getTime())
      : expected("date", value, path, fail),
  bytes: (_, value, path, fail) =>
    value instanceof Uint8Array ? Uint8Array.from(value) : expected("bytes", value, path, fail),
  enum: (type, value, path, fail) =>
    (type.values as readonly unknown[]).includes(value)
      ? (value as Json)
      : expected(`one of ${type.values.map((option) => JSON.stringify(option)).join(", ")}`, value, path, fail),
  null: (_, value, path, fail) => (value === null ? null : expected("null", value, path, fail)),
  json: (_, value, path, fail) => plainJson(value, path, fail),
  array: (type, value, path, fail) =>
    Array.isArray(value)
      ? value.map((item, index) => normalizeValue(type.element, type.nullableElement, item, [...path, index], fail))
      : expected("array", value, path, fail),
  tuple: (type, value, path, fail) => {
    if (!Array.isArray(value)) return expected("array", value, path, fail);
    if (value.length < type.items.length || (type.rest === null && value.length > type.items.length))
      return expected(`an array of ${type.items.length}`, value, path, fail);
    return value.map((item, index) => {
      const itemType = type.items[index] ?? type.rest;
      return itemType === null || itemType === undefined
        ? null
        : normalizeValue(itemType, itemType.kind === "null", item, [...path, index], fail);
    });
  },
  record: (type, value, path, fail) => {
    if (!isPlainObject(value)) return expected("object", value, path, fail);
    return objectOf(
      Object.keys(value)
        .filter((key) => value[key] !== undefined)
        .map((key) => [key, normalizeValue(type.value, type.nullableValue, value[key], [...path, key], fail)]),
    );
  },
  object: (type, value, path, fail) => {
    if (!isPlainObject(value)) return expected("object", value, path, fail);
    const known = new Map(type.properties.map((property) => [property.name, property]));
    const entries: [string, Json][] = [];
    for (const property of type.properties) addProperty(entries, property, value, path, fail);
    for (const key of Object.keys(value)) {
      if (known.has(key) || value[key] === undefined) continue;
      if (type.unknownKeys === "passthrough") entries.push([key, plainJson(value[key], [...path, key], fail)]);
      else fail([...path, key], "unknown property");
    }
    return objectOf(entries);
  },
  union: (type, value, path, fail) => {
    for (const option of type.options) {
      let fits = true;
      const result = normalizeValue(option, false, value, path, () => {
        fits = false;
      });
      if (fits) return result;
    }
    return expected("a value of one of the union's options", value, path, fail);
  },
};

function addProperty(
  entries: [string, Json][],
  property: PropertyMeta,
  value: Record<string, unknown>,
  path: readonly (string | number)[],
  fail: Fail,
): void {
  const given = Object.hasOwn(value, property.name) ? value[property.name] : undefined;
  if (given !== undefined) {
    entries.push([
      property.name,
      normalizeValue(property.type, property.nullable, given, [...path, property.name], fail),
    ]);
  } else if (!property.optional && !property.hasDefault && !property.nullable) {
    fail([...path, property.name], "required");
  }
}

function plainJson(value: unknown, path: readonly (string | number)[], fail: Fail): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "bigint")
    return value;
  if (typeof value === "number")
    return Number.isFinite(value) ? value + 0 : expected("a finite number", value, path, fail);
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? expected("a valid date", value, path, fail) : new Date(value.getTime());
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map((item, index) => plainJson(item, [...path, index], fail));
  if (!isPlainObject(value)) return expected("plain data", value, path, fail);
  return objectOf(
    Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, plainJson(value[key], [...path, key], fail)]),
  );
}

/** Own properties whatever their names: `__proto__` becomes data, never a prototype. */
function objectOf(entries: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(entries);
}
