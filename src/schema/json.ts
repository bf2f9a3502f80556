/**
 * Schema <-> canonical JSON text, and the schema's hash.
 *
 * Text: `{ "hash": "…", "models": [ … by name ], "tenon": 1 }`, keys sorted, two spaces; fields, relations and indexes in
 * declared order. The hash is over a reduced form, so that it changes only with what the schema *means*: descriptions and
 * free metadata are left out, and models, fields, relations, indexes and object properties are sorted by name.
 */
import { createHash } from "node:crypto";
import { deepFreeze } from "../base/assert.js";
import { CorruptionError } from "../base/errors.js";
import { decodeModel, Malformed } from "./json-decode.js";
import type { FieldMeta, ModelMeta, Schema } from "./model.js";
import { encodeValue, type JsonForm, setOwn } from "./values.js";

/** Version of the format; a reader refuses a higher one. */
export const SCHEMA_FORMAT = 1;

/** The whole schema as text, descriptions included; equal schemas give equal text. */
export function schemaToJson(schema: Schema): string {
  const models = [...schema.models.values()].sort(byName).map(modelForm);
  return `${canonical({ tenon: SCHEMA_FORMAT, hash: schema.hash, models }, 2)}\n`;
}

/** Throws CorruptionError when the text is not a schema, was edited, or comes from a newer version. */
export function schemaFromJson(text: string, file?: string): Schema {
  const meta = file === undefined ? {} : { file };
  const bad = (what: string, cause?: unknown) =>
    new CorruptionError("CORRUPTION.FORMAT", `${file ?? "The schema"} is not a schema of Tenon: ${what}`, {
      fix: "restore the file from a backup",
      meta: { ...meta, what },
      cause,
    });
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw bad("it is not JSON", error);
  }
  if (typeof root !== "object" || root === null || Array.isArray(root)) throw bad("it is not an object");
  const { tenon, hash, models: list, ...rest } = root as Record<string, unknown>;
  if (typeof tenon !== "number" || !Number.isInteger(tenon) || tenon < 1) throw bad("it has no format version `tenon`");
  if (tenon > SCHEMA_FORMAT) {
    const message = `${file ?? "The schema"} has format version ${tenon}; this version of Tenon reads up to ${SCHEMA_FORMAT}`;
    throw new CorruptionError("CORRUPTION.VERSION", message, { fix: "update tenon", meta });
  }
  if (Object.keys(rest).length > 0) throw bad(`unknown key "${Object.keys(rest)[0]}"`);
  if (typeof hash !== "string" || !Array.isArray(list)) throw bad("it lacks `hash` or `models`");
  const models = new Map<string, ModelMeta>();
  try {
    list.forEach((form, index) => {
      const model = decodeModel(form, `models[${index}]`);
      if (models.has(model.name)) throw new Malformed(`models[${index}]`, `model "${model.name}" twice`);
      models.set(model.name, deepFreeze(model));
    });
  } catch (error) {
    if (error instanceof Malformed) throw bad(error.message, error);
    throw error;
  }
  if (schemaHash(models) !== hash) throw bad("its hash does not fit its models");
  return Object.freeze({ hash, models });
}

/** 32 hex digits; equal exactly when the models mean the same. */
export function schemaHash(models: ReadonlyMap<string, ModelMeta>): string {
  const form = [...models.values()].sort(byName).map((model) => reduce(modelForm(model)));
  return createHash("sha256")
    .update(canonical({ tenon: SCHEMA_FORMAT, models: form }, 0))
    .digest("hex")
    .slice(0, 32);
}

/** The part of a declaration that the hash sees, as text: equal text, equal meaning. */
export function meaningOf(part: unknown): string {
  return canonical(reduce(part as JsonForm), 0);
}

/** `partitionBy` is there only when it says something: what was written before it existed keeps its hash. */
export function modelForm(model: ModelMeta): JsonForm {
  const { partitionBy, ...form } = model;
  return {
    ...(form as unknown as Record<string, JsonForm>),
    fields: model.fields.map(fieldForm),
    ...(partitionBy === null ? {} : { partitionBy }),
  };
}

export function fieldForm(field: FieldMeta): JsonForm {
  const form: Record<string, JsonForm> = { ...(field as unknown as Record<string, JsonForm>) };
  if (field.default?.kind === "value") form.default = { kind: "value", value: encodeValue(field.default.value) };
  form.meta = field.meta === null ? null : encodeValue(field.meta);
  return form;
}

/** Lists whose order means nothing. */
const UNORDERED = new Set(["fields", "relations", "indexes", "properties"]);
/** Members that the hash leaves out. */
const UNHASHED = new Set(["description", "meta"]);

/** Default values hold users' keys, so they stay as they are. */
function reduce(form: JsonForm): JsonForm {
  if (typeof form !== "object" || form === null) return form;
  if (Array.isArray(form)) return form.map(reduce);
  const out: Record<string, JsonForm> = {};
  for (const [key, value] of Object.entries(form as { readonly [key: string]: JsonForm })) {
    if (UNHASHED.has(key)) continue;
    if (key === "value" && (form as { kind?: unknown }).kind === "value") out[key] = value;
    else if (UNORDERED.has(key) && Array.isArray(value)) {
      out[key] = [...(value as readonly { name: string }[])].sort(byName).map((item) => reduce(item as JsonForm));
    } else out[key] = reduce(value);
  }
  return out;
}

function canonical(form: JsonForm, indent: number): string {
  return JSON.stringify(sorted(form), null, indent);
}

function sorted(form: JsonForm): JsonForm {
  if (typeof form !== "object" || form === null) return form;
  if (Array.isArray(form)) return form.map(sorted);
  const out: Record<string, JsonForm> = {};
  const object = form as { readonly [key: string]: JsonForm };
  for (const key of Object.keys(object).sort()) setOwn(out, key, sorted(object[key] as JsonForm));
  return out;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
