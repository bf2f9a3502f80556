/** Which conjuncts of a filter a key sequence could answer: equality, bounds, or a common beginning of one column. */
import type { Filter } from "../../query/ir.js";
import { isNullish, rankOf } from "../../query/semantics.js";
import type { Json } from "../../schema/model.js";
import type { Bounds } from "../../storage/key.js";
import { pathName } from "./indexes.js";

export type Constraint = { readonly filter: Filter; readonly column: string } & (
  | { readonly kind: "equal"; readonly values: readonly Json[] }
  | { readonly kind: "bound"; readonly side: keyof Bounds; readonly value: Json }
  | { readonly kind: "startsWith"; readonly text: string }
);

/** Arrays and objects are compared by rules that keys do not follow exactly (nulls inside), NaN equals nothing. */
export function isExact(value: Json): boolean {
  return rankOf(value) < 7 && !(typeof value === "number" && Number.isNaN(value));
}

export function constraintOf(filter: Filter): Constraint | null {
  if (filter.kind === "compare") {
    const { op, value } = filter;
    if (op === "ne" || !isExact(value)) return null;
    if (op === "eq") return { filter, column: pathName(filter.path), kind: "equal", values: [value] };
    return isNullish(value) ? null : { filter, column: pathName(filter.path), kind: "bound", side: op, value };
  }
  if (filter.kind === "in") {
    return filter.values.every(isExact)
      ? { filter, column: pathName(filter.path), kind: "equal", values: filter.values }
      : null;
  }
  if (filter.kind === "text" && filter.op === "startsWith") {
    return { filter, column: pathName(filter.path), kind: "startsWith", text: filter.value };
  }
  return null;
}
