/**
 * The executable specification of reading: what a query means, over plain arrays. Written to be obviously right, not
 * fast, and apart from the compiled evaluator: the two share only `semantics.ts`, and engines are tested against this.
 */
import { invariant } from "../base/assert.js";
import type { Doc, Json, ModelMeta, Path, RelationMeta, Schema } from "../schema/model.js";
import { normalizeDoc, ownValue, putOwn, valuesOf } from "./document.js";
import type { CountNode, Filter, FindQuery, OrderKey, OrderTerm, Selection } from "./ir.js";
import { COMPARISONS, compareForOrder, equalValues, isNullish, readPath, type Value } from "./semantics.js";
import { type FilterHandlers, type OrderKeyHandlers, visitFilter, visitOrderKey } from "./visit.js";

/** A database as arrays. */
export interface ReferenceData {
  readonly schema: Schema;
  docs(model: string): readonly Doc[];
}

/** Where a filter stands: the database, and the model that relations start from (null inside an array's element). */
interface Place {
  readonly data: ReferenceData;
  readonly model: ModelMeta | null;
}

export function modelOf(data: ReferenceData, name: string): ModelMeta {
  const model = data.schema.models.get(name);
  invariant(model !== undefined, `The schema has no model ${name}`);
  return model;
}

export function relationOf(model: ModelMeta | null, name: string): RelationMeta {
  const relation = model?.relations.find((candidate) => candidate.name === name);
  invariant(relation !== undefined, `${model?.name ?? "An array's element"} has no relation ${name}`);
  return relation;
}

/** Whether the values of `fields` here equal those of `otherFields` there, pairwise; null relates to nothing. */
function linked(doc: Doc, fields: readonly string[], other: Doc, otherFields: readonly string[]): boolean {
  const here = valuesOf(doc, fields);
  const there = valuesOf(other, otherFields);
  return here.every((value, index) => !isNullish(value) && equalValues(value, there[index]));
}

/** The rows that the relation of `doc` leads to, each once, in the order in which the data has them. */
export function relatedDocs(data: ReferenceData, relation: RelationMeta, doc: Doc): readonly Doc[] {
  const targets = data.docs(relation.target);
  const { through } = relation;
  if (through === null) return targets.filter((target) => linked(doc, relation.from, target, relation.to));
  const links = data.docs(through.model).filter((link) => linked(doc, relation.from, link, through.from));
  return targets.filter((target) => links.some((link) => linked(target, relation.to, link, through.to)));
}

const QUANTIFIERS = {
  some: (results: readonly boolean[]) => results.includes(true),
  every: (results: readonly boolean[]) => !results.includes(false),
  none: (results: readonly boolean[]) => !results.includes(true),
};

function isText(value: Value): value is string {
  return typeof value === "string";
}

const MATCHES: FilterHandlers<boolean, [value: Value, place: Place]> = {
  and: (filter, value, place) => filter.filters.every((inner) => matches(inner, value, place)),
  or: (filter, value, place) => filter.filters.some((inner) => matches(inner, value, place)),
  not: (filter, value, place) => !matches(filter.filter, value, place),
  compare: (filter, value) => COMPARISONS[filter.op](readPath(value, filter.path), filter.value),
  in: (filter, value) => filter.values.some((operand) => equalValues(readPath(value, filter.path), operand)),
  text: (filter, value) => {
    const text = readPath(value, filter.path);
    if (!isText(text)) return false;
    if (filter.op === "startsWith") return text.startsWith(filter.value);
    return filter.op === "endsWith" ? text.endsWith(filter.value) : text.includes(filter.value);
  },
  regex: (filter, value) => {
    const text = readPath(value, filter.path);
    return isText(text) && new RegExp(filter.source, filter.flags).test(text);
  },
  element: (filter, value, place) => {
    const found = readPath(value, filter.path);
    const elements: readonly Json[] = Array.isArray(found) ? found : [];
    const inside = { data: place.data, model: null };
    return QUANTIFIERS[filter.quantifier](elements.map((element) => matches(filter.filter, element, inside)));
  },
  related: (filter, value, place) => {
    const relation = relationOf(place.model, filter.relation);
    const inside = { data: place.data, model: modelOf(place.data, relation.target) };
    const rows = relatedDocs(place.data, relation, value as Doc);
    return QUANTIFIERS[filter.quantifier](rows.map((row) => matches(filter.filter, row, inside)));
  },
  callback: (filter, value, place) => {
    const doc = value as Doc;
    return filter.test(place.model === null ? doc : normalizeDoc(place.model, doc)) === true;
  },
};

function matches(filter: Filter, value: Value, place: Place): boolean {
  return visitFilter(filter, MATCHES, value, place);
}

/** Whether the row matches; a null filter matches every row. */
export function referenceMatches(data: ReferenceData, model: string, where: Filter | null, doc: Doc): boolean {
  return where === null || matches(where, doc, { data, model: modelOf(data, model) });
}

const ORDER_VALUE: OrderKeyHandlers<Json, [doc: Doc, place: Place]> = {
  path: (key, doc) => readPath(doc, key.path),
  related: (key, doc, { data, model }) => {
    const relation = relationOf(model, key.relation);
    const [row] = relatedDocs(data, relation, doc);
    return row === undefined ? null : orderValue(key.key, row, { data, model: modelOf(data, relation.target) });
  },
  count: (key, doc, { data, model }) => countRelated(data, model, key, doc),
};

function orderValue(key: OrderKey, doc: Doc, place: Place): Json {
  return visitOrderKey(key, ORDER_VALUE, doc, place);
}

function countRelated(
  data: ReferenceData,
  model: ModelMeta | null,
  node: Pick<CountNode, "relation" | "where">,
  doc: Doc,
): number {
  const relation = relationOf(model, node.relation);
  const rows = relatedDocs(data, relation, doc);
  return rows.filter((row) => referenceMatches(data, relation.target, node.where, row)).length;
}

/** Compares two lists of order values, one per term. */
function compareByTerms(terms: readonly OrderTerm[], a: readonly Json[], b: readonly Json[]): number {
  for (const [index, term] of terms.entries()) {
    const order = compareForOrder(a[index], b[index], term.direction, term.nulls);
    if (order !== 0) return order;
  }
  return 0;
}

export function orderRows(
  data: ReferenceData,
  model: ModelMeta | null,
  terms: readonly OrderTerm[],
  rows: readonly Doc[],
): readonly { readonly doc: Doc; readonly values: readonly Json[] }[] {
  return rows
    .map((doc) => ({ doc, values: terms.map((term) => orderValue(term.key, doc, { data, model })) }))
    .sort((a, b) => compareByTerms(terms, a.values, b.values));
}

/** Whether two rows have equal values at every path. */
export function sameAt(paths: readonly Path[], a: Doc, b: Doc): boolean {
  return paths.every((path) => equalValues(readPath(a, path), readPath(b, path)));
}

/** The rows of `candidates` that the selection picks, as stored, in its order. */
function select(
  data: ReferenceData,
  model: ModelMeta,
  selection: Selection,
  candidates: readonly Doc[],
): readonly Doc[] {
  const { where, orderBy, distinct, after, offset, limit } = selection;
  const matching = candidates.filter((doc) => referenceMatches(data, model.name, where, doc));
  let rows = orderRows(data, model, orderBy, matching);
  if (distinct !== null) {
    rows = rows.filter((row, index) => !rows.slice(0, index).some((earlier) => sameAt(distinct, earlier.doc, row.doc)));
  }
  if (after !== null) rows = rows.filter((row) => compareByTerms(orderBy, row.values, after) > 0);
  return rows.slice(offset, limit === null ? undefined : offset + limit).map((row) => row.doc);
}

/** The row as it is handed out: the chosen fields in model order, then populated relations, then counts. */
function assemble(data: ReferenceData, model: ModelMeta, selection: Selection, doc: Doc): Doc {
  const whole = normalizeDoc(model, doc);
  const row: Record<string, Json> = {};
  for (const { name } of model.fields) {
    const value = ownValue(whole, name);
    const chosen = selection.fields === null || selection.fields.includes(name);
    if (chosen && value !== undefined) putOwn(row, name, value);
  }
  for (const node of selection.populate) {
    const relation = relationOf(model, node.relation);
    const rows = read(data, relation.target, node.selection, relatedDocs(data, relation, doc));
    putOwn(row, node.relation, relation.arity === "one" ? (rows[0] ?? null) : rows);
  }
  for (const node of selection.counts) putOwn(row, node.as, countRelated(data, model, node, doc));
  return Object.freeze(row);
}

function read(
  data: ReferenceData,
  modelName: string,
  selection: Selection,
  candidates: readonly Doc[],
): readonly Doc[] {
  const model = modelOf(data, modelName);
  const rows = select(data, model, selection, candidates).map((doc) => assemble(data, model, selection, doc));
  return Object.freeze(rows);
}

export function referenceFind(data: ReferenceData, query: FindQuery): readonly Doc[] {
  return read(data, query.model, query, data.docs(query.model));
}

export function referenceCount(data: ReferenceData, model: string, where: Filter | null): number {
  return data.docs(model).filter((doc) => referenceMatches(data, model, where, doc)).length;
}
