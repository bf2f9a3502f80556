/**
 * Walks over filters and order keys as handler tables typed per kind: a new kind breaks the build in every walk.
 */
import type { Filter, OrderKey } from "./ir.js";

export type FilterKind = Filter["kind"];
/** The member of the union with this kind. */
export type FilterOf<K extends FilterKind> = Extract<Filter, { readonly kind: K }>;
export type OrderKeyOf<K extends OrderKey["kind"]> = Extract<OrderKey, { readonly kind: K }>;

/** One function per kind of filter. `A`: what is handed down, for walks that need a context. */
export type FilterHandlers<R, A extends readonly unknown[] = []> = {
  readonly [K in FilterKind]: (filter: FilterOf<K>, ...context: A) => R;
};

export type OrderKeyHandlers<R, A extends readonly unknown[] = []> = {
  readonly [K in OrderKey["kind"]]: (key: OrderKeyOf<K>, ...context: A) => R;
};

/** Calls the handler of the filter's kind. */
export function visitFilter<R, A extends readonly unknown[]>(
  filter: Filter,
  handlers: FilterHandlers<R, A>,
  ...context: A
): R {
  return (handlers[filter.kind] as (filter: Filter, ...context: A) => R)(filter, ...context);
}

export function visitOrderKey<R, A extends readonly unknown[]>(
  key: OrderKey,
  handlers: OrderKeyHandlers<R, A>,
  ...context: A
): R {
  return (handlers[key.kind] as (key: OrderKey, ...context: A) => R)(key, ...context);
}

/** Matches every row. */
export const TRUE: Filter = Object.freeze({ kind: "and", filters: Object.freeze([]) });
/** Matches no row. */
export const FALSE: Filter = Object.freeze({ kind: "or", filters: Object.freeze([]) });

export function isTrue(filter: Filter): boolean {
  return filter.kind === "and" && filter.filters.length === 0;
}

export function isFalse(filter: Filter): boolean {
  return filter.kind === "or" && filter.filters.length === 0;
}

const leaf = (): readonly Filter[] => [];

const CHILDREN: FilterHandlers<readonly Filter[]> = {
  and: (filter) => filter.filters,
  or: (filter) => filter.filters,
  not: (filter) => [filter.filter],
  element: (filter) => [filter.filter],
  related: (filter) => [filter.filter],
  compare: leaf,
  in: leaf,
  text: leaf,
  regex: leaf,
  callback: leaf,
};

/** The filters directly inside. */
export function childrenOf(filter: Filter): readonly Filter[] {
  return visitFilter(filter, CHILDREN);
}

type Map1 = (filter: Filter) => Filter;

function mapList(filters: readonly Filter[], change: Map1): readonly Filter[] {
  const mapped = filters.map(change);
  return mapped.every((filter, index) => filter === filters[index]) ? filters : mapped;
}

function mapInner<F extends FilterOf<"not" | "element" | "related">>(filter: F, change: Map1): F {
  const inner = change(filter.filter);
  return inner === filter.filter ? filter : { ...filter, filter: inner };
}

function mapOuter<F extends FilterOf<"and" | "or">>(filter: F, change: Map1): F {
  const filters = mapList(filter.filters, change);
  return filters === filter.filters ? filter : { ...filter, filters };
}

const same = (filter: Filter): Filter => filter;

const MAP_CHILDREN: FilterHandlers<Filter, [change: Map1]> = {
  and: mapOuter,
  or: mapOuter,
  not: mapInner,
  element: mapInner,
  related: mapInner,
  compare: same,
  in: same,
  text: same,
  regex: same,
  callback: same,
};

/** The filter with each filter directly inside replaced by `change` of it; the same object when nothing changes. */
export function mapChildren(filter: Filter, change: (filter: Filter) => Filter): Filter {
  return visitFilter(filter, MAP_CHILDREN, change);
}

/** Rewrites from the leaves up. */
export function rewrite(filter: Filter, change: (filter: Filter) => Filter): Filter {
  return change(mapChildren(filter, (inner) => rewrite(inner, change)));
}

/** Every kind that occurs in the filter. */
export function collectKinds(filter: Filter | null, into: Set<FilterKind> = new Set()): Set<FilterKind> {
  if (filter === null) return into;
  into.add(filter.kind);
  for (const inner of childrenOf(filter)) collectKinds(inner, into);
  return into;
}

/** The conditions that must all hold: nested `and`s laid flat. */
export function conjuncts(filter: Filter | null): readonly Filter[] {
  if (filter === null) return [];
  if (filter.kind !== "and") return [filter];
  return filter.filters.some((inner) => inner.kind === "and") ? filter.filters.flatMap(conjuncts) : filter.filters;
}

/** All of them; null when there is nothing to ask. */
export function allOf(filters: readonly (Filter | null)[]): Filter | null {
  const flat = filters.flatMap(conjuncts);
  if (flat.length === 0) return null;
  return flat.length === 1 ? flat[0]! : { kind: "and", filters: flat };
}

function simplifyAnd(filter: FilterOf<"and">): Filter {
  const flat = conjuncts(filter);
  if (flat.some(isFalse)) return FALSE;
  return flat.length === 1 ? flat[0]! : flat === filter.filters ? filter : { kind: "and", filters: flat };
}

function simplifyOr(filter: FilterOf<"or">): Filter {
  if (filter.filters.some(isTrue)) return TRUE;
  const flat = filter.filters.flatMap((inner) => (inner.kind === "or" ? inner.filters : [inner]));
  if (flat.length === 1) return flat[0]!;
  return filter.filters.some((inner) => inner.kind === "or") ? { kind: "or", filters: flat } : filter;
}

/** A quantifier over a constant: `some` of nothing is false, `every` of anything and `none` of nothing are true. */
function simplifyQuantified(filter: FilterOf<"element" | "related">): Filter {
  if (filter.quantifier === "every") return isTrue(filter.filter) ? TRUE : filter;
  if (!isFalse(filter.filter)) return filter;
  return filter.quantifier === "some" ? FALSE : TRUE;
}

const SIMPLIFY: FilterHandlers<Filter> = {
  and: simplifyAnd,
  or: simplifyOr,
  not: (filter) => {
    if (isTrue(filter.filter)) return FALSE;
    if (isFalse(filter.filter)) return TRUE;
    return filter.filter.kind === "not" ? filter.filter.filter : filter;
  },
  element: simplifyQuantified,
  related: simplifyQuantified,
  compare: same,
  in: (filter) => (filter.values.length === 0 ? FALSE : filter),
  text: same,
  regex: same,
  callback: same,
};

/** An equivalent filter: `and`/`or` laid flat, double negation and constants removed. Null: every row matches. */
export function simplify(filter: Filter | null): Filter | null {
  if (filter === null) return null;
  const simple = rewrite(filter, (inner) => visitFilter(inner, SIMPLIFY));
  return isTrue(simple) ? null : simple;
}
