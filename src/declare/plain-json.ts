/**
 * Any value -> a plain Json value: copies deeply, drops `undefined` properties, turns -0 into 0, and refuses what cannot
 * be stored (functions, symbols, NaN, class instances, rings). The result shares nothing with the input.
 */
import { isPlainObject } from "../base/plain.js";
import type { Json } from "../schema/model.js";
import { setOwn } from "../schema/values.js";

/** Deeper values are refused: nothing that reads them later can be recursive without a limit. */
export const MAX_DEPTH = 500;

export type Refuse = (path: readonly (string | number)[], what: string) => void;

/** The plain copy, or undefined when some part cannot be stored. */
export function toJson(value: unknown): Json | undefined {
  let refused = false;
  const result = copyJson(value, [], () => {
    refused = true;
  });
  return refused ? undefined : result;
}

/** The plain copy; parts that cannot be stored are reported and become null. `path` is where `value` is. */
export function copyJson(value: unknown, path: readonly (string | number)[], refuse: Refuse): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return value;
    case "number":
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      refuse(path, `${String(value)} cannot be stored`);
      return null;
    case "object":
      return value === null ? null : copyObject(value, path, refuse);
    default:
      refuse(path, `a value of type ${typeof value} cannot be stored`);
      return null;
  }
}

function copyObject(value: object, path: readonly (string | number)[], refuse: Refuse): Json {
  if (value instanceof Date) {
    const time = value.getTime();
    if (!Number.isNaN(time)) return new Date(time);
    refuse(path, "an invalid date cannot be stored");
    return null;
  }
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (path.length > MAX_DEPTH) {
    refuse(path.slice(0, 5), `values nested deeper than ${MAX_DEPTH} levels (or in a ring) cannot be stored`);
    return null;
  }
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (let index = 0; index < value.length; index++) items.push(copyJson(value[index], [...path, index], refuse));
    return items;
  }
  if (!isPlainObject(value)) {
    const name = value.constructor?.name;
    refuse(
      path,
      `an instance of ${typeof name === "string" && name !== "" ? name : "a class"} cannot be stored; give a plain object`,
    );
    return null;
  }
  const out: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (inner !== undefined) setOwn(out, key, copyJson(inner, [...path, key], refuse));
  }
  return out;
}
