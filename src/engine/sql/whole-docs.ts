/** The query for whole documents in key order, as writes and look-ups of constraints need them. */
import { ALL_ROWS } from "../../query/all-rows.js";
import type { Filter, FindQuery } from "../../query/ir.js";
import type { ModelMeta } from "../../schema/model.js";

export function wholeDocs(model: ModelMeta, where: Filter | null, limit: number | null): FindQuery {
  return {
    kind: "find",
    model: model.name,
    ...ALL_ROWS,
    where,
    orderBy: model.key.map((name) => ({ key: { kind: "path", path: [name] }, direction: "asc", nulls: "first" })),
    limit,
    lock: "update",
  };
}
