/** Small run-time checks: invariants that stay on in production, exhaustiveness, freezing. */
import { InternalError } from "./errors.js";

/** Throws InternalError when something that must hold does not. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}

/** For the default branch of a switch that covers every member of a union. */
export function assertNever(value: never): never {
  throw new InternalError(`Unexpected value: ${String(value)}`);
}

/** Freezes a plain value and all plain objects and arrays inside it; leaves Date and Uint8Array alone (they cannot be frozen usefully). */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Date || ArrayBuffer.isView(value)) return value;
  if (value instanceof Map) {
    for (const inner of value.values()) deepFreeze(inner);
    return Object.freeze(value);
  }
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
