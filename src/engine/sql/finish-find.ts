/**
 * What is left to JavaScript after a find's statement, level by level: reading rows as documents, deciding what SQL could
 * not (filter, order, distinct, cursor, slice), and giving each document the form that was asked for.
 */
import {
  compileFilter as compileTest,
  type DocTest,
  type RelatedResolver,
  relatedByDocs,
} from "../../query/evaluate.js";
import type { CountNode, Filter, OrderKey, PopulateNode, Selection } from "../../query/ir.js";
import { compileAfter, compileDistinct, compileOrder } from "../../query/order.js";
import { readPath } from "../../query/semantics.js";
import { childrenOf } from "../../query/visit.js";
import type { Doc, Json } from "../../schema/model.js";
import { type ColumnReader, readDoc } from "./decode.js";

/** Decoded rows of a level before anything JavaScript has to do: full documents with their relations at hand. */
export interface Loaded {
  readonly doc: Doc;
  readonly counts: readonly number[];
  readonly populated: readonly (readonly Doc[])[];
  /** Related rows that only the residual needs, by relation name. */
  readonly hidden: ReadonlyMap<string, readonly Doc[]>;
}

/** A populated relation: what was asked for, and how its rows are read from the value of its column. */
export interface Child {
  readonly node: PopulateNode;
  decode(value: unknown): readonly Doc[];
}

/** Relations that a filter or an order key looks at, with what it needs of them in turn. */
export function relationsIn(filter: Filter | null, into: Map<string, Filter[]>): void {
  if (filter === null) return;
  if (filter.kind === "related") {
    const inner = into.get(filter.relation) ?? [];
    inner.push(filter.filter);
    into.set(filter.relation, inner);
    return;
  }
  for (const child of childrenOf(filter)) relationsIn(child, into);
}

/** A filter that looks at the same relations as the order key. */
export function lookOf(key: OrderKey): Filter | null {
  if (key.kind === "path") return null;
  const inner = key.kind === "count" ? key.where : lookOf(key.key);
  return { kind: "related", relation: key.relation, quantifier: "some", filter: inner ?? { kind: "and", filters: [] } };
}

/** Documents of hidden relations, found again by the document they hang on. */
export type HiddenRows = WeakMap<Doc, ReadonlyMap<string, readonly Doc[]>>;

function resolver(hidden: HiddenRows): RelatedResolver {
  return relatedByDocs(
    (relation, doc) => hidden.get(doc)?.get(relation) ?? [],
    () => resolver(hidden),
  );
}

function orderReader(hidden: HiddenRows) {
  const read = (key: OrderKey): ((doc: Doc) => Json) => {
    if (key.kind === "path") return (doc) => readPath(doc, key.path);
    const rows = (doc: Doc) => hidden.get(doc)?.get(key.relation) ?? [];
    if (key.kind === "count") {
      const test = compileTest(key.where, resolver(hidden));
      return (doc) => rows(doc).filter(test).length;
    }
    const inner = read(key.key);
    return (doc) => {
      const [first] = rows(doc);
      return first === undefined ? null : inner(first);
    };
  };
  return read;
}

/** Rows that need nothing but reading: the document with its relations and counts, made in one go. */
export function directReader(
  readers: readonly ColumnReader[],
  children: readonly Child[],
  counts: readonly string[],
  one: (relation: string) => boolean,
): (values: readonly unknown[]) => Doc {
  const ones = children.map(({ node }) => one(node.relation));
  return (values) => {
    const doc = readDoc(readers, values);
    let position = readers.length;
    const numbers = counts.map(() => Number(values[position++]));
    for (let index = 0; index < children.length; index++) {
      const { node, decode } = children[index]!;
      const rows = decode(values[position++]);
      doc[node.relation] = ones[index] ? (rows[0] ?? null) : Object.freeze(rows);
    }
    for (let index = 0; index < counts.length; index++) doc[counts[index]!] = numbers[index]!;
    return Object.freeze(doc);
  };
}

export function postProcess(
  selection: Selection,
  residual: Filter | null,
  sort: boolean,
  hidden: HiddenRows,
): (rows: Loaded[]) => Loaded[] {
  const related = resolver(hidden);
  const test: DocTest = compileTest(residual, related);
  const read = orderReader(hidden);
  const compare = sort ? compileOrder(selection.orderBy, read) : null;
  const after = selection.after === null ? null : compileAfter(selection.orderBy, selection.after, read);
  return (rows) => {
    let kept = rows.filter((row) => test(row.doc));
    if (compare !== null) kept.sort((a, b) => compare(a.doc, b.doc));
    if (selection.distinct !== null) {
      const first = compileDistinct(selection.distinct);
      kept = kept.filter((row) => first(row.doc));
    }
    if (after !== null) kept = kept.filter((row) => after(row.doc));
    return kept.slice(selection.offset, selection.limit === null ? undefined : selection.offset + selection.limit);
  };
}

/** The document as asked for: chosen fields, then populated relations, then counts, in query order. */
export function shaper(
  selection: Selection,
  hidden: HiddenRows,
  whole: boolean,
  one: (relation: string) => boolean,
): (row: Loaded) => Doc {
  const { fields, populate, counts } = selection;
  if (populate.length === 0 && counts.length === 0 && (fields === null || !whole)) return (row) => row.doc;
  const ones = populate.map((node: PopulateNode) => one(node.relation));
  const tests = counts.map((node: CountNode) => compileTest(node.where, resolver(hidden)));
  return (row) => {
    const result: Record<string, Json> = {};
    if (fields === null || !whole) Object.assign(result, row.doc);
    else for (const name of fields) if (Object.hasOwn(row.doc, name)) result[name] = row.doc[name] as Json;
    populate.forEach((node, index) => {
      const rows = row.populated[index] ?? [];
      result[node.relation] = ones[index] ? (rows[0] ?? null) : Object.freeze([...rows]);
    });
    counts.forEach((node, index) => {
      const number = row.counts[index] ?? -1;
      result[node.as] = number >= 0 ? number : (row.hidden.get(node.relation) ?? []).filter(tests[index]!).length;
    });
    return Object.freeze(result);
  };
}
