/** Small makers of IR that the repository needs for its own look-ups. */
import type { Filter, FindQuery } from "../query/ir.js";
import { defaultOrder } from "../query/parse-order.js";
import type { Doc, Json, ModelMeta } from "../schema/model.js";

export function anyOf(filters: readonly Filter[]): Filter {
  return filters.length === 1 ? filters[0]! : { kind: "or", filters };
}

/** Fields equal to values, pairwise. */
export function equalTo(fields: readonly string[], values: readonly Json[]): Filter {
  const filters = fields.map(
    (field, index): Filter => ({ kind: "compare", path: [field], op: "eq", value: values[index] ?? null }),
  );
  return filters.length === 1 ? filters[0]! : { kind: "and", filters };
}

/** Fields equal to one of several lists of values. */
export function equalToAny(fields: readonly string[], tuples: readonly (readonly Json[])[]): Filter {
  if (fields.length === 1) return { kind: "in", path: [fields[0]!], values: tuples.map((tuple) => tuple[0] ?? null) };
  return { kind: "or", filters: tuples.map((tuple) => equalTo(fields, tuple)) };
}

export function valuesOf(doc: Doc, fields: readonly string[]): readonly Json[] {
  return fields.map((field) => doc[field] ?? null);
}

/** The filter that names exactly this record. */
export function keyFilter(meta: ModelMeta, doc: Doc): Filter {
  return equalTo(meta.key, valuesOf(doc, meta.key));
}

/** Whole rows by a filter, in key order. */
export function findQuery(
  meta: ModelMeta,
  where: Filter | null,
  limit: number | null,
  lock: FindQuery["lock"] = "none",
): FindQuery {
  return {
    kind: "find",
    model: meta.name,
    lock,
    where,
    orderBy: defaultOrder(meta),
    after: null,
    offset: 0,
    limit,
    distinct: null,
    fields: null,
    populate: NONE,
    counts: NONE,
  };
}

const NONE: readonly never[] = Object.freeze([]);
