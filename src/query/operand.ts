/**
 * Values of a query, checked against and brought to the type of what they are compared with. null always fits: it
 * stands for "no value". A bigint field takes safe integers; nothing else is converted. Whatever can be changed is
 * copied, so that a query stays what it was when it was written.
 */
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import { tsText } from "../schema/field-types.js";
import type { FieldType, Json, TypeKind } from "../schema/model.js";
import { putOwn } from "./document.js";
import type { ParseScope } from "./parse-scope.js";
import { JSON_TYPE, stepInto } from "./type-at.js";
import { showName, showValue } from "./violations.js";

type TypeOf<K extends TypeKind> = Extract<FieldType, { readonly kind: K }>;
type Coerce<K extends TypeKind> = (value: unknown, type: TypeOf<K>, scope: ParseScope) => Json;

function finite(value: unknown, _type: FieldType, scope: ParseScope): number {
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  const fix = typeof value === "bigint" ? "pass a number: Number(value)" : undefined;
  throw scope.wrongValue("a finite number", value, fix);
}

function list(value: unknown, scope: ParseScope): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw scope.wrongValue("an array", value);
}

function validDate(value: unknown, scope: ParseScope): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return new Date(value.getTime());
  const isText = typeof value === "string" || typeof value === "number";
  const fix = isText ? `pass a Date: new Date(${showValue(value)})` : "pass a valid Date";
  throw scope.wrongValue("a Date", value, fix);
}

/** Any value that a document can hold: copied, undefined keys refused like everywhere in a query. */
function anything(value: unknown, _type: FieldType, scope: ParseScope): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return value;
    case "number":
      return finite(value, JSON_TYPE, scope);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Date) return validDate(value, scope);
  if (Array.isArray(value)) return scope.each(value, (element) => anything(element, JSON_TYPE, scope));
  if (isPlainObject(value)) return mapObject(value, scope, (inner) => anything(inner, JSON_TYPE, scope));
  throw scope.wrongValue(
    "plain data",
    value,
    "pass strings, numbers, bigints, booleans, Dates, bytes, arrays, plain objects or null",
  );
}

function mapObject(
  value: Record<string, unknown>,
  scope: ParseScope,
  map: (inner: unknown, key: string) => Json,
): Json {
  const result: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    scope.enter(key);
    putOwn(result, key, map(value[key], key));
    scope.leave();
  }
  return result;
}

/** Whether a value looks like one of the type, without looking inside. */
const FITS: { readonly [K in TypeKind]: (value: unknown, type: TypeOf<K>) => boolean } = {
  string: (value) => typeof value === "string",
  int: (value) => typeof value === "number",
  float: (value) => typeof value === "number",
  bigint: (value) => typeof value === "bigint",
  boolean: (value) => typeof value === "boolean",
  date: (value) => value instanceof Date,
  bytes: (value) => value instanceof Uint8Array,
  enum: (value, type) => (type.values as readonly unknown[]).includes(value),
  object: (value) => isPlainObject(value),
  array: (value) => Array.isArray(value),
  tuple: (value) => Array.isArray(value),
  record: (value) => isPlainObject(value),
  union: (value, type) => type.options.some((option) => fits(option, value)),
  null: (value) => value === null,
  json: () => true,
};

function fits(type: FieldType, value: unknown): boolean {
  return (FITS[type.kind] as (value: unknown, type: FieldType) => boolean)(value, type);
}

/** The only option that can take the value, or `json` when several structured ones can. */
function optionFor(type: TypeOf<"union">, value: unknown, scope: ParseScope): FieldType {
  const fitting = type.options.filter((option) => fits(option, value));
  const [first] = fitting;
  if (first !== undefined) return fitting.length === 1 || typeof value !== "object" ? first : JSON_TYPE;
  const bigint = type.options.find((option) => option.kind === "bigint");
  if (bigint !== undefined && typeof value === "number") return bigint;
  throw scope.wrongValue(`one of ${tsText(type)}`, value);
}

const COERCE: { readonly [K in TypeKind]: Coerce<K> } = {
  string: (value, _type, scope) => {
    if (typeof value === "string") return value;
    throw scope.wrongValue("a string", value);
  },
  int: finite,
  float: finite,
  bigint: (value, _type, scope) => {
    if (typeof value === "bigint") return value;
    if (Number.isSafeInteger(value)) return BigInt(value as number);
    throw scope.wrongValue("a bigint", value, "pass a bigint, or a whole number up to 9007199254740991");
  },
  boolean: (value, _type, scope) => {
    if (typeof value === "boolean") return value;
    throw scope.wrongValue("true or false", value);
  },
  date: (value, _type, scope) => validDate(value, scope),
  bytes: (value, _type, scope) => {
    if (value instanceof Uint8Array) return new Uint8Array(value);
    throw scope.wrongValue("a Uint8Array", value);
  },
  enum: (value, type, scope) => {
    if ((type.values as readonly unknown[]).includes(value)) return value as Json;
    const names = type.values.filter((option) => typeof option === "string");
    const expected = `one of ${type.values.map((option) => JSON.stringify(option)).join(" | ")}`;
    throw scope.wrongValue(expected, value, typeof value === "string" ? suggestion(value, names) : undefined);
  },
  object: (value, type, scope) => {
    if (!isPlainObject(value)) throw scope.wrongValue("an object", value);
    return mapObject(value, scope, (inner, key) => {
      const step = stepInto(type, key);
      if ("found" in step) return parseOperand(scope, step.found.type, inner);
      throw scope.fail(
        "QUERY.UNKNOWN_FIELD",
        `is an unknown property: there is no ${showName(key)}`,
        suggestion(key, step.known),
      );
    });
  },
  array: (value, type, scope) =>
    scope.each(list(value, scope), (element) => parseOperand(scope, type.element, element)),
  tuple: (value, type, scope) =>
    scope.each(list(value, scope), (element, index) =>
      parseOperand(scope, type.items[index] ?? type.rest ?? JSON_TYPE, element),
    ),
  record: (value, type, scope) => {
    if (!isPlainObject(value)) throw scope.wrongValue("an object", value);
    return mapObject(value, scope, (inner) => parseOperand(scope, type.value, inner));
  },
  union: (value, type, scope) => parseOperand(scope, optionFor(type, value, scope), value),
  null: (value, _type, scope) => {
    throw scope.wrongValue("null", value);
  },
  json: anything,
};

/** The value as one of the type. Throws QueryError at the scope's place when it cannot be one. */
export function parseOperand(scope: ParseScope, type: FieldType, value: unknown): Json {
  if (value === null) return null;
  if (value === undefined) throw scope.undefinedValue();
  return (COERCE[type.kind] as (value: unknown, type: FieldType, scope: ParseScope) => Json)(value, type, scope);
}
