/** What an executor can do, as functions of a read context: shared by the engine's single calls and by transactions. */
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import type { Plan } from "../engine.js";
import { aggregate, count } from "./aggregate.js";
import { explainPlan } from "./explain.js";
import { collect, collectBatches } from "./find.js";
import type { Overlay } from "./overlay.js";
import { findPoint, pointOf } from "./point.js";
import { shape } from "./populate.js";
import { planRoot } from "./selection-plan.js";
import type { ReadContext } from "./view.js";
import { write } from "./writes.js";

/** Rows per batch of a stream that does not say. */
const STREAM_BATCH = 256;

export interface Operations {
  find(context: ReadContext, query: FindQuery): Promise<readonly Doc[]>;
  stream(context: ReadContext, query: FindQuery, batch: number | undefined): AsyncIterableIterator<readonly Doc[]>;
  aggregate(context: ReadContext, query: AggregateQuery): Promise<readonly Doc[]>;
  count(context: ReadContext, model: string, where: Filter | null): Promise<number>;
  explain(context: ReadContext, query: FindQuery, analyze: boolean): Promise<Plan>;
  write(context: ReadContext, overlay: Overlay, command: WriteCommand): Promise<WriteResult>;
}

/** `engine`: the name in plans. `splits`: whether the storage keeps partitions apart. */
export function createOperations(engine: string, splits: boolean): Operations {
  return {
    async find(context, query) {
      const point = pointOf(context.catalog, query);
      if (point !== null) {
        const rows = await findPoint(context.view, point);
        context.check();
        return rows;
      }
      const plan = await planRoot(context, context.catalog.collection(query.model), query);
      return shape(context, plan, await collect(context, plan));
    },
    async *stream(context, query, batch) {
      const plan = await planRoot(context, context.catalog.collection(query.model), query);
      for await (const rows of collectBatches(context, plan, batch ?? STREAM_BATCH)) {
        yield await shape(context, plan, rows);
      }
    },
    aggregate,
    count,
    async explain(context, query, analyze) {
      const plan = await planRoot(context, context.catalog.collection(query.model), query);
      if (analyze) await shape(context, plan, await collect(context, plan));
      return explainPlan(engine, plan, analyze, splits);
    },
    write,
  };
}
