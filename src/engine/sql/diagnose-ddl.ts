/** Which rows a refused schema change breaks over: two that share a unique value, or one whose reference leads nowhere. */
import type { AggregateQuery, FindQuery } from "../../query/ir.js";
import { readPath } from "../../query/semantics.js";
import { missingParent, uniqueViolation } from "../../query/violations.js";
import type { Doc, IndexMeta, Json, ModelMeta, RelationMeta } from "../../schema/model.js";
import type { SchemaOp } from "../../schema/ops.js";
import type { SqlSession } from "./session.js";
import { wholeDocs } from "./whole-docs.js";

const COUNT = "$count";

async function sharedValue(session: SqlSession, model: ModelMeta, index: IndexMeta): Promise<Error | null> {
  const query: AggregateQuery = {
    kind: "aggregate",
    model: model.name,
    where: {
      kind: "and",
      filters: index.paths.map((path) => ({ kind: "compare", path, op: "ne", value: null })),
    },
    groupBy: index.paths,
    measures: [{ as: COUNT, fn: "count", path: null }],
    having: { kind: "compare", path: [COUNT], op: "gt", value: 1 },
    orderBy: [],
    offset: 0,
    limit: 1,
  };
  const [found] = await session.aggregate(query);
  if (found === undefined) return null;
  return uniqueViolation(
    model,
    index,
    index.paths.map((path) => found[path.join(".")] ?? null),
  );
}

async function lostReference(session: SqlSession, model: ModelMeta, relation: RelationMeta): Promise<Error | null> {
  const query: FindQuery = wholeDocs(
    model,
    {
      kind: "and",
      filters: [
        ...relation.from.map((name) => ({ kind: "compare", path: [name], op: "ne", value: null }) as const),
        { kind: "related", relation: relation.name, quantifier: "none", filter: { kind: "and", filters: [] } },
      ],
    },
    1,
  );
  const [found] = await session.find(query);
  return found === undefined ? null : missingParent(model, relation, valuesOf(found, relation.from));
}

function valuesOf(doc: Doc, names: readonly string[]): readonly Json[] {
  return names.map((name) => readPath(doc, [name]));
}

/** The typed error of an operation that a constraint refused; null when the rows do not tell. `session`: of the target schema. */
export async function diagnoseOp(session: SqlSession, op: SchemaOp, model: ModelMeta): Promise<Error | null> {
  if (op.kind === "createIndex" && op.index.unique) return sharedValue(session, model, op.index);
  if (op.kind === "addRelation" || op.kind === "alterRelation") return lostReference(session, model, op.relation);
  return null;
}
