/** Building documents: in model field order, normalised for reading, frozen, safe for any property name. */
import { deepFreeze } from "../base/assert.js";
import type { Doc, FieldMeta, Json, ModelMeta } from "../schema/model.js";

/** Sets an own property; `__proto__` is a name like any other. */
export function putOwn(target: Record<string, Json>, name: string, value: Json): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else target[name] = value;
}

/** The field's own value in the document, undefined when it has none. */
export function ownValue(doc: { readonly [field: string]: Json | undefined }, name: string): Json | undefined {
  return Object.hasOwn(doc, name) ? doc[name] : undefined;
}

/** Puts the field as it reads back: a nullable one as null when absent, an optional one not at all when absent or null. */
export function putField(target: Record<string, Json>, field: FieldMeta, value: Json | undefined): void {
  if (value === undefined || value === null) {
    if (field.nullable || (value === null && !field.optional)) putOwn(target, field.name, null);
    return;
  }
  putOwn(target, field.name, value);
}

/** The document as stored and read back: the model's fields in order, nullable ones null, optional ones absent; frozen. */
export function normalizeDoc(model: ModelMeta, doc: { readonly [field: string]: Json | undefined }): Doc {
  const result: Record<string, Json> = {};
  for (const field of model.fields) putField(result, field, ownValue(doc, field.name));
  return deepFreeze(result);
}

/** Values of the fields, in order, null when missing. */
export function valuesOf(doc: Doc, fields: readonly string[]): readonly Json[] {
  return fields.map((field) => ownValue(doc, field) ?? null);
}
