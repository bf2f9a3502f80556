/**
 * Indexes that make themselves. A bucket that is searched by the same field again and again without a change in between gets
 * a column: its documents by the value of that field, or in the order of it. It says which documents a condition can hold
 * for; the filter is still asked. A tree that changed is another one, and a column goes with its tree.
 */
import type { Doc } from "../schema/model.js";
import type { Tree } from "../storage/btree.js";
import { eachLeaf } from "./leaves.js";

/** `$gt` and its like between numbers, or between strings. */
export interface Range {
  readonly field: string;
  readonly operator: "$gt" | "$gte" | "$lt" | "$lte";
  readonly operand: number | string;
}

export interface Equality {
  readonly field: string;
  readonly value: unknown;
}

/** Scans of the same documents by the same field before a column is worth its making. */
const SCANS = 6;
/** Most columns of one bucket. */
const MOST = 16;
/** Fewer documents than this are scanned as quickly. */
const LEAST = 128;

interface Sorted {
  readonly kind: "number" | "string";
  readonly values: readonly (number | string)[];
  /** Positions in the bucket, by value. */
  readonly positions: Uint32Array;
}

interface Columns {
  /** By kind and field: how often it was asked for, until it is made. */
  readonly scans: Map<string, number>;
  readonly equal: Map<string, ReadonlyMap<unknown, readonly Doc[]>>;
  /** Null: the values have no one order. */
  readonly sorted: Map<string, Sorted | null>;
  docs: readonly Doc[] | null;
}

const columns = new WeakMap<Tree<Doc>, Columns>();

/** The documents that may match, in the order of the bucket; null: all may. `ranges` and `equalities` hold together. */
export function candidates(
  tree: Tree<Doc>,
  equalities: readonly Equality[],
  ranges: readonly Range[],
): readonly Doc[] | null {
  if (tree.size < LEAST || (equalities.length === 0 && ranges.length === 0)) return null;
  let known = columns.get(tree);
  if (known === undefined) {
    known = { scans: new Map(), equal: new Map(), sorted: new Map(), docs: null };
    columns.set(tree, known);
  }
  const [equality] = equalities;
  if (equality !== undefined) {
    const { field, value } = equality;
    if (!known.equal.has(field)) {
      if (!isDue(known, `=${field}`)) return null;
      known.equal.set(field, grouped(docsOf(known, tree), field));
    }
    return known.equal.get(field)!.get(value) ?? [];
  }
  const { field } = ranges[0]!;
  if (!known.sorted.has(field)) {
    if (!isDue(known, `<${field}`)) return null;
    known.sorted.set(field, sortedBy(docsOf(known, tree), field));
  }
  const column = known.sorted.get(field)!;
  return column === null
    ? null
    : within(
        docsOf(known, tree),
        column,
        ranges.filter((range) => range.field === field),
      );
}

function isDue(known: Columns, name: string): boolean {
  const scans = (known.scans.get(name) ?? 0) + 1;
  if (known.scans.size < MOST || known.scans.has(name)) known.scans.set(name, scans);
  return scans > SCANS;
}

function docsOf(known: Columns, tree: Tree<Doc>): readonly Doc[] {
  if (known.docs === null) {
    const docs: Doc[] = [];
    eachLeaf(tree, (values) => {
      for (const doc of values) docs.push(doc);
      return true;
    });
    known.docs = docs;
  }
  return known.docs;
}

function grouped(docs: readonly Doc[], field: string): Map<unknown, readonly Doc[]> {
  const groups = new Map<unknown, Doc[]>();
  for (const doc of docs) {
    if (!Object.hasOwn(doc, field)) continue;
    const value = doc[field];
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [doc]);
    else group.push(doc);
  }
  return groups;
}

/** Null: values of several kinds, or of a kind that JavaScript compares as something else. */
function sortedBy(docs: readonly Doc[], field: string): Sorted | null {
  const entries: { readonly value: number | string; readonly at: number }[] = [];
  let kind: string | null = null;
  for (let at = 0; at < docs.length; at++) {
    const value = Object.hasOwn(docs[at]!, field) ? docs[at]![field] : undefined;
    // What is not there is neither more nor less than anything.
    if (value === undefined) continue;
    kind ??= typeof value;
    if (typeof value !== kind || (typeof value !== "number" && typeof value !== "string")) return null;
    entries.push({ value, at });
  }
  entries.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.at - b.at));
  return {
    kind: kind === "string" ? "string" : "number",
    values: entries.map(({ value }) => value),
    positions: Uint32Array.from(entries, ({ at }) => at),
  };
}

function within(docs: readonly Doc[], column: Sorted, ranges: readonly Range[]): readonly Doc[] | null {
  let low = 0;
  let high = column.values.length;
  for (const { operator, operand } of ranges) {
    if (typeof operand !== column.kind || Number.isNaN(operand)) return null;
    if (operator === "$gt" || operator === "$gte") low = Math.max(low, place(column, operand, operator === "$gt"));
    else high = Math.min(high, place(column, operand, operator === "$lte"));
  }
  if (low >= high) return [];
  // Where many match, going through all of them is quicker.
  if (high - low > docs.length / 2) return null;
  const positions = column.positions.slice(low, high).sort();
  return Array.from(positions, (at) => docs[at]!);
}

/** How many values are less than the operand, or, with `equal`, not more. */
function place({ values }: Sorted, operand: number | string, equal: boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = values[middle]!;
    if (value < operand || (equal && value === operand)) low = middle + 1;
    else high = middle;
  }
  return low;
}
