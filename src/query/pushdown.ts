/** Splitting a filter into what an engine can do itself and what is left to evaluate row by row. */
import type { Filter } from "./ir.js";
import { allOf, childrenOf, conjuncts, type FilterKind } from "./visit.js";

export interface Split {
  /** Made of the given kinds only; null: nothing. */
  readonly pushed: Filter | null;
  /** What remains; null: nothing. */
  readonly residual: Filter | null;
}

/** Whether every node of the filter is of one of the kinds. */
export function consistsOf(filter: Filter, kinds: ReadonlySet<FilterKind>): boolean {
  return kinds.has(filter.kind) && childrenOf(filter).every((inner) => consistsOf(inner, kinds));
}

/** pushed AND residual is equivalent to the filter; it is taken apart at its outer `and`s only. */
export function splitFilter(filter: Filter | null, kinds: ReadonlySet<FilterKind>): Split {
  const pushed: Filter[] = [];
  const residual: Filter[] = [];
  for (const condition of conjuncts(filter)) (consistsOf(condition, kinds) ? pushed : residual).push(condition);
  return { pushed: allOf(pushed), residual: allOf(residual) };
}
