/** count and aggregate: one pass over the rows that match, without keeping them. */

import { ALL_ROWS } from "../../query/all-rows.js";
import { putOwn } from "../../query/document.js";
import { compileFilter, compileRead } from "../../query/evaluate.js";
import type { AggregateQuery, Filter, Measure, MeasureFn } from "../../query/ir.js";
import { compileOrder, identityOf } from "../../query/order.js";
import { compareValues, isNullish, type Value } from "../../query/semantics.js";
import type { Doc, Json } from "../../schema/model.js";
import { AccessCursor } from "./access.js";
import { ignored, matching } from "./find.js";
import { planRoot, type RootPlan } from "./selection-plan.js";
import type { ReadContext } from "./view.js";

async function eachMatching(
  context: ReadContext,
  plan: RootPlan,
  visit: (docs: readonly Doc[]) => void,
): Promise<void> {
  if (plan.access.kind === "none") return;
  const cursor = new AccessCursor(context, plan.collection, plan.access, plan.actual, null);
  try {
    for (let docs = await cursor.next(); docs !== null; docs = await cursor.next()) {
      visit(await matching(context, plan.filter, docs, ignored));
    }
  } finally {
    await cursor.close();
  }
}

export async function count(context: ReadContext, model: string, where: Filter | null): Promise<number> {
  const collection = context.catalog.collection(model);
  const plan = await planRoot(context, collection, { ...ALL_ROWS, where });
  const { access } = plan;
  if (access.kind === "none") return 0;
  if (plan.filter === null && access.kind === "scan") return context.view.size(collection.space);
  if (plan.filter === null && access.kind === "ranges") return countEntries(context, plan);
  let rows = 0;
  await eachMatching(context, plan, (docs) => {
    rows += docs.length;
  });
  return rows;
}

/** The entries of an index are as many as the rows: no document is read. */
async function countEntries(context: ReadContext, { access }: RootPlan): Promise<number> {
  let rows = 0;
  for (const range of access.ranges) {
    for await (const batch of context.view.scan(access.sequence.space, range, 1024)) {
      context.check();
      rows += batch.keys.length;
    }
  }
  return rows;
}

interface Accumulator {
  add(value: Json): void;
  result(): Json;
}

/** Bigints add up exactly, numbers as floats in the order of the rows; a mixture is a float. */
class Sum implements Accumulator {
  #numbers = 0;
  #float = 0;
  #bigints = 0;
  #exact = 0n;

  add(value: Json): void {
    if (typeof value === "number") {
      this.#numbers++;
      this.#float += value;
    } else if (typeof value === "bigint") {
      this.#bigints++;
      this.#exact += value;
    }
  }

  result(): number | bigint | null {
    if (this.#numbers === 0) return this.#bigints === 0 ? null : this.#exact;
    return this.#float + Number(this.#exact);
  }

  average(): number | null {
    const total = this.result();
    return total === null ? null : Number(total) / (this.#numbers + this.#bigints);
  }
}

function average(): Accumulator {
  const sum = new Sum();
  return { add: (value) => sum.add(value), result: () => sum.average() };
}

function extreme(sign: 1 | -1): Accumulator {
  let best: Json = null;
  return {
    add(value) {
      if (best === null || sign * compareValues(value, best) > 0) best = value;
    },
    result: () => best,
  };
}

function counter(): Accumulator {
  let values = 0;
  return {
    add() {
      values++;
    },
    result: () => values,
  };
}

const ACCUMULATORS: { readonly [F in MeasureFn]: () => Accumulator } = {
  count: counter,
  sum: () => new Sum(),
  avg: average,
  min: () => extreme(-1),
  max: () => extreme(1),
};

interface Group {
  readonly values: readonly Json[];
  readonly accumulators: readonly Accumulator[];
}

function readers(measures: readonly Measure[]): readonly ((doc: Doc) => Value)[] {
  // A measure without a path counts rows: every row has this value.
  return measures.map((measure) => (measure.path === null ? () => true : compileRead(measure.path)));
}

export async function aggregate(context: ReadContext, query: AggregateQuery): Promise<readonly Doc[]> {
  const { groupBy, measures, having, orderBy, offset, limit } = query;
  const plan = await planRoot(context, context.catalog.collection(query.model), { ...ALL_ROWS, where: query.where });
  const groupReads = groupBy.map((path) => compileRead(path));
  const measureReads = readers(measures);
  const groups = new Map<unknown, Group>();
  const groupOf = (doc: Doc): Group => {
    const values = groupReads.map((read) => read(doc) ?? null);
    const identity = values.length === 0 ? "" : JSON.stringify(values.map(identityOf));
    let group = groups.get(identity);
    if (group === undefined) {
      group = { values, accumulators: measures.map((measure) => ACCUMULATORS[measure.fn]()) };
      groups.set(identity, group);
    }
    return group;
  };
  if (groupBy.length === 0) groupOf({});
  await eachMatching(context, plan, (docs) => {
    for (const doc of docs) {
      const { accumulators } = groupOf(doc);
      for (let i = 0; i < accumulators.length; i++) {
        const value = measureReads[i]!(doc);
        if (!isNullish(value)) accumulators[i]!.add(value);
      }
    }
  });
  const results = [...groups.values()].map((group) => {
    const row: Record<string, Json> = {};
    groupBy.forEach((path, i) => {
      putOwn(row, path.join("."), group.values[i]!);
    });
    measures.forEach((measure, i) => {
      putOwn(row, measure.as, group.accumulators[i]!.result());
    });
    return Object.freeze(row) as Doc;
  });
  const kept = having === null ? results : results.filter(compileFilter(having));
  if (orderBy.length > 0) kept.sort(compileOrder(orderBy));
  return Object.freeze(kept.slice(offset, limit === null ? undefined : offset + limit));
}
