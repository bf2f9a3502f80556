/**
 * What the changes of an update do to one document; engines and the reference share it.
 *
 * A change at a nested path makes the objects on the way that are null or missing. Numbers must fit the field: an int
 * stays an exact integer, a float finite. The result is normalised: null for nullable fields, absent for optional ones.
 */
import { deepFreeze } from "../base/assert.js";
import { QueryError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import type { Doc, FieldType, Json, ModelMeta } from "../schema/model.js";
import { ownValue, putField, putOwn } from "./document.js";
import type { Change } from "./ir.js";
import { membersOf } from "./members.js";
import { equalValues, isNullish, isObjectValue, type Value } from "./semantics.js";
import { placeAt } from "./type-at.js";
import { showName, showValue } from "./violations.js";

/** Gives the new value at the path from the old one; undefined: remove it. */
type Transform = (old: Value) => Value;

function invalid(model: ModelMeta, change: Change, problem: string, fix: string): QueryError {
  const path = change.path.join(".");
  return new QueryError("QUERY.INVALID_VALUE", `${model.name}.${path}: $${change.op} ${problem}`, {
    fix,
    meta: { model: model.name, field: change.path[0], path, op: change.op },
  });
}

function listOperand(model: ModelMeta, change: Change): readonly Json[] {
  if (Array.isArray(change.value)) return change.value as readonly Json[];
  throw invalid(model, change, `needs a list, not ${showValue(change.value)}`, "pass an array of values");
}

function listAt(model: ModelMeta, change: Change, old: Value): readonly Json[] {
  if (Array.isArray(old)) return old as readonly Json[];
  throw invalid(
    model,
    change,
    `needs a list in the record; it holds ${showValue(old)}`,
    "set the field to a list first",
  );
}

/** Checks that a computed number can be stored. */
function fitting(model: ModelMeta, change: Change, type: FieldType | null, result: number): number {
  if (type?.kind === "int" && !Number.isSafeInteger(result)) {
    throw invalid(
      model,
      change,
      `gives ${result}, which is no exact integer`,
      "int fields hold whole numbers up to 9007199254740991; use a bigint or float field",
    );
  }
  if (!Number.isFinite(result)) {
    throw invalid(model, change, `gives ${result}`, "the result must be a finite number");
  }
  return result === 0 ? 0 : result;
}

function arithmetic(model: ModelMeta, change: Change): Transform {
  const operand = change.value;
  const type = placeAt(model, change.path)?.type ?? null;
  const add = change.op === "inc";
  if (typeof operand !== "number" && typeof operand !== "bigint") {
    throw invalid(
      model,
      change,
      `needs a number, not ${showValue(operand)}`,
      "pass a number (a bigint for bigint fields)",
    );
  }
  return (value) => {
    const old = isNullish(value) ? (typeof operand === "bigint" ? 0n : 0) : value;
    if (typeof old === "number" && typeof operand === "number") {
      return fitting(model, change, type, add ? old + operand : old * operand);
    }
    if (typeof old === "bigint" && typeof operand === "bigint") return add ? old + operand : old * operand;
    const fix = typeof old === "bigint" ? "pass a bigint" : "only numbers can be computed with";
    throw invalid(model, change, `by a ${typeof operand} cannot change ${showValue(old)}`, fix);
  };
}

const TRANSFORMS: { readonly [Op in Change["op"]]: (model: ModelMeta, change: Change) => Transform } = {
  set: (_model, change) => {
    const value = deepFreeze(change.value);
    return () => value;
  },
  unset: () => () => undefined,
  inc: arithmetic,
  mul: arithmetic,
  push: (model, change) => {
    const added = deepFreeze(listOperand(model, change));
    return (old) => Object.freeze(isNullish(old) ? [...added] : [...listAt(model, change, old), ...added]);
  },
  pull: (model, change) => {
    const removed = listOperand(model, change);
    return (old) => {
      if (isNullish(old)) return old;
      const kept = listAt(model, change, old).filter((value) => !removed.some((other) => equalValues(value, other)));
      return Object.freeze(kept);
    };
  },
};

/** `transform` applied at `path` inside the value, which is copied on the way. */
function transformAt(model: ModelMeta, change: Change, depth: number, value: Value, transform: Transform): Value {
  const step = change.path[depth];
  if (step === undefined) return transform(value);
  if (!isNullish(value) && !isObjectValue(value)) {
    const where = change.path.slice(0, depth).join(".");
    throw invalid(model, change, `leads through ${where}, which holds ${showValue(value)}`, `set ${where} as a whole`);
  }
  const old = isNullish(value) ? undefined : value;
  const result = transformAt(model, change, depth + 1, old && ownValue(old, step), transform);
  if (isNullish(old) && result === undefined) return value;
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(old ?? {})) {
    if (key !== step) putOwn(copy, key, old![key]!);
    else if (result !== undefined) putOwn(copy, key, result);
  }
  if (result !== undefined && !Object.hasOwn(copy, step)) putOwn(copy, step, result);
  return Object.freeze(copy);
}

/** Refuses changes that no document of the model can take. */
function checkTarget(model: ModelMeta, change: Change): void {
  const [name] = change.path;
  const member = membersOf(model).get(name ?? "");
  if (name === undefined || member?.kind !== "field") {
    const fields = model.fields.map((field) => field.name);
    throw new QueryError("QUERY.UNKNOWN_FIELD", `${model.name} has no field ${showName(name ?? "")} to change`, {
      fix: suggestion(name ?? "", fields),
      meta: { model: model.name, field: name },
    });
  }
  if (model.key.includes(name)) {
    throw invalid(model, change, "cannot change a key", "keys never change: delete the record and create another");
  }
  const { nullable, optional } = member.field;
  const removes = change.op === "unset" || (change.op === "set" && change.value === null);
  if (change.path.length === 1 && removes && !nullable && !optional) {
    throw invalid(
      model,
      change,
      "cannot empty a required field",
      "declare the field nullable or optional, or set a value",
    );
  }
}

/** The changes as a function of a document, checked against the model once. Throws QueryError. */
export function compileChanges(model: ModelMeta, changes: readonly Change[]): (doc: Doc) => Doc {
  const steps = changes.map((change) => {
    checkTarget(model, change);
    return { change, name: change.path[0]!, transform: TRANSFORMS[change.op](model, change) };
  });
  return (doc) => {
    const values = new Map<string, Value>();
    for (const { change, name, transform } of steps) {
      const old = values.has(name) ? values.get(name) : ownValue(doc, name);
      values.set(name, transformAt(model, change, 1, old, transform));
    }
    const result: Record<string, Json> = {};
    for (const field of model.fields) {
      putField(result, field, values.has(field.name) ? values.get(field.name) : ownValue(doc, field.name));
    }
    return Object.freeze(result);
  };
}

/** The document after the changes, in order; frozen. Throws QueryError when a change does not fit. */
export function applyChanges(model: ModelMeta, doc: Doc, changes: readonly Change[]): Doc {
  return compileChanges(model, changes)(doc);
}
