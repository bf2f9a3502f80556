/**
 * Picks the rows of a planned selection: where -> order -> distinct -> after -> offset -> limit.
 * When the access path yields the order, rows flow through and reading stops at the limit; else rows are collected, only
 * the best ones when the limit is small.
 */

import type { Selection } from "../../query/ir.js";
import { compileDistinct } from "../../query/order.js";
import type { Doc } from "../../schema/model.js";
import { AccessCursor, type Tally } from "./access.js";
import { BestRows } from "./best-rows.js";
import type { FilterSteps, RootPlan, SelectionPlan } from "./selection-plan.js";
import type { ReadContext } from "./view.js";

/** A selection that keeps at most this many rows is collected by keeping the best ones. */
const TOP = 4096;
/** A residual filter lets an unknown share through: read a few more rows than wanted at first. */
const RESIDUAL_SLACK = 4;

/** The rows of the documents that match. */
export async function matching(
  context: ReadContext,
  filter: FilterSteps | null,
  docs: readonly Doc[],
  tally: Tally,
): Promise<readonly Doc[]> {
  if (filter === null) return docs;
  const own = filter.own === null ? docs : docs.filter(filter.own);
  if (filter.related === null || own.length === 0) return own;
  await filter.related.reads.load(context, own, tally);
  return own.filter(filter.related.test);
}

/** Whole rows as stored, picked and ordered by the selection; nothing populated. */
export async function collect(context: ReadContext, plan: RootPlan): Promise<readonly Doc[]> {
  const { selection, access } = plan;
  if (access.kind === "none" || selection.limit === 0) return [];
  if (isOneKey(plan)) return collectOne(context, plan);
  const cursor = new AccessCursor(context, plan.collection, access, plan.actual, expected(plan));
  try {
    if (plan.sort !== null) return await collectSorted(context, plan, cursor);
    const rows: Doc[] = [];
    const flow = rowFlow(plan);
    for (let docs = await cursor.next(); docs !== null; docs = await cursor.next()) {
      const found = await matching(context, plan.filter, docs, ignored);
      if (!flow.push(found, rows)) break;
    }
    return rows;
  } finally {
    await cursor.close();
  }
}

/** One key and nothing to test or to skip: the most common query, without the machinery for streams of rows. */
function isOneKey({ access, filter, after, selection }: RootPlan): boolean {
  return (
    access.kind === "keys" && access.keys.length === 1 && filter === null && after === null && selection.offset === 0
  );
}

async function collectOne(context: ReadContext, plan: RootPlan): Promise<readonly Doc[]> {
  const found = await context.view.getMany(plan.collection.space, plan.access.keys);
  context.check();
  const doc = found[0] as Doc | undefined;
  if (doc === undefined) return [];
  plan.actual.read++;
  return [doc];
}

/** As `collect`, in batches; reading goes on only as they are taken. */
export async function* collectBatches(
  context: ReadContext,
  plan: RootPlan,
  size: number,
): AsyncGenerator<readonly Doc[], void, undefined> {
  const { access, selection } = plan;
  if (plan.sort !== null) {
    const rows = await collect(context, plan);
    for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
    return;
  }
  if (access.kind === "none" || selection.limit === 0) return;
  const cursor = new AccessCursor(
    context,
    plan.collection,
    access,
    plan.actual,
    Math.min(size, expected(plan) ?? size),
  );
  try {
    const flow = rowFlow(plan);
    let rows: Doc[] = [];
    let more = true;
    while (more) {
      const docs = await cursor.next();
      if (docs === null) break;
      more = flow.push(await matching(context, plan.filter, docs, ignored), rows);
      while (rows.length >= size) {
        yield rows.slice(0, size);
        rows = rows.slice(size);
      }
    }
    if (rows.length > 0) yield rows;
  } finally {
    await cursor.close();
  }
}

/** Reads for filters and orders are not rows of the access path. */
export const ignored: Tally = { read: 0 };

function expected(plan: RootPlan): number | null {
  const { limit, offset, distinct } = plan.selection;
  if (plan.access.single) return 1;
  if (plan.sort !== null || limit === null || distinct !== null) return null;
  const need = offset + limit;
  return plan.filter === null && plan.after === null ? need : need * RESIDUAL_SLACK + 16;
}

/** Takes rows in their final order through distinct, after, offset and limit. */
function rowFlow(plan: SelectionPlan): { push(docs: readonly Doc[], into: Doc[]): boolean } {
  const { distinct, offset, limit } = plan.selection;
  const isFirst = distinct === null ? null : compileDistinct(distinct);
  const isAfter = plan.after;
  let skip = offset;
  let left = limit ?? Number.POSITIVE_INFINITY;
  return {
    /** False: no further row is wanted. */
    push(docs, into) {
      for (const doc of docs) {
        if (isFirst !== null && !isFirst(doc)) continue;
        if (isAfter !== null && !isAfter(doc)) continue;
        if (skip > 0) {
          skip--;
          continue;
        }
        into.push(doc);
        if (--left <= 0) return false;
      }
      return true;
    },
  };
}

async function collectSorted(context: ReadContext, plan: RootPlan, cursor: AccessCursor): Promise<readonly Doc[]> {
  const { reads, compare } = plan.sort!;
  const keep = topSize(plan.selection);
  const best = keep === null || keep === 0 ? null : new BestRows(keep, compare);
  const rows: Doc[] = [];
  for (let docs = await cursor.next(); docs !== null; docs = await cursor.next()) {
    let found = await matching(context, plan.filter, docs, ignored);
    if (keep !== null && plan.after !== null) found = found.filter(plan.after);
    if (reads.needed) await reads.load(context, found, ignored);
    if (best === null) for (const doc of found) rows.push(doc);
    else for (const doc of found) best.add(doc);
  }
  return sliceSorted(plan, best === null ? rows.sort(compare) : best.take());
}

/** How many of the first rows in order are enough, or null when all are needed. */
function topSize({ limit, offset, distinct }: Selection): number | null {
  return limit === null || distinct !== null || offset + limit > TOP ? null : offset + limit;
}

/** Sorts and cuts rows that are all at hand and match. */
export async function arrange(
  context: ReadContext,
  plan: SelectionPlan,
  rows: readonly Doc[],
): Promise<readonly Doc[]> {
  if (plan.sort === null || rows.length < 2) return sliceSorted(plan, rows);
  if (plan.sort.reads.needed) await plan.sort.reads.load(context, rows, ignored);
  return sliceSorted(plan, [...rows].sort(plan.sort.compare));
}

function sliceSorted(plan: SelectionPlan, rows: readonly Doc[]): readonly Doc[] {
  const { distinct, offset, limit } = plan.selection;
  if (distinct === null && plan.after === null) {
    return offset === 0 && (limit === null || rows.length <= limit)
      ? rows
      : rows.slice(offset, limit === null ? undefined : offset + limit);
  }
  const kept: Doc[] = [];
  if (limit !== 0) rowFlow(plan).push(rows, kept);
  return kept;
}
