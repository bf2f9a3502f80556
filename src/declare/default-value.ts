/**
 * Tells a constant default from a computed one. zod hides which of the two it was given, so the value is read twice, the
 * second time under a clock that is more than a year ahead: `() => new Date()`, a counter and a random id give two
 * different values, a constant gives the same one.
 */
import type { DefaultMeta, Json } from "../schema/model.js";
import { toJson } from "./plain-json.js";

/** 400 days, 1 h, 1 min, 1 s, 1 ms: no part of a date stays the same. */
const AHEAD = ((400 * 24 + 1) * 60 * 60 + 61) * 1000 + 1;

export function readDefault(read: () => unknown): DefaultMeta {
  try {
    const first = toJson(read());
    const second = toJson(underShiftedClock(read));
    if (first === undefined || second === undefined || !same(first, second)) return { kind: "computed" };
    return { kind: "value", value: first };
  } catch {
    // A function that cannot run yet (it may need what is set up later) is computed.
    return { kind: "computed" };
  }
}

function underShiftedClock(read: () => unknown): unknown {
  const Original = globalThis.Date;
  class Shifted extends Original {
    constructor(...values: unknown[]) {
      if (values.length === 0) super(Original.now() + AHEAD);
      else super(...(values as [number]));
    }
    static override now(): number {
      return Original.now() + AHEAD;
    }
  }
  globalThis.Date = Shifted as DateConstructor;
  try {
    return read();
  } finally {
    globalThis.Date = Original;
  }
}

function same(a: Json, b: Json): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
  }
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  const left = Object.entries(a);
  const right = b as { readonly [key: string]: Json };
  return (
    Array.isArray(a) === Array.isArray(b) &&
    left.length === Object.keys(b).length &&
    left.every(([key, value]) => Object.hasOwn(right, key) && same(value as Json, right[key] as Json))
  );
}
