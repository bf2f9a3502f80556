/**
 * ModelValidator from zod: the only validation at run time. A create is one parse of a variant of the object (generated
 * and nullable fields may be absent) and one ordered copy into a plain document.
 *
 * The variant is compiled by `z.compile` on first use; where the process forbids code generation, or the schema has
 * parts that cannot be compiled, zod's ordinary parser runs instead, with the same result.
 */
import { z } from "zod";
import type { ValidationIssue } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import type { Doc, FieldMeta, Json, ModelMeta } from "../schema/model.js";
import type { ModelValidator, Validated } from "../schema/validator.js";
import { type Copy, copierOf } from "./copy.js";
import { toIssues } from "./issues.js";
import { type LostKeys, lostKeysOf } from "./lost-keys.js";
import { type AnyZod, defOf, withDef } from "./zod-types.js";

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly ValidationIssue[] };
type Parse = (value: unknown) => Parsed;

export function makeValidator(model: ModelMeta, object: z.ZodObject): ModelValidator {
  return new ZodValidator(model, object);
}

class ZodValidator implements ModelValidator {
  readonly hasObjectChecks: boolean;
  readonly #model: ModelMeta;
  readonly #object: z.ZodObject;
  readonly #fields: ReadonlyMap<string, FieldMeta>;
  readonly #copies: readonly { readonly field: FieldMeta; readonly path: readonly string[]; readonly copy: Copy }[];
  /** Fields in which zod could drop a key without saying so. */
  readonly #lossy: ReadonlyMap<string, LostKeys>;
  /** Stand-ins for generated values while whole-object refinements look at a create. */
  readonly #standIns: readonly FieldMeta[];
  readonly #byField = new Map<string, { readonly parse: Parse; readonly copy: Copy }>();
  readonly #storedField = new Map<string, Parse>();
  #create: Parse | null = null;
  #stored: Parse | null = null;

  constructor(model: ModelMeta, object: z.ZodObject) {
    this.#model = model;
    this.#object = object;
    this.#fields = new Map(model.fields.map((field) => [field.name, field]));
    this.#copies = model.fields.map((field) => ({ field, path: [field.name], copy: copierOf(field.type) }));
    this.#lossy = new Map(
      model.fields.flatMap(({ name, type }) => {
        const search = lostKeysOf(type);
        return search === null ? [] : [[name, search] as const];
      }),
    );
    this.hasObjectChecks = (defOf(object).checks ?? []).length > 0;
    this.#standIns = this.hasObjectChecks ? model.fields.filter(isStandIn) : [];
  }

  create(data: Readonly<Record<string, unknown>>): Validated<Doc> {
    const unknown = this.#unacceptedKeys(data);
    this.#create ??= parserOf(createVariant(this.#model, this.#object));
    const absent = this.#standIns.filter((field) => data?.[field.name] === undefined);
    const input = absent.length === 0 ? data : withStandIns(data, absent);
    const parsed = this.#create(input);
    if (!parsed.ok) return { ok: false, issues: unknown === null ? parsed.issues : [...unknown, ...parsed.issues] };
    if (unknown !== null) return { ok: false, issues: unknown };
    return this.#copy(parsed.value as Record<string, unknown>, absent);
  }

  field(name: string, value: unknown): Validated<Json> {
    const field = this.#fields.get(name);
    if (field === undefined) return { ok: false, issues: [this.#unknownField(name)] };
    let known = this.#byField.get(name);
    if (known === undefined) {
      known = { parse: parserOf(withoutDefault(shapeOf(this.#object, name))), copy: copierOf(field.type) };
      this.#byField.set(name, known);
    }
    if (value === undefined) {
      return { ok: false, issues: [{ path: [name], message: "a value is required", code: "required" }] };
    }
    const issues: ValidationIssue[] = [];
    this.#lossy.get(name)?.(value, [name], issues);
    const parsed = known.parse(value);
    if (!parsed.ok) return { ok: false, issues: [...issues, ...parsed.issues.map((issue) => under(name, issue))] };
    const result = parsed.value;
    if (result === undefined)
      return { ok: false, issues: [{ path: [name], message: "a value is required", code: "required" }] };
    const stored = result === null ? null : known.copy(result, [name], issues);
    return issues.length > 0 ? { ok: false, issues } : { ok: true, value: stored };
  }

  stored(doc: Doc, fields: readonly string[]): readonly ValidationIssue[] {
    const issues: ValidationIssue[] = [];
    for (const name of fields) {
      const field = this.#fields.get(name);
      if (field === undefined) {
        issues.push(this.#unknownField(name));
        continue;
      }
      const value = Object.hasOwn(doc, name) ? doc[name] : undefined;
      // Null and missing are one value, and allowed for both kinds.
      if ((value === undefined || value === null) && (field.nullable || field.optional)) continue;
      const parsed = this.#storedParse(name)(value);
      if (!parsed.ok) for (const issue of parsed.issues) issues.push(under(name, issue));
    }
    if (!this.hasObjectChecks || issues.length > 0) return issues;
    this.#stored ??= parserOf(storedVariant(this.#model, this.#object));
    const parsed = this.#stored(doc);
    return parsed.ok ? issues : parsed.issues;
  }

  hasChecks(field: string): boolean {
    const known = this.#fields.get(field);
    if (known === undefined) return false;
    // A number can leave its range, and a list or object takes elements that nothing has looked at.
    if (known.type.kind !== "bigint" && known.type.kind !== "boolean" && known.type.kind !== "bytes") return true;
    return hasAnyCheck(shapeOf(this.#object, field));
  }

  #copy(value: Record<string, unknown>, absent: readonly FieldMeta[]): Validated<Doc> {
    const doc: Record<string, Json> = {};
    const issues: ValidationIssue[] = [];
    for (const { field, path, copy } of this.#copies) {
      const { name } = field;
      const inner = value[name];
      if (inner === undefined || (absent.length > 0 && absent.includes(field))) {
        if (field.nullable) doc[name] = null;
      } else if (inner === null) {
        if (field.nullable) doc[name] = null;
      } else doc[name] = copy(inner, path, issues);
    }
    return issues.length > 0 ? { ok: false, issues } : { ok: true, value: doc };
  }

  #storedParse(name: string): Parse {
    let parse = this.#storedField.get(name);
    if (parse === undefined) {
      parse = parserOf(withoutDefault(storedSide(shapeOf(this.#object, name))));
      this.#storedField.set(name, parse);
    }
    return parse;
  }

  /** Unknown fields, and keys that would get lost inside known ones. */
  #unacceptedKeys(data: Readonly<Record<string, unknown>>): readonly ValidationIssue[] | null {
    if (typeof data !== "object" || data === null) return null;
    let issues: ValidationIssue[] | null = null;
    for (const key in data) {
      if (this.#fields.has(key) || !Object.hasOwn(data, key)) continue;
      issues ??= [];
      issues.push(this.#unknownField(key));
    }
    if (this.#lossy.size === 0) return issues;
    const lost: ValidationIssue[] = [];
    for (const [name, search] of this.#lossy) search(data[name], [name], lost);
    return lost.length === 0 ? issues : [...(issues ?? []), ...lost];
  }

  #unknownField(name: string): ValidationIssue {
    const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
    const message = `unknown field \`${shown}\`; ${suggestion(shown, this.#fields.keys())}`;
    return { path: [name], message, code: "unknown_field" };
  }
}

/** Generated values that a refinement of the whole object may look at before they exist. An increment key has none. */
function isStandIn(field: FieldMeta): boolean {
  return field.default?.kind === "generated" && (field.default.by === "now" || field.default.by === "version");
}

function withStandIns(data: Readonly<Record<string, unknown>>, absent: readonly FieldMeta[]): Record<string, unknown> {
  const now = new Date();
  const out: Record<string, unknown> = { ...data };
  for (const field of absent) out[field.name] = field.role === "version" ? 1 : now;
  return out;
}

function shapeOf(object: z.ZodObject, name: string): AnyZod {
  return (object.shape as Record<string, AnyZod>)[name] as AnyZod;
}

/** Generated fields and nullable ones may be absent. Unknown keys are looked for beforehand, so they need no catchall. */
function createVariant(model: ModelMeta, object: z.ZodObject): AnyZod {
  const shape: Record<string, AnyZod> = {};
  for (const field of model.fields) {
    const schema = shapeOf(object, field.name);
    if (field.default?.kind === "generated") shape[field.name] = z.optional(withoutDefault(schema));
    else if (field.nullable && schema._zod.optin === undefined) shape[field.name] = z.optional(schema);
    else shape[field.name] = schema;
  }
  return withDef(object, { shape, catchall: undefined as never });
}

function storedVariant(model: ModelMeta, object: z.ZodObject): AnyZod {
  const shape: Record<string, AnyZod> = {};
  for (const field of model.fields) {
    const schema = withoutDefault(storedSide(shapeOf(object, field.name)));
    shape[field.name] = field.nullable || field.optional ? z.nullish(schema) : schema;
  }
  return withDef(object, { shape, catchall: undefined as never });
}

/** Pipes reduced to their last step: a stored value has been through them. */
function storedSide(schema: AnyZod): AnyZod {
  return z.output(schema);
}

/** Without the defaults around it, so that undefined is not silently replaced. Defaults deeper inside stay. */
function withoutDefault(schema: AnyZod): AnyZod {
  const def = defOf(schema);
  if (def.type === "default" || def.type === "prefault" || def.type === "catch") {
    return withoutDefault(def.innerType as AnyZod);
  }
  const wraps =
    def.type === "optional" || def.type === "nullable" || def.type === "readonly" || def.type === "nonoptional";
  if (!wraps) return schema;
  const inner = withoutDefault(def.innerType as AnyZod);
  return inner === def.innerType ? schema : withDef(schema, { innerType: inner });
}

function hasAnyCheck(schema: AnyZod): boolean {
  const def = defOf(schema);
  if ((def.checks ?? []).length > 0 || (def.check !== undefined && def.type !== "custom")) return true;
  return def.innerType !== undefined && hasAnyCheck(def.innerType);
}

function under(name: string, issue: ValidationIssue): ValidationIssue {
  return { ...issue, path: [name, ...issue.path] };
}

function parserOf(schema: AnyZod): Parse {
  const jitless = (z.config() as { jitless?: boolean | undefined }).jitless === true;
  const fast: AnyZod & Partial<Pick<z.ZodType, "safeParse">> = jitless ? schema : z.compile(schema);
  return (value) => {
    try {
      // The method of a compiled schema makes fewer objects than the function.
      const result = fast.safeParse === undefined ? z.safeParse(fast, value) : fast.safeParse(value);
      return result.success
        ? { ok: true, value: result.data }
        : { ok: false, issues: toIssues(result.error.issues, (path) => propertiesAt(schema, path)) };
    } catch (error) {
      return { ok: false, issues: [thrown(error)] };
    }
  };
}

/** The properties of the object schema at a path of a value; null where no single object is declared. */
function propertiesAt(schema: AnyZod, path: readonly PropertyKey[]): readonly string[] | null {
  let at: AnyZod | undefined = schema;
  for (const step of [...path, null]) {
    while (at !== undefined && defOf(at).shape === undefined) {
      const { innerType, element, valueType, out }: ReturnType<typeof defOf> = defOf(at);
      if (element !== undefined || valueType !== undefined) break;
      at = innerType ?? out;
    }
    if (at === undefined) return null;
    const { shape, element, valueType } = defOf(at);
    if (step === null) return shape === undefined ? null : Object.keys(shape);
    if (shape === undefined) at = element ?? valueType;
    else at = typeof step === "string" && Object.hasOwn(shape, step) ? shape[step] : undefined;
  }
  return null;
}

/** A check that throws, waits, or runs out of stack is a refusal, not a crash. */
function thrown(error: unknown): ValidationIssue {
  if (error instanceof z.core.$ZodAsyncError) {
    const message = "a refinement or transform is async, but writes are checked synchronously";
    return { path: [], message, code: "async" };
  }
  if (error instanceof RangeError) return { path: [], message: "nested too deeply", code: "too_deep" };
  const message = error instanceof Error ? error.message : String(error);
  return { path: [], message: `a check of the model threw: ${message}`, code: "check_threw" };
}
