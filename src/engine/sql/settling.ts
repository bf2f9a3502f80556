/**
 * Deletes whose cascades may still take away what a `restrict` reference waits for. The reference settles cascades first
 * and checks afterwards; a database that checks each reference as it comes must be told to wait with these.
 */
import type { ModelMeta, OnDelete, RelationMeta, Schema } from "../../schema/model.js";

interface Edge {
  readonly child: ModelMeta;
  readonly relation: RelationMeta;
}

function edgesTo(schema: Schema, target: string, onDelete: OnDelete): readonly Edge[] {
  return [...schema.models.values()].flatMap((child) =>
    child.relations
      .filter((r) => r.kind === "belongsTo" && r.target === target && r.onDelete === onDelete)
      .map((relation) => ({ child, relation })),
  );
}

/** Models of which rows may go when rows of `model` are deleted, itself included. */
export function reachedByDelete(schema: Schema, model: ModelMeta): ReadonlySet<string> {
  const reached = new Set([model.name]);
  for (const name of reached) for (const { child } of edgesTo(schema, name, "cascade")) reached.add(child.name);
  return reached;
}

const cache = new WeakMap<Schema, Map<string, readonly Edge[]>>();

/** The `restrict` references that must be checked last when rows of `model` are deleted; none: the order does not matter. */
export function checkedLast(schema: Schema, model: ModelMeta): readonly Edge[] {
  let known = cache.get(schema);
  if (known === undefined) {
    known = new Map();
    cache.set(schema, known);
  }
  let edges = known.get(model.name);
  if (edges === undefined) {
    edges = compute(schema, model);
    known.set(model.name, edges);
  }
  return edges;
}

function compute(schema: Schema, model: ModelMeta): readonly Edge[] {
  const reached = reachedByDelete(schema, model);
  const emptied = [...reached].flatMap((name) => edgesTo(schema, name, "setNull").map(({ child }) => child.name));
  const cascades = [...reached].some((name) => edgesTo(schema, name, "cascade").length > 0);
  if (!cascades && emptied.length === 0) return [];
  const touched = new Set([...reached, ...emptied]);
  return [...reached].flatMap((name) =>
    edgesTo(schema, name, "restrict").filter(({ child }) => touched.has(child.name)),
  );
}

/**
 * Whether deleting rows can delete or empty others of the same model: then the database does not say which were named and
 * which reached, nor what they held before.
 */
export function deleteComesBack(schema: Schema, model: ModelMeta): boolean {
  const reached = reachedByDelete(schema, model);
  return model.relations.some(
    (relation) => relation.kind === "belongsTo" && relation.onDelete !== "restrict" && reached.has(relation.target),
  );
}
