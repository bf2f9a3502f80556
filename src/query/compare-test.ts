/**
 * Tests of one value, specialised once per query by the type of the operand. What they mean is `semantics.ts`; this
 * only makes the common cases fast.
 */
import type { Json } from "../schema/model.js";
import type { CompareOp } from "./ir.js";
import { COMPARISONS, compareBytes, compareStrings, equalValues, isNullish, type Value } from "./semantics.js";

export type ValueTest = (value: Value) => boolean;
type OrderOp = Exclude<CompareOp, "eq" | "ne">;

/** Values for which `===` is equality. */
function isIdentityType(value: Json): value is string | number | bigint | boolean {
  return value !== null && typeof value !== "object";
}

export function equalTest(operand: Json): ValueTest {
  if (operand === null) return isNullish;
  if (isIdentityType(operand)) return (value) => value === operand;
  if (operand instanceof Date) {
    const time = operand.getTime();
    return (value) => value instanceof Date && value.getTime() === time;
  }
  return (value) => equalValues(value, operand);
}

const NUMBER_TESTS: { readonly [Op in OrderOp]: (operand: number) => ValueTest } = {
  gt: (operand) => (value) => typeof value === "number" && value > operand,
  gte: (operand) => (value) => typeof value === "number" && value >= operand,
  lt: (operand) => (value) => typeof value === "number" && value < operand,
  lte: (operand) => (value) => typeof value === "number" && value <= operand,
};

const BIGINT_TESTS: { readonly [Op in OrderOp]: (operand: bigint) => ValueTest } = {
  gt: (operand) => (value) => typeof value === "bigint" && value > operand,
  gte: (operand) => (value) => typeof value === "bigint" && value >= operand,
  lt: (operand) => (value) => typeof value === "bigint" && value < operand,
  lte: (operand) => (value) => typeof value === "bigint" && value <= operand,
};

/** Whether the sign of a comparison satisfies the operator. */
const SIGN: { readonly [Op in OrderOp]: (order: number) => boolean } = {
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

function orderTest(op: OrderOp, operand: Json): ValueTest {
  const holds = SIGN[op];
  switch (typeof operand) {
    case "number":
      return NUMBER_TESTS[op](operand);
    case "bigint":
      return BIGINT_TESTS[op](operand);
    case "string":
      return (value) => typeof value === "string" && holds(compareStrings(value, operand));
  }
  if (operand instanceof Date) {
    const time = operand.getTime();
    return (value) => value instanceof Date && holds(value.getTime() - time);
  }
  if (operand instanceof Uint8Array) {
    return (value) => value instanceof Uint8Array && holds(compareBytes(value, operand));
  }
  const test = COMPARISONS[op];
  return (value) => test(value, operand);
}

/** The test of `value op operand`. */
export function compareTest(op: CompareOp, operand: Json): ValueTest {
  if (op !== "eq" && op !== "ne") return orderTest(op, operand);
  const equal = equalTest(operand);
  if (op === "eq") return equal;
  if (isIdentityType(operand)) return (value) => value !== operand;
  return (value) => !equal(value);
}

/** The test of "equals one of the values": one look-up for scalars, however many there are. */
export function inTest(operands: readonly Json[]): ValueTest {
  if (operands.length === 1) return equalTest(operands[0]!);
  const identities = new Set<Value>();
  const times = new Set<number>();
  const others: Json[] = [];
  for (const operand of operands) {
    if (operand === null) identities.add(null).add(undefined);
    else if (isIdentityType(operand)) identities.add(operand);
    else if (operand instanceof Date) times.add(operand.getTime());
    else others.push(operand);
  }
  if (times.size === 0 && others.length === 0) return (value) => identities.has(value);
  return (value) => {
    if (typeof value !== "object" || value === null) return identities.has(value);
    if (value instanceof Date) return times.has(value.getTime());
    return others.some((operand) => equalValues(value, operand));
  };
}
