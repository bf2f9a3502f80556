/** The name of the partition that a value of a model's `partitionBy` field chooses. Equal values give equal names. */
import type { Json } from "../schema/model.js";

export function partitionName(value: Json | undefined): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  // -0 equals 0, and both are written "0".
  return String(value);
}
