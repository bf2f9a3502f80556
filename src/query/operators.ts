/**
 * The filter operators of a field: to which types each applies, and the Filter it stands for. Untyped places (json) and
 * unions take an operator when any of their possible types does.
 */
import { suggestion } from "../base/suggest.js";
import { TYPE_TRAITS } from "../schema/field-types.js";
import type { FieldType, Json, Path } from "../schema/model.js";
import type { CompareOp, Filter, Quantifier, TextOp } from "./ir.js";
import { parseOperand } from "./operand.js";
import type { ParseScope } from "./parse-scope.js";
import { JSON_TYPE } from "./type-at.js";
import { isTrue, TRUE } from "./visit.js";

/** Parses any condition on a value: `parse-where.ts` passes it in, because conditions nest. */
export type ParseCondition = (scope: ParseScope, path: Path, type: FieldType, value: unknown) => Filter;

interface Operator {
  readonly applies: (type: FieldType) => boolean;
  readonly parse: (scope: ParseScope, path: Path, type: FieldType, operand: unknown, nested: ParseCondition) => Filter;
}

/** Whether the type, or one that a value of it may have, satisfies the test. */
function may(test: (type: FieldType) => boolean): (type: FieldType) => boolean {
  const applies = (type: FieldType): boolean =>
    type.kind === "json" || (type.kind === "union" ? type.options.some(applies) : test(type));
  return applies;
}

const always = () => true;
const isComparable = may((type) => TYPE_TRAITS[type.kind].comparable);
const isText = may((type) => type.kind === "string");
const isList = may((type) => type.kind === "array" || type.kind === "tuple");

function unionOf(types: readonly FieldType[]): FieldType {
  if (types.length === 1) return types[0]!;
  return types.length === 0 ? JSON_TYPE : { kind: "union", options: types, discriminator: null };
}

/** The type of an element of a list of this type. */
function elementType(type: FieldType): FieldType {
  switch (type.kind) {
    case "array":
      return type.element;
    case "tuple":
      return unionOf(type.rest === null ? type.items : [...type.items, type.rest]);
    case "union":
      return unionOf(type.options.filter(isList).map(elementType));
    default:
      return JSON_TYPE;
  }
}

/** The type to check text against: a union of a string and a list takes text as a string. */
function textOperand(scope: ParseScope, operand: unknown): string {
  if (typeof operand === "string") return operand;
  throw scope.wrongValue("a string", operand);
}

function equality(op: "eq" | "ne"): Operator {
  return {
    applies: always,
    parse: (scope, path, type, operand) => ({ kind: "compare", path, op, value: parseOperand(scope, type, operand) }),
  };
}

function ordering(op: Exclude<CompareOp, "eq" | "ne">): Operator {
  return {
    applies: isComparable,
    parse: (scope, path, type, operand) => {
      const value = operand === null ? null : parseOperand(scope, type, operand);
      const scalar =
        value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array;
      if (value === null || !scalar) {
        throw scope.wrongValue(
          "a value that can be ordered",
          operand,
          "null and lists have no order; use $exists or $eq",
        );
      }
      return { kind: "compare", path, op, value };
    },
  };
}

function text(op: TextOp): Operator {
  return {
    applies: isText,
    parse: (scope, path, _type, operand) => ({ kind: "text", path, op, value: textOperand(scope, operand) }),
  };
}

/** $contains: of a string, a part of it; of a list, an element equal to the operand; where both may be, either. */
const contains: Operator = {
  applies: (type) => isText(type) || isList(type),
  parse: (scope, path, type, operand) => {
    const part = (): Filter => ({ kind: "text", path, op: "contains", value: textOperand(scope, operand) });
    const element = (): Filter => ({
      kind: "element",
      path,
      quantifier: "some",
      filter: { kind: "compare", path: [], op: "eq", value: parseOperand(scope, elementType(type), operand) },
    });
    if (!isList(type)) return part();
    if (!isText(type) || typeof operand !== "string") return element();
    return { kind: "or", filters: [part(), element()] };
  },
};

function membership(scope: ParseScope, type: FieldType, operand: unknown): readonly Json[] {
  if (!Array.isArray(operand)) throw scope.wrongValue("an array of values", operand);
  return scope.each(operand as readonly unknown[], (value) => parseOperand(scope, type, value));
}

function quantified(quantifier: Quantifier): Operator {
  return {
    applies: isList,
    parse: (scope, path, type, operand, nested) => ({
      kind: "element",
      path,
      quantifier,
      filter: isEmptyObject(operand) ? TRUE : nested(scope, [], elementType(type), operand),
    }),
  };
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isBare(value);
}

function isBare(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}

/** Flags that change nothing about whether a string matches. */
const IDLE_FLAGS = /[dg]/g;

function parseRegex(scope: ParseScope, path: Path, operand: unknown): Filter {
  if (typeof operand !== "string" && !(operand instanceof RegExp)) {
    throw scope.wrongValue("a pattern (a string or a RegExp)", operand);
  }
  const source = typeof operand === "string" ? operand : operand.source;
  const flags = typeof operand === "string" ? "" : operand.flags.replace(IDLE_FLAGS, "");
  const refused = flags.replace(/[imsu]/g, "");
  if (refused !== "") {
    throw scope.fail("QUERY.INVALID_VALUE", `has the flag "${refused}"`, "use only the flags i, m, s and u");
  }
  try {
    new RegExp(source, flags);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : "is no valid pattern";
    throw scope.fail(
      "QUERY.INVALID_VALUE",
      `is no valid pattern: ${problem}`,
      "correct the pattern, or use $contains for plain text",
    );
  }
  return { kind: "regex", path, source, flags };
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["$eq", equality("eq")],
  ["$ne", equality("ne")],
  ["$gt", ordering("gt")],
  ["$gte", ordering("gte")],
  ["$lt", ordering("lt")],
  ["$lte", ordering("lte")],
  [
    "$in",
    {
      applies: always,
      parse: (scope, path, type, operand) => ({ kind: "in", path, values: membership(scope, type, operand) }),
    },
  ],
  [
    "$nin",
    {
      applies: always,
      parse: (scope, path, type, operand) => ({
        kind: "not",
        filter: { kind: "in", path, values: membership(scope, type, operand) },
      }),
    },
  ],
  [
    "$exists",
    {
      applies: always,
      parse: (scope, path, _type, operand) => {
        if (typeof operand !== "boolean") throw scope.wrongValue("true or false", operand);
        return { kind: "compare", path, op: operand ? "ne" : "eq", value: null };
      },
    },
  ],
  [
    "$not",
    {
      applies: always,
      parse: (scope, path, type, operand, nested) => ({ kind: "not", filter: nested(scope, path, type, operand) }),
    },
  ],
  ["$contains", contains],
  ["$startsWith", text("startsWith")],
  ["$endsWith", text("endsWith")],
  ["$regex", { applies: isText, parse: (scope, path, _type, operand) => parseRegex(scope, path, operand) }],
  ["$some", quantified("some")],
  ["$every", quantified("every")],
  ["$none", quantified("none")],
]);

/** Names of the operators that a field of the type takes. */
export function operatorsOf(type: FieldType): readonly string[] {
  return [...OPERATORS].flatMap(([name, operator]) => (operator.applies(type) ? [name] : []));
}

/** One operator of a condition. The scope stands at the operator. */
export function parseOperator(
  scope: ParseScope,
  path: Path,
  type: FieldType,
  name: string,
  operand: unknown,
  nested: ParseCondition,
): Filter {
  const operator = OPERATORS.get(name);
  if (operator === undefined || !operator.applies(type)) {
    const problem = operator === undefined ? "is no operator" : `does not apply to a field of type ${type.kind}`;
    throw scope.fail("QUERY.UNKNOWN_OPERATOR", problem, suggestion(name, operatorsOf(type)), { operator: name });
  }
  if (operand === undefined) throw scope.undefinedValue();
  return operator.parse(scope, path, type, operand, nested);
}

/** `not`, without stacking it on a constant. */
export function negate(filter: Filter): Filter {
  return isTrue(filter) ? { kind: "or", filters: [] } : { kind: "not", filter };
}
