/**
 * Filter and order -> access path. Each key sequence (the primary key and every index) is matched against the conjuncts:
 * equalities on its leading columns, then one range; the cheapest by estimated rows wins. What the path does not answer
 * exactly stays in the residual. The order counts: a path that yields it may stop at the limit.
 */

import type { Filter, OrderTerm } from "../../query/ir.js";
import { isNullish, rankOf } from "../../query/semantics.js";
import { conjuncts, isFalse } from "../../query/visit.js";
import type { Json } from "../../schema/model.js";
import { type Bounds, encodeKey, keyBoundsRange, keyStartsWithRange } from "../../storage/key.js";
import { partitionName } from "../../storage/partition.js";
import type { Key, Range } from "../../storage/store.js";
import type { AccessPlan } from "./access-plan.js";
import type { Collection } from "./catalog.js";
import { type Constraint, constraintOf, isExact } from "./constraints-of.js";
import { type KeySequence, prefixRange } from "./indexes.js";
import { clip, cursorBound, direction } from "./order-plan.js";

export interface AccessRequest {
  readonly where: Filter | null;
  readonly orderBy: readonly OrderTerm[];
  /** Cursor, when it may become a bound (it may not after a distinct). */
  readonly after: readonly Json[] | null;
  /** Rows wanted in all (offset + limit), null: every row. */
  readonly need: number | null;
}

/** Ranges that one query may fall into; beyond it an `in` list is tested row by row. */
const MAX_RANGES = 4096;
/** Share of the rows that a condition leaves, where nothing better is known. */
const SELECTIVITY = { equal: 0.05, startsWith: 0.05, between: 0.1, bound: 0.33, residual: 0.1 } as const;
/** Cost of a row through an index, against one of a scan; and of sorting a row. */
const INDEX_ROW = 2.5;
const SORT_ROW = 0.5;

interface Match {
  readonly sequence: KeySequence;
  /** Values per leading column. */
  readonly equal: readonly (readonly Json[])[];
  readonly bounds: Bounds | null;
  readonly startsWith: string | null;
  readonly answered: readonly Filter[];
  readonly share: number;
  /** At most this many rows, when known. */
  readonly most: number | null;
}

export function planAccess(collection: Collection, request: AccessRequest, size: number | null): AccessPlan {
  const { where } = request;
  const point = pointSequence(collection, where);
  if (point !== null && where?.kind === "compare") return planPoint(collection, point, where, where.value);
  const filters = conjuncts(where);
  if (filters.some(isFalse)) return nothing(collection.key, filters);
  const constraints = constraintsOf(filters);
  let best: { readonly match: Match; readonly cost: number; readonly way: "forward" | "reverse" | null } | null = null;
  for (const sequence of collection.sequences) {
    const match = matchSequence(sequence, constraints);
    const fixed = fixedColumns(match);
    const way = direction(collection, sequence, fixed, request.orderBy);
    if (match.answered.length === 0 && sequence !== collection.key && way === null) continue;
    const cost = costOf(match, way !== null, filters.length, request.need, size ?? 10_000);
    if (best === null || cost < best.cost) best = { match, cost, way };
    if (match.most === 1) break;
  }
  const { match, way } = best!;
  return build(collection, match, way, filters, request, partitionsOf(collection, constraints));
}

/** Whether sizes can make a difference to the choice. */
export function needsSize(collection: Collection, where: Filter | null): boolean {
  return collection.sequences.length > 1 && pointSequence(collection, where) === null;
}

/** For the most common query of all, one unique column equal to a value: the sequence that answers it. */
function pointSequence(collection: Collection, where: Filter | null): KeySequence | null {
  if (where === null || where.kind !== "compare" || where.op !== "eq" || where.path.length !== 1) return null;
  const sequence = collection.points.get(where.path[0]!);
  return sequence === undefined || isNullish(where.value) || !isExact(where.value) ? null : sequence;
}

function planPoint(collection: Collection, sequence: KeySequence, where: Filter, value: Json): AccessPlan {
  const key = encodeKey([value]);
  const primary = sequence === collection.key;
  return {
    kind: primary ? "keys" : "ranges",
    sequence,
    keys: primary ? [key] : [],
    ranges: primary ? [] : [prefixRange(key)],
    partitions: null,
    answered: [where],
    residual: null,
    ordered: true,
    afterBound: false,
    single: true,
  };
}

function nothing(sequence: KeySequence, answered: readonly Filter[]): AccessPlan {
  return {
    kind: "none",
    sequence,
    keys: [],
    ranges: [],
    partitions: null,
    answered,
    residual: null,
    ordered: true,
    afterBound: false,
    single: true,
  };
}

function constraintsOf(filters: readonly Filter[]): Map<string, Constraint[]> {
  const byColumn = new Map<string, Constraint[]>();
  for (const filter of filters) {
    const constraint = constraintOf(filter);
    if (constraint === null) continue;
    const list = byColumn.get(constraint.column);
    if (list === undefined) byColumn.set(constraint.column, [constraint]);
    else list.push(constraint);
  }
  return byColumn;
}

/** The partitions of the values that the filter allows. It is still tested on every row: partitions may be shared. */
function partitionsOf(
  collection: Collection,
  constraints: ReadonlyMap<string, readonly Constraint[]>,
): readonly string[] | null {
  const { partitionBy } = collection.meta;
  if (partitionBy === null) return null;
  let values: readonly Json[] | null = null;
  for (const one of constraints.get(partitionBy) ?? []) {
    if (one.kind === "equal" && (values === null || one.values.length < values.length)) values = one.values;
  }
  return values === null ? null : [...new Set(values.map(partitionName))];
}

function matchSequence(sequence: KeySequence, constraints: ReadonlyMap<string, readonly Constraint[]>): Match {
  const equal: (readonly Json[])[] = [];
  const answered: Filter[] = [];
  let share = 1;
  let product = 1;
  let nulls = false;
  let column = 0;
  for (; column < sequence.columnNames.length; column++) {
    const here = constraints.get(sequence.columnNames[column]!);
    let chosen: Extract<Constraint, { kind: "equal" }> | null = null;
    for (const one of here ?? []) {
      if (one.kind === "equal" && (chosen === null || one.values.length < chosen.values.length)) chosen = one;
    }
    if (chosen === null || product * chosen.values.length > MAX_RANGES) break;
    product *= chosen.values.length;
    share *= Math.min(1, SELECTIVITY.equal * chosen.values.length);
    nulls ||= chosen.values.includes(null);
    equal.push(chosen.values);
    answered.push(chosen.filter);
  }
  const width = sequence.uniqueWidth;
  const most = width !== null && column >= width && !nulls ? product : null;
  const next = column < sequence.columnNames.length ? constraints.get(sequence.columnNames[column]!) : undefined;
  const range = next === undefined ? null : matchRange(next);
  if (range !== null) {
    answered.push(...range.answered);
    share *= range.share;
  }
  return {
    sequence,
    equal,
    bounds: range?.bounds ?? null,
    startsWith: range?.startsWith ?? null,
    answered,
    share,
    most,
  };
}

function matchRange(constraints: readonly Constraint[]): {
  readonly bounds: Bounds | null;
  readonly startsWith: string | null;
  readonly answered: readonly Filter[];
  readonly share: number;
} | null {
  const bounds: { -readonly [S in keyof Bounds]: Bounds[S] } = {};
  const answered: Filter[] = [];
  let rank: number | null = null;
  for (const constraint of constraints) {
    if (constraint.kind !== "bound" || bounds[constraint.side] !== undefined) continue;
    const own = rankOf(constraint.value);
    // Bounds of different types exclude each other row by row; a range of keys cannot say so.
    if (rank !== null && own !== rank) continue;
    rank = own;
    bounds[constraint.side] = constraint.value;
    answered.push(constraint.filter);
  }
  if (answered.length > 0) {
    const low = bounds.gt !== undefined || bounds.gte !== undefined;
    const high = bounds.lt !== undefined || bounds.lte !== undefined;
    return { bounds, startsWith: null, answered, share: low && high ? SELECTIVITY.between : SELECTIVITY.bound };
  }
  for (const constraint of constraints) {
    if (constraint.kind !== "startsWith") continue;
    return {
      bounds: null,
      startsWith: constraint.text,
      answered: [constraint.filter],
      share: SELECTIVITY.startsWith,
    };
  }
  return null;
}

/** Columns that hold one known value on every row of the match. */
function fixedColumns(match: Match): ReadonlyMap<string, Json> {
  const fixed = new Map<string, Json>();
  match.equal.forEach((values, column) => {
    if (values.length === 1) fixed.set(match.sequence.columnNames[column]!, values[0]!);
  });
  return fixed;
}

function costOf(match: Match, ordered: boolean, filters: number, need: number | null, size: number): number {
  const rows = Math.max(1, Math.min(match.most ?? Number.POSITIVE_INFINITY, size * match.share));
  const residual = filters > match.answered.length;
  let read = rows;
  if (ordered && need !== null) read = Math.min(rows, residual ? need / SELECTIVITY.residual : need);
  const perRow = match.sequence.index === null ? 1 : INDEX_ROW;
  const sort = ordered ? 0 : rows * (residual ? SELECTIVITY.residual : 1) * SORT_ROW;
  return read * perRow + sort;
}

function build(
  collection: Collection,
  match: Match,
  way: "forward" | "reverse" | null,
  filters: readonly Filter[],
  request: AccessRequest,
  partitions: readonly string[] | null,
): AccessPlan {
  const { sequence } = match;
  const rest = filters.filter((filter) => !match.answered.includes(filter));
  const residual: Filter | null =
    rest.length === 0 ? null : rest.length === 1 ? rest[0]! : { kind: "and", filters: rest };
  const single = match.most === 1;
  if (sequence === collection.key && match.most !== null && match.equal.length === sequence.columns.length) {
    const keys = tuples(match.equal);
    if (way === "reverse") keys.reverse();
    return {
      kind: "keys",
      sequence,
      keys,
      ranges: [],
      partitions: null,
      answered: match.answered,
      residual,
      ordered: keys.length <= 1 || way !== null,
      afterBound: false,
      single,
    };
  }
  let ranges = rangesOf(match);
  let afterBound = false;
  if (way !== null && request.after !== null) {
    const bound = cursorBound(sequence, fixedColumns(match), request.orderBy, request.after);
    if (bound !== null) {
      ranges = clip(ranges, bound, way);
      afterBound = true;
    }
  }
  if (way === "reverse") ranges = ranges.reverse().map((range) => ({ ...range, reverse: true }));
  if (partitions !== null) ranges = ranges.map((range) => ({ ...range, within: partitions }));
  if (way === null || request.orderBy.length === 0) ranges = ranges.map((range) => ({ ...range, anyOrder: true }));
  const whole = match.answered.length === 0 && !afterBound && sequence === collection.key;
  return {
    kind: ranges.length === 0 ? "none" : whole ? "scan" : "ranges",
    sequence,
    keys: [],
    ranges,
    partitions,
    answered: match.answered,
    residual,
    ordered: single || way !== null,
    afterBound,
    single,
  };
}

/** Every combination of one value per column, encoded, ascending and without repetition. */
function tuples(columns: readonly (readonly Json[])[]): Key[] {
  let keys: Key[] = [""];
  for (const values of columns) {
    const encoded = values.map((value) => encodeKey([value]));
    keys =
      keys.length === 1 ? encoded.map((one) => keys[0] + one) : keys.flatMap((key) => encoded.map((one) => key + one));
  }
  if (keys.length < 2) return keys;
  return [...new Set(keys)].sort((a, b) => (a < b ? -1 : 1));
}

function rangesOf(match: Match): Range[] {
  if (match.equal.length === 0) return [tailRange("", match)];
  return tuples(match.equal).map((prefix) => tailRange(prefix, match));
}

function tailRange(prefix: Key, match: Match): Range {
  let tail: { readonly gte: Key; readonly lt: Key } | null = null;
  if (match.bounds !== null) tail = keyBoundsRange([], match.bounds);
  else if (match.startsWith !== null) tail = keyStartsWithRange([], match.startsWith);
  if (tail !== null) return { gte: prefix + tail.gte, lt: prefix + tail.lt };
  return prefix === "" ? {} : prefixRange(prefix);
}
