/** The query for whole documents in key order, as writes and look-ups of constraints need them. */
import type { Filter, FindQuery } from "../../query/ir.js";
import type { ModelMeta } from "../../schema/model.js";

export function wholeDocs(model: ModelMeta, where: Filter | null, limit: number | null): FindQuery {
  return {
    kind: "find",
    model: model.name,
    where,
    orderBy: model.key.map((name) => ({ key: { kind: "path", path: [name] }, direction: "asc", nulls: "first" })),
    after: null,
    offset: 0,
    limit,
    distinct: null,
    fields: null,
    populate: [],
    counts: [],
    lock: "update",
  };
}
