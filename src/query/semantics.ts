/**
 * The one definition of what values mean to a query: null, equality, order, and how a path is read.
 *
 * - null and missing (undefined) are one value, also for the keys of nested objects.
 * - Equality is deep: Dates by millisecond, bytes by content, arrays by element, objects regardless of key order.
 *   -0 equals 0. A number never equals a bigint.
 * - The total order, for sorting and for min/max: null < boolean < number < bigint < string < Date < bytes < array < object.
 *   `compareValues(a, b) === 0` exactly when `equalValues(a, b)`.
 * - The order operators (gt, gte, lt, lte) hold only between two scalars of one type, never for null, arrays and objects.
 * - Strings compare by code point.
 * - Only plain objects are walked by name, and only by their own properties.
 */
import type { Json, Path } from "../schema/model.js";
import type { CompareOp } from "./ir.js";

/** A value as it may come out of a document: undefined is a missing one. */
export type Value = Json | undefined;

type JsonObject = { readonly [key: string]: Json | undefined };

export function isNullish(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** Whether the value can be walked by name: an object that is no array, Date or bytes. */
export function isObjectValue(value: Value): value is { readonly [key: string]: Json } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

/** One step by name; null when there is nothing of its own under the name. */
export function readStep(value: Value, step: string): Json {
  if (!isObjectValue(value) || !Object.hasOwn(value, step)) return null;
  return value[step] ?? null;
}

/** The value at `path`, null when missing. The empty path is the value itself. Arrays are not walked. */
export function readPath(value: Value, path: Path): Json {
  let current: Value = value;
  for (const step of path) {
    current = readStep(current, step);
    if (current === null) return null;
  }
  return current ?? null;
}

/** Position of the value's type in the total order. */
export function rankOf(value: Value): number {
  switch (typeof value) {
    case "boolean":
      return 1;
    case "number":
      return 2;
    case "bigint":
      return 3;
    case "string":
      return 4;
    default:
      if (value === null || value === undefined) return 0;
      if (value instanceof Date) return 5;
      if (value instanceof Uint8Array) return 6;
      return Array.isArray(value) ? 7 : 8;
  }
}

/** Above every scalar rank: arrays and objects. */
const FIRST_COMPOSITE_RANK = 7;

/** Moves surrogates above U+E000-U+FFFF, so that UTF-16 units compare as the code points they stand for. */
function unitWeight(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** By code point. A lone surrogate takes the place of the pairs that begin (or end) with it. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return unitWeight(x) - unitWeight(y);
  }
  return a.length - b.length;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Names of the keys that hold something, by code point. */
function liveKeys(value: JsonObject): string[] {
  return Object.keys(value)
    .filter((key) => !isNullish(value[key]))
    .sort(compareStrings);
}

export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (isNullish(a)) return isNullish(b);
  if (typeof a !== "object" || typeof b !== "object" || b === null) return false;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!equalValues(a[index], b[index])) return false;
    return true;
  }
  if (!isObjectValue(a) || !isObjectValue(b)) return false;
  let live = 0;
  for (const key of Object.keys(a)) {
    const value = a[key];
    if (isNullish(value)) continue;
    if (!Object.hasOwn(b, key) || !equalValues(value, b[key])) return false;
    live++;
  }
  for (const key of Object.keys(b)) if (!isNullish(b[key])) live--;
  return live === 0;
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareValues(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Objects compare as the lists of their (key, value) pairs, sorted by key. */
function compareObjects(a: JsonObject, b: JsonObject): number {
  const aKeys = liveKeys(a);
  const bKeys = liveKeys(b);
  const length = Math.min(aKeys.length, bKeys.length);
  for (let index = 0; index < length; index++) {
    const order = compareStrings(aKeys[index]!, bKeys[index]!) || compareValues(a[aKeys[index]!], b[bKeys[index]!]);
    if (order !== 0) return order;
  }
  return aKeys.length - bKeys.length;
}

/** The total order: negative when `a` comes first, zero exactly for equal values. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0 || rank === 0) return difference;
  if (typeof a === "bigint" || typeof a === "boolean") return a < (b as typeof a) ? -1 : 1;
  if (a instanceof Date) return a.getTime() - (b as Date).getTime();
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array);
  if (Array.isArray(a)) return compareArrays(a, b as readonly Value[]);
  return compareObjects(a as JsonObject, b as JsonObject);
}

/** Whether an order operator may hold between the two: scalars of one type, neither null. */
function comparable(a: Value, b: Value): boolean {
  const rank = rankOf(a);
  return rank !== 0 && rank < FIRST_COMPOSITE_RANK && rank === rankOf(b);
}

/** What each comparison operator means. */
export const COMPARISONS: { readonly [Op in CompareOp]: (a: Value, b: Value) => boolean } = {
  eq: equalValues,
  ne: (a, b) => !equalValues(a, b),
  gt: (a, b) => comparable(a, b) && compareValues(a, b) > 0,
  gte: (a, b) => comparable(a, b) && compareValues(a, b) >= 0,
  lt: (a, b) => comparable(a, b) && compareValues(a, b) < 0,
  lte: (a, b) => comparable(a, b) && compareValues(a, b) <= 0,
};

/** Orders two values for sorting: nulls at the end that `nulls` says, whatever the direction. */
export function compareForOrder(a: Value, b: Value, direction: "asc" | "desc", nulls: "first" | "last"): number {
  const aNull = isNullish(a);
  const bNull = isNullish(b);
  if (aNull || bNull) {
    if (aNull && bNull) return 0;
    return aNull === (nulls === "first") ? -1 : 1;
  }
  const order = compareValues(a, b);
  return direction === "asc" ? order : 0 - order;
}
