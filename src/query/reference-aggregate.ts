/** The executable specification of aggregation: groups, measures, having, order. */
import { assertNever } from "../base/assert.js";
import type { Doc, Json } from "../schema/model.js";
import { putOwn } from "./document.js";
import type { AggregateQuery, Measure } from "./ir.js";
import { modelOf, orderRows, type ReferenceData, referenceMatches, sameAt } from "./reference.js";
import { compareValues, readPath } from "./semantics.js";

/** Bigints add up exactly, numbers as floats in the order of the rows; other values do not count. */
function sum(values: readonly Json[]): number | bigint | null {
  const numbers = values.filter((value) => typeof value === "number");
  const bigints = values.filter((value) => typeof value === "bigint");
  const exact = bigints.reduce((total, value) => total + value, 0n);
  if (numbers.length === 0) return bigints.length === 0 ? null : exact;
  return numbers.reduce((total, value) => total + value, 0) + Number(exact);
}

function average(values: readonly Json[]): number | null {
  const numeric = values.filter((value) => typeof value === "number" || typeof value === "bigint");
  const total = sum(numeric);
  return total === null ? null : Number(total) / numeric.length;
}

function extreme(values: readonly Json[], sign: 1 | -1): Json {
  return values.reduce((best, value) => (best === null || sign * compareValues(value, best) > 0 ? value : best), null);
}

function measure({ fn, path }: Measure, rows: readonly Doc[]): Json {
  if (path === null) return rows.length;
  const values = rows.map((row) => readPath(row, path)).filter((value) => value !== null);
  switch (fn) {
    case "count":
      return values.length;
    case "sum":
      return sum(values);
    case "avg":
      return average(values);
    case "min":
      return extreme(values, -1);
    case "max":
      return extreme(values, 1);
    default:
      return assertNever(fn);
  }
}

export function referenceAggregate(data: ReferenceData, query: AggregateQuery): readonly Doc[] {
  const { groupBy, having, offset, limit } = query;
  const model = modelOf(data, query.model);
  const groups: Doc[][] = groupBy.length === 0 ? [[]] : [];
  for (const doc of data.docs(model.name)) {
    if (!referenceMatches(data, model.name, query.where, doc)) continue;
    const group = groups.find((rows) => rows[0] === undefined || sameAt(groupBy, rows[0], doc));
    if (group === undefined) groups.push([doc]);
    else group.push(doc);
  }
  const results = groups.map((rows) => {
    const result: Record<string, Json> = {};
    for (const path of groupBy) putOwn(result, path.join("."), readPath(rows[0], path));
    for (const item of query.measures) putOwn(result, item.as, measure(item, rows));
    return Object.freeze(result) as Doc;
  });
  const kept = results.filter((row) => referenceMatches(data, model.name, having, row));
  const ordered = orderRows(data, null, query.orderBy, kept).map((row) => row.doc);
  return Object.freeze(ordered.slice(offset, limit === null ? undefined : offset + limit));
}
