/**
 * The value of a field in update data: a plain value, or one operator object.
 *   { $set: v } | { $inc: n } | { $mul: n } | { $push: v | [v…] } | { $pull: v | [v…] } | { $unset: true } | { $patch: { property: value-or-operator } }
 * An object whose keys all begin with `$` is an operator object; a JSON value of that look is written with `$set`.
 */
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import type { FieldType, Json } from "../schema/model.js";
import type { Change } from "./ir.js";
import { describeValue, normalizeValue } from "./parse-data-value.js";

type Steps = readonly (string | number)[];
type Fail = (path: Steps, message: string, code: string) => void;

/** What can be changed: a field, or a property of a nested object. */
export interface Changeable {
  readonly path: readonly string[];
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly optional: boolean;
}

export interface ParsedChange {
  /** A whole new value (at the top: to be validated by the model's own schema). */
  readonly set: { readonly value: unknown } | null;
  readonly changes: readonly Change[];
}

const NOTHING: ParsedChange = { set: null, changes: [] };
const OPERATORS = ["$set", "$unset", "$inc", "$mul", "$push", "$pull", "$patch"] as const;
type Operator = (typeof OPERATORS)[number];

/** Whether a value is meant as operators: a plain object with `$` keys only. */
export function isOperatorObject(value: unknown): value is Record<string, unknown> {
  if (!isPlainObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key.startsWith("$"));
}

export function parseChange(target: Changeable, value: unknown, at: Steps, fail: Fail): ParsedChange {
  if (!isOperatorObject(value)) return { set: { value }, changes: [] };
  const given = Object.keys(value).filter((key) => value[key] !== undefined);
  const operator = given[0];
  if (operator === undefined) return NOTHING;
  if (given.length > 1) {
    fail(at, `one operator at a time, not ${given.join(" and ")}`, "invalid_operator");
    return NOTHING;
  }
  if (!isOperator(operator)) {
    fail([...at, operator], `unknown operator "${operator}"; ${suggestion(operator, OPERATORS)}`, "unknown_operator");
    return NOTHING;
  }
  return HANDLERS[operator](target, value[operator], [...at, operator], fail);
}

function isOperator(name: string): name is Operator {
  return (OPERATORS as readonly string[]).includes(name);
}

type Handler = (target: Changeable, operand: unknown, at: Steps, fail: Fail) => ParsedChange;

const HANDLERS: { readonly [K in Operator]: Handler } = {
  $set: (_, operand) => ({ set: { value: operand }, changes: [] }),
  $unset: (target, operand, at, fail) => {
    if (operand !== true) return refuse(fail, at, `$unset takes true, received ${describeValue(operand)}`);
    if (target.optional && !target.nullable) return one(target, "unset", null);
    if (target.nullable) return one(target, "set", null);
    return refuse(fail, at, "cannot be unset: it is required", "required");
  },
  $inc: (target, operand, at, fail) => arithmetic("inc", target, operand, at, fail),
  $mul: (target, operand, at, fail) => arithmetic("mul", target, operand, at, fail),
  $push: (target, operand, at, fail) => list("push", target, operand, at, fail),
  $pull: (target, operand, at, fail) => list("pull", target, operand, at, fail),
  $patch: (target, operand, at, fail) => {
    if (target.type.kind !== "object" && target.type.kind !== "record")
      return refuse(fail, at, `$patch is for objects; this is ${target.type.kind}`, "invalid_operator");
    if (!isPlainObject(operand)) return refuse(fail, at, `$patch takes an object, received ${describeValue(operand)}`);
    const changes: Change[] = [];
    for (const key of Object.keys(operand)) {
      if (operand[key] === undefined) continue;
      const property = propertyOf(target, key);
      if (property === null) {
        const known = target.type.kind === "object" ? target.type.properties.map((p) => p.name) : [];
        fail([...at, key], `unknown property "${key}"; ${suggestion(key, known)}`, "unknown_field");
        continue;
      }
      changes.push(...patchProperty(property, operand[key], [...at, key], fail));
    }
    return { set: null, changes };
  },
};

function patchProperty(property: Changeable, value: unknown, at: Steps, fail: Fail): readonly Change[] {
  const parsed = parseChange(property, value, at, fail);
  if (parsed.set === null) return parsed.changes;
  const normalized = normalizeValue(property.type, property.nullable, parsed.set.value, at, (path, message) =>
    fail(path, message, "invalid_type"),
  );
  return [{ path: property.path, op: "set", value: normalized }];
}

function propertyOf(target: Changeable, key: string): Changeable | null {
  const path = [...target.path, key];
  if (target.type.kind === "record")
    return { path, type: target.type.value, nullable: target.type.nullableValue, optional: true };
  if (target.type.kind !== "object") return null;
  const property = target.type.properties.find((candidate) => candidate.name === key);
  if (property !== undefined)
    return { path, type: property.type, nullable: property.nullable, optional: property.optional };
  return target.type.unknownKeys === "passthrough"
    ? { path, type: { kind: "json" }, nullable: true, optional: true }
    : null;
}

const NUMERIC = new Set<FieldType["kind"]>(["int", "float", "bigint"]);

function arithmetic(op: "inc" | "mul", target: Changeable, operand: unknown, at: Steps, fail: Fail): ParsedChange {
  if (!NUMERIC.has(target.type.kind))
    return refuse(fail, at, `$${op} is for numbers; this is ${target.type.kind}`, "invalid_operator");
  return checked(target.type, operand, at, fail, (value) => one(target, op, value));
}

function list(op: "push" | "pull", target: Changeable, operand: unknown, at: Steps, fail: Fail): ParsedChange {
  const type = target.type;
  if (type.kind !== "array") return refuse(fail, at, `$${op} is for lists; this is ${type.kind}`, "invalid_operator");
  const many = Array.isArray(operand);
  return checked(type, many ? operand : [operand], at, fail, (value) => one(target, op, value), many ? 0 : 1);
}

/** Runs `then` with the normalized operand, unless it does not fit. `hidden`: trailing steps of paths that the user did not write. */
function checked(
  type: FieldType,
  operand: unknown,
  at: Steps,
  fail: Fail,
  then: (value: Json) => ParsedChange,
  hidden = 0,
): ParsedChange {
  let fits = true;
  const value = normalizeValue(type, false, operand, [], (path, message) => {
    fits = false;
    fail([...at, ...path.slice(hidden)], message, "invalid_type");
  });
  return fits ? then(value) : NOTHING;
}

function one(target: Changeable, op: Change["op"], value: Json): ParsedChange {
  return { set: null, changes: [{ path: target.path, op, value }] };
}

function refuse(fail: Fail, at: Steps, message: string, code = "invalid_type"): ParsedChange {
  fail(at, message, code);
  return NOTHING;
}
