/**
 * The shape of a query: everything that its statement depends on, as a key; and its literals, in order. Two queries of one
 * shape compile to one statement, so each shape is compiled once. A literal's type is part of the shape, its value is not.
 *
 * A query has no shape (null) when something in it only JavaScript decides, or when one filter object stands in it twice:
 * literals are known by the object that holds them. So has one with a long list.
 */
import type { AggregateQuery, Filter, FindQuery, OrderKey, OrderTerm, Selection } from "../../query/ir.js";
import type { FilterHandlers, OrderKeyHandlers } from "../../query/visit.js";
import type { Json, Path } from "../../schema/model.js";

/** Lists up to this are parameters of their own: their statement is compiled once, and prepared. Longer ones: see long-lists.ts. */
export const LONG_LIST = 500;

export interface Shape {
  readonly key: string;
  readonly values: readonly Json[];
  /** Where the literals of a filter (or the cursor of a selection) begin among `values`. */
  readonly slots: ReadonlyMap<object, number>;
}

class NoShape extends Error {}

/** Never thrown out of this file. */
const NO_SHAPE = new NoShape();

/** How many rows, from where. */
export interface Slice {
  readonly limit: number | null;
  readonly offset: number;
}

/**
 * Limits up to this stand in the text: databases plan by them, and SQLite even prepares a statement anew whenever the
 * parameter behind a `limit` is bound.
 */
const LIMIT_IN_TEXT = 100;

/** The parameters that a slice takes up among the values of its owner, in order: which of them is which. */
export function slotsOfSlice({ limit, offset }: Slice): {
  readonly limit: number | null;
  readonly offset: number | null;
  readonly end: number;
} {
  const limitSlot = limit !== null && limit > LIMIT_IN_TEXT ? 0 : null;
  const next = limitSlot === null ? 0 : 1;
  return { limit: limitSlot, offset: offset === 0 ? null : next, end: next + (offset === 0 ? 0 : 1) };
}

interface Walk {
  key: string;
  readonly values: Json[];
  readonly slots: Map<object, number>;
}

const TYPE_TAGS: Readonly<Record<string, string>> = { bigint: "i", boolean: "b" };

/** Strings that are empty and numbers that are no exact integers compile to something of their own. */
function tagOf(value: Json): string {
  if (value === null) return "n";
  if (typeof value === "string") return value === "" ? "e" : "s";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "d" : "f";
  if (typeof value !== "object") return TYPE_TAGS[typeof value] ?? "?";
  if (value instanceof Date) return "D";
  if (value instanceof Uint8Array) return "B";
  throw NO_SHAPE;
}

/** Names may hold anything, so each says how long it is. */
function name(walk: Walk, text: string): void {
  walk.key += `${text.length}:${text}`;
}

function path(walk: Walk, steps: Path): void {
  walk.key += `/${steps.length}`;
  for (const step of steps) name(walk, step);
}

function hold(walk: Walk, owner: object, values: readonly Json[]): void {
  if (walk.slots.has(owner)) throw NO_SHAPE;
  walk.slots.set(owner, walk.values.length);
  for (const value of values) {
    walk.key += tagOf(value);
    walk.values.push(value);
  }
}

function none(): never {
  throw NO_SHAPE;
}

function list(walk: Walk, tag: string, filters: readonly Filter[]): void {
  if (filters.length > LONG_LIST) throw NO_SHAPE;
  walk.key += `${tag}${filters.length}(`;
  for (const inner of filters) filter(walk, inner);
}

const FILTERS: FilterHandlers<void, [walk: Walk]> = {
  and: (node, walk) => list(walk, "&", node.filters),
  or: (node, walk) => list(walk, "|", node.filters),
  not: (node, walk) => {
    walk.key += "!";
    filter(walk, node.filter);
  },
  compare: (node, walk) => {
    walk.key += `?${node.op}`;
    path(walk, node.path);
    hold(walk, node, [node.value]);
  },
  in: (node, walk) => {
    if (node.values.length > LONG_LIST) throw NO_SHAPE;
    walk.key += `@${node.values.length}`;
    path(walk, node.path);
    hold(walk, node, node.values);
  },
  text: (node, walk) => {
    walk.key += `~${node.op}`;
    path(walk, node.path);
    hold(walk, node, [node.value]);
  },
  related: (node, walk) => {
    walk.key += `>${node.quantifier}`;
    name(walk, node.relation);
    filter(walk, node.filter);
  },
  regex: none,
  element: none,
  callback: none,
};

function filter(walk: Walk, node: Filter): void {
  (FILTERS[node.kind] as (node: Filter, walk: Walk) => void)(node, walk);
}

function optional(walk: Walk, node: Filter | null): void {
  if (node === null) walk.key += "-";
  else filter(walk, node);
}

const KEYS: OrderKeyHandlers<void, [walk: Walk]> = {
  path: (key, walk) => path(walk, key.path),
  related: (key, walk) => {
    walk.key += ">";
    name(walk, key.relation);
    orderKey(walk, key.key);
  },
  count: (key, walk) => {
    walk.key += "#";
    name(walk, key.relation);
    optional(walk, key.where);
  },
};

function orderKey(walk: Walk, key: OrderKey): void {
  (KEYS[key.kind] as (key: OrderKey, walk: Walk) => void)(key, walk);
}

function order(walk: Walk, terms: readonly OrderTerm[]): void {
  for (const term of terms) {
    walk.key += term.direction === "asc" ? (term.nulls === "first" ? "a" : "b") : term.nulls === "first" ? "c" : "d";
    orderKey(walk, term.key);
  }
}

function slice(walk: Walk, { limit, offset }: Slice): void {
  const inText = limit !== null && limit <= LIMIT_IN_TEXT;
  walk.key += `${limit === null ? "l" : inText ? `L${limit}` : "L"}${offset === 0 ? "o" : "O"}`;
  if (limit !== null && !inText) walk.values.push(limit);
  if (offset !== 0) walk.values.push(offset);
}

function selection(walk: Walk, node: Selection): void {
  optional(walk, node.where);
  order(walk, node.orderBy);
  if (walk.slots.has(node)) throw NO_SHAPE;
  walk.slots.set(node, walk.values.length);
  slice(walk, node);
  if (node.after !== null) {
    walk.key += "A";
    for (const value of node.after) {
      walk.key += tagOf(value);
      walk.values.push(value);
    }
  }
  if (node.distinct !== null) {
    walk.key += `D${node.distinct.length}`;
    for (const steps of node.distinct) path(walk, steps);
  }
  if (node.fields !== null) {
    walk.key += `F${node.fields.length}`;
    for (const field of node.fields) name(walk, field);
  }
  for (const child of node.populate) {
    walk.key += "P";
    name(walk, child.relation);
    selection(walk, child.selection);
    walk.key += ")";
  }
  for (const count of node.counts) {
    walk.key += "C";
    name(walk, count.as);
    name(walk, count.relation);
    optional(walk, count.where);
  }
}

function shapeBy(work: (walk: Walk) => void): Shape | null {
  const walk: Walk = { key: "", values: [], slots: new Map() };
  try {
    work(walk);
  } catch (error) {
    if (error === NO_SHAPE) return null;
    throw error;
  }
  return walk;
}

export function shapeOfFind(query: FindQuery): Shape | null {
  return shapeBy((walk) => {
    walk.key = `f${query.lock}`;
    name(walk, query.model);
    selection(walk, query);
  });
}

export function shapeOfCount(model: string, where: Filter | null): Shape | null {
  return shapeBy((walk) => {
    walk.key = "c";
    name(walk, model);
    optional(walk, where);
  });
}

export function shapeOfAggregate(query: AggregateQuery): Shape | null {
  return shapeBy((walk) => {
    walk.key = "g";
    name(walk, query.model);
    optional(walk, query.where);
    for (const steps of query.groupBy) path(walk, steps);
    for (const measure of query.measures) {
      walk.key += `M${measure.fn}`;
      name(walk, measure.as);
      path(walk, measure.path ?? []);
      walk.key += measure.path === null ? "*" : ".";
    }
    optional(walk, query.having);
    order(walk, query.orderBy);
    walk.slots.set(query, walk.values.length);
    slice(walk, query);
  });
}

/** The shape of the rows that an update or delete concerns. */
export function shapeOfCondition(kind: string, model: string, where: Filter | null, limited: boolean): Shape | null {
  return shapeBy((walk) => {
    walk.key = `${kind}${limited ? "L" : "l"}`;
    name(walk, model);
    optional(walk, where);
  });
}
