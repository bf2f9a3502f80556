/** Order terms compiled to comparators, and the keyset cursor's test. */
import { InternalError } from "../base/errors.js";
import type { Doc, Json } from "../schema/model.js";
import { compileRead } from "./evaluate.js";
import type { OrderKey, OrderTerm } from "./ir.js";
import { compareForOrder, compareStrings, isNullish, type Value } from "./semantics.js";

export type DocComparator = (a: Doc, b: Doc) => number;
/** Reads the value of an order key that is not a path: the related row's key, or the number of related rows. */
export type OrderKeyReader = (key: Exclude<OrderKey, { kind: "path" }>) => (doc: Doc) => Value;

/** For orders of path terms only. */
export const pathsOnly: OrderKeyReader = (key) => {
  throw new InternalError(`An order by ${key.kind} of "${key.relation}" needs a reader of related rows`);
};

function reader(term: OrderTerm, other: OrderKeyReader): (doc: Doc) => Value {
  return term.key.kind === "path" ? compileRead(term.key.path) : other(term.key);
}

function compileTerm(term: OrderTerm, other: OrderKeyReader): DocComparator {
  const read = reader(term, other);
  const { direction, nulls } = term;
  const sign = direction === "asc" ? 1 : -1;
  return (left, right) => {
    const a = read(left);
    const b = read(right);
    if (typeof a === "number" && typeof b === "number") return a < b ? -sign : a > b ? sign : 0;
    if (typeof a === "string" && typeof b === "string") return a === b ? 0 : sign * compareStrings(a, b);
    return compareForOrder(a, b, direction, nulls);
  };
}

/** The comparator of the terms, first term first. */
export function compileOrder(orderBy: readonly OrderTerm[], other: OrderKeyReader = pathsOnly): DocComparator {
  const terms = orderBy.map((term) => compileTerm(term, other));
  const [first, second] = terms;
  if (first === undefined) return () => 0;
  if (second === undefined) return first;
  if (terms.length === 2) return (a, b) => first(a, b) || second(a, b);
  return (a, b) => {
    for (let index = 0; index < terms.length; index++) {
      const order = terms[index]!(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Whether a document comes strictly after the cursor (one value per term) in the order. */
export function compileAfter(
  orderBy: readonly OrderTerm[],
  after: readonly Json[],
  other: OrderKeyReader = pathsOnly,
): (doc: Doc) => boolean {
  const reads = orderBy.map((term) => reader(term, other));
  return (doc) => {
    for (let index = 0; index < orderBy.length; index++) {
      const { direction, nulls } = orderBy[index]!;
      const order = compareForOrder(reads[index]!(doc), after[index], direction, nulls);
      if (order !== 0) return order > 0;
    }
    return false;
  };
}

/** Keeps the first document of each combination of the values at the paths. */
export function compileDistinct(paths: readonly (readonly string[])[]): (doc: Doc) => boolean {
  const reads = paths.map(compileRead);
  const seen = new Set<string>();
  return (doc) => {
    const identity = JSON.stringify(reads.map((read) => identityOf(read(doc))));
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  };
}

/** JSON that is equal exactly for equal values: each tagged with its type, object keys sorted and null ones left out. */
export function identityOf(value: Value): unknown {
  if (isNullish(value)) return null;
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return value === 0 ? 0 : value;
    case "bigint":
      return ["n", String(value)];
  }
  if (value instanceof Date) return ["d", value.getTime()];
  if (value instanceof Uint8Array) return ["b", ...value];
  if (Array.isArray(value)) return ["a", ...value.map(identityOf)];
  const object = value as { readonly [key: string]: Json };
  const keys = Object.keys(object).filter((key) => !isNullish(object[key]));
  return ["o", ...keys.sort(compareStrings).flatMap((key) => [key, identityOf(object[key])])];
}
