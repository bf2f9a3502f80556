/**
 * Json values <-> JSON text, exactly. What JSON cannot say is tagged: `{"$bigint":"1"}`, `{"$date":"2026-01-01T…Z"}`,
 * `{"$bytes":"<base64>"}`; an object that has a key starting with `$` itself is wrapped: `{"$object":{…}}`.
 */
import { isPlainObject } from "../base/plain.js";
import type { Json } from "./model.js";

/** A value in the form that JSON text holds. */
export type JsonForm = string | number | boolean | null | readonly JsonForm[] | { readonly [key: string]: JsonForm };

/** An own property, whatever its name. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else target[key] = value;
}

export function encodeValue(value: Json): JsonForm {
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Uint8Array) {
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  }
  if (Array.isArray(value)) return (value as readonly Json[]).map(encodeValue);
  const out: Record<string, JsonForm> = {};
  let tagged = false;
  for (const [key, inner] of Object.entries(value as { readonly [key: string]: Json })) {
    tagged ||= key.startsWith("$");
    setOwn(out, key, encodeValue(inner));
  }
  return tagged ? { $object: out } : out;
}

const BIGINT = /^(0|-?[1-9][0-9]*)$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The value that `encodeValue` was given; undefined when the form is not one that it makes. */
export function decodeValue(form: unknown): Json | undefined {
  if (form === null || typeof form === "string" || typeof form === "boolean") return form;
  if (typeof form === "number") return Number.isFinite(form) ? form : undefined;
  if (Array.isArray(form)) {
    const items = form.map(decodeValue);
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (!isPlainObject(form)) return undefined;
  const keys = Object.keys(form);
  if (!keys.some((key) => key.startsWith("$"))) return decodeObject(form);
  const inner = keys.length === 1 ? form[keys[0] as string] : undefined;
  if (keys[0] === "$object") return isPlainObject(inner) ? decodeObject(inner) : undefined;
  if (typeof inner !== "string") return undefined;
  if (keys[0] === "$bigint") return BIGINT.test(inner) ? BigInt(inner) : undefined;
  if (keys[0] === "$bytes") return BASE64.test(inner) ? new Uint8Array(Buffer.from(inner, "base64")) : undefined;
  if (keys[0] !== "$date") return undefined;
  const date = new Date(inner);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function decodeObject(form: Record<string, unknown>): Json | undefined {
  const out: Record<string, Json> = {};
  for (const key of Object.keys(form)) {
    const value = decodeValue(form[key]);
    if (value === undefined) return undefined;
    setOwn(out, key, value);
  }
  return out;
}
