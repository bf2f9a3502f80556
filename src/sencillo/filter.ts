/**
 * SencilloDB's filters: `{ field: literal }` by ===, objects and lists by their JSON, and the operators below, all of them
 * ANDed; then the callback. Ranges compare as JavaScript does (null counts as 0). Only a document's own fields count.
 */
import { QueryError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { suggestion } from "../base/suggest.js";
import type { Doc } from "../schema/model.js";
import type { Range } from "./columns.js";
import { indexText } from "./keys.js";
import { mayExplode } from "./regex-guard.js";

export interface Matcher {
  matches(doc: Doc): boolean;
  /** Conditions that an index can answer: the field must have a value of this text. */
  readonly equalities: readonly { readonly field: string; readonly text: string; readonly value: unknown }[];
  /** Conditions of order that are about numbers or about strings. */
  readonly ranges: readonly Range[];
  /** Whether it may take very long on some text. */
  readonly risky: boolean;
}

type Test = (value: unknown) => boolean;

export function matcherOf(filter: unknown, callback: unknown): Matcher {
  if (callback !== undefined && callback !== null && typeof callback !== "function") {
    throw new QueryError("QUERY.INVALID_VALUE", `The callback is no function but ${typeof callback}`);
  }
  const tests: { readonly field: string; readonly test: Test }[] = [];
  const equalities: { field: string; text: string; value: unknown }[] = [];
  const ranges: Range[] = [];
  let risky = false;
  if (filter !== undefined && filter !== null) {
    if (!isObject(filter)) {
      throw new QueryError("QUERY.INVALID_VALUE", "The filter is no object of fields and conditions", {
        fix: "filter: { age: { $gte: 18 } }; a function goes into `callback`",
      });
    }
    for (const [field, condition] of Object.entries(filter)) {
      const compiled = conditionOf(field, condition);
      tests.push({ field, test: compiled.test });
      risky ||= compiled.risky === true;
      for (const { operator, operand } of compiled.ranges ?? NONE) ranges.push({ field, operator, operand });
      if (compiled.equals !== undefined) {
        const text = indexText(compiled.equals.value);
        if (text !== null) equalities.push({ field, text, value: compiled.equals.value });
      }
    }
  }
  const accepts = callback as ((doc: Doc) => unknown) | null | undefined;
  return {
    equalities,
    ranges,
    risky,
    matches(doc) {
      for (let i = 0; i < tests.length; i++) {
        const { field, test } = tests[i]!;
        if (!test(Object.hasOwn(doc, field) ? doc[field] : undefined)) return false;
      }
      return accepts === undefined || accepts === null || Boolean(accepts(doc));
    },
  };
}

interface Condition {
  readonly test: Test;
  readonly equals?: { readonly value: unknown };
  readonly ranges?: readonly Omit<Range, "field">[];
  readonly risky?: boolean;
}

const NONE: readonly never[] = [];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function conditionOf(field: string, condition: unknown): Condition {
  if (condition instanceof RegExp) return OPERATORS.$regex!(condition, field);
  if (isPlainObject(condition) || (isObject(condition) && Object.keys(condition).some((name) => name[0] === "$"))) {
    const names = Object.keys(condition);
    if (names.some((name) => name.startsWith("$"))) return operatorsOf(field, condition, names);
  }
  return equality(condition);
}

function operatorsOf(field: string, condition: Record<string, unknown>, names: readonly string[]): Condition {
  const parts = names.map((name) => {
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (operator === undefined) {
      throw new QueryError("QUERY.UNKNOWN_OPERATOR", `The filter of "${field}" has "${name}", which is no operator`, {
        meta: { field, operator: name },
        fix: suggestion(name, Object.keys(OPERATORS)),
      });
    }
    return operator(condition[name], field);
  });
  if (parts.length === 1) return parts[0]!;
  const equals = parts.find((part) => part.equals !== undefined)?.equals;
  return {
    test: (value) => parts.every((part) => part.test(value)),
    risky: parts.some((part) => part.risky === true),
    ranges: parts.flatMap((part) => part.ranges ?? NONE),
    ...(equals === undefined ? {} : { equals }),
  };
}

/** === for scalars; lists and objects by their JSON, as SencilloDB compares them; a date as the text it is stored as. */
function equality(wanted: unknown): Condition {
  if (typeof wanted !== "object" || wanted === null)
    return { test: (value) => value === wanted, equals: { value: wanted } };
  if (wanted instanceof Date) {
    const text = Number.isNaN(wanted.getTime()) ? null : wanted.toISOString();
    return { test: (value) => text !== null && value === text, equals: { value: wanted } };
  }
  const json = jsonOf(wanted);
  return {
    test: (value) => typeof value === "object" && value !== null && jsonOf(value) === json,
    equals: { value: wanted },
  };
}

/** JSON with bigint and bytes as text, so that any stored value has one. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "bigint") return `${inner}n`;
    return inner instanceof Uint8Array ? `bytes:${Buffer.from(inner).toString("base64")}` : inner;
  });
}

/** A date operand is compared as the text that dates are stored as. */
function operandOf(operand: unknown): unknown {
  return operand instanceof Date && !Number.isNaN(operand.getTime()) ? operand.toISOString() : operand;
}

type Compare = (value: string, operand: string) => boolean;

/** JavaScript's own comparison; objects have no order. */
function range(operator: Range["operator"], compare: Compare): (operand: unknown) => Condition {
  return (raw) => {
    const operand = operandOf(raw);
    if (typeof operand === "object" && operand !== null) return { test: () => false };
    return {
      ranges: typeof operand === "number" || typeof operand === "string" ? [{ operator, operand }] : NONE,
      test: (value) => (typeof value !== "object" || value === null) && compare(value as string, operand as string),
    };
  };
}

function listOf(name: string, field: string, operand: unknown): Test {
  if (!Array.isArray(operand)) {
    throw new QueryError("QUERY.INVALID_VALUE", `${name} of "${field}" needs a list`, {
      meta: { field, operator: name },
      fix: `{ ${field}: { ${name}: [a, b] } }`,
    });
  }
  const scalars = new Set<unknown>();
  const others: Test[] = [];
  for (const element of operand.map(operandOf)) {
    if (typeof element === "object" && element !== null) others.push(equality(element).test);
    else scalars.add(element);
  }
  return (value) => scalars.has(value) || others.some((test) => test(value));
}

type Operator = (operand: unknown, field: string) => Condition;

const OPERATORS: { readonly [name: string]: Operator } = {
  $eq: (operand) => equality(operand),
  $ne: (operand) => {
    const { test } = equality(operand);
    return { test: (value) => !test(value) };
  },
  $gt: range("$gt", (value, operand) => value > operand),
  $gte: range("$gte", (value, operand) => value >= operand),
  $lt: range("$lt", (value, operand) => value < operand),
  $lte: range("$lte", (value, operand) => value <= operand),
  $in: (operand, field) => ({ test: listOf("$in", field, operand) }),
  $nin: (operand, field) => {
    const test = listOf("$nin", field, operand);
    return { test: (value) => !test(value) };
  },
  $regex: (operand, field) => {
    const expression = expressionOf(operand, field);
    return {
      risky: mayExplode(expression.source),
      test: (value) => {
        if (typeof value !== "string") return false;
        expression.lastIndex = 0;
        return expression.test(value);
      },
    };
  },
};

function expressionOf(operand: unknown, field: string): RegExp {
  try {
    if (operand instanceof RegExp) return new RegExp(operand.source, operand.flags);
    if (typeof operand === "string") return new RegExp(operand);
  } catch (cause) {
    throw new QueryError("QUERY.INVALID_VALUE", `$regex of "${field}" is no regular expression`, {
      cause,
      meta: { field, operator: "$regex" },
    });
  }
  throw new QueryError("QUERY.INVALID_VALUE", `$regex of "${field}" needs text or a RegExp`, {
    meta: { field, operator: "$regex" },
  });
}
