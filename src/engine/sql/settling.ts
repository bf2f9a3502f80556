/**
 * References that may be broken halfway through a command, and are checked when it has ended. A delete settles cascades
 * first; they may take away what a `restrict` reference, or one to a field that `setNull` empties, waits for. An update moves
 * values on row by row. A database that checks each reference as it comes must be told to wait with these.
 */
import type { Change } from "../../query/ir.js";
import type { ModelMeta, OnDelete, RelationMeta, Schema } from "../../schema/model.js";

export interface Edge {
  readonly child: ModelMeta;
  readonly relation: RelationMeta;
}

/** `onDelete`: only of this kind; null: of all. */
function edgesTo(schema: Schema, target: string, onDelete: OnDelete | null): readonly Edge[] {
  return [...schema.models.values()].flatMap((child) =>
    child.relations
      .filter((r) => r.kind === "belongsTo" && r.target === target && (onDelete === null || r.onDelete === onDelete))
      .map((relation) => ({ child, relation })),
  );
}

/** Models of which rows may go when rows of `model` are deleted, itself included. */
export function reachedByDelete(schema: Schema, model: ModelMeta): ReadonlySet<string> {
  const reached = new Set([model.name]);
  for (const name of reached) for (const { child } of edgesTo(schema, name, "cascade")) reached.add(child.name);
  return reached;
}

/** Every delete asks, and the schema answers once. */
function oncePerModel<T>(compute: (schema: Schema, model: ModelMeta) => T): (schema: Schema, model: ModelMeta) => T {
  const known = new WeakMap<Schema, Map<string, T>>();
  return (schema, model) => {
    const answers = known.get(schema) ?? new Map<string, T>();
    known.set(schema, answers);
    const answer = answers.get(model.name) ?? compute(schema, model);
    answers.set(model.name, answer);
    return answer;
  };
}

/** The references that must be checked last when rows of `model` are deleted; none: the order does not matter. */
export const checkedLast = oncePerModel(findCheckedLast);

function findCheckedLast(schema: Schema, model: ModelMeta): readonly Edge[] {
  const reached = reachedByDelete(schema, model);
  const emptying = [...reached].flatMap((name) => edgesTo(schema, name, "setNull"));
  const cascades = [...reached].some((name) => edgesTo(schema, name, "cascade").length > 0);
  if (!cascades && emptying.length === 0) return [];
  const touched = new Set([...reached, ...emptying.map(({ child }) => child.name)]);
  const toReached = [...reached].flatMap((name) => edgesTo(schema, name, "restrict"));
  const toEmptied = emptying.flatMap(({ child, relation: { from } }) =>
    edgesTo(schema, child.name, null).filter(({ relation: { to } }) => to.some((name) => from.includes(name))),
  );
  const all = [...toReached, ...toEmptied].filter(({ child }) => touched.has(child.name));
  return all.filter(
    ({ child, relation }, at) => all.findIndex((e) => e.child === child && e.relation === relation) === at,
  );
}

/**
 * The references that an update of several rows may break halfway: those that lead to the values it changes, and unique ones
 * that the rows take from each other.
 */
export function movedBy(schema: Schema, model: ModelMeta, changes: readonly Change[]): readonly Edge[] {
  const changed = new Set(changes.map(({ path }) => path[0]!));
  const moves = (names: readonly string[]): boolean => names.some((name) => changed.has(name));
  const incoming = edgesTo(schema, model.name, null).filter(({ relation }) => moves(relation.to));
  const unique = new Set(model.indexes.flatMap((index) => (index.unique ? index.paths.map(([name]) => name) : [])));
  const own = model.relations.filter(
    ({ kind, from }) => kind === "belongsTo" && moves(from) && from.some((name) => unique.has(name)),
  );
  const outgoing = own.map((relation) => ({ child: model, relation }));
  return [...incoming, ...outgoing.filter((edge) => !incoming.some(({ relation }) => relation === edge.relation))];
}

/**
 * Whether deleting rows can delete or empty others of the same model: then the database does not say which were named and
 * which reached, nor what they held before.
 */
export const deleteComesBack = oncePerModel((schema, model): boolean => {
  const reached = reachedByDelete(schema, model);
  return model.relations.some(
    (relation) => relation.kind === "belongsTo" && relation.onDelete !== "restrict" && reached.has(relation.target),
  );
});

/**
 * Whether a delete can empty, by `setNull`, a value of a row that goes with it and over which a cascade leads on: a database
 * that empties before it cascades would lose the way. Such rows are looked up first, and deleted from the far end.
 */
export const emptiesOnTheWay = oncePerModel((schema, model): boolean => {
  const reached = reachedByDelete(schema, model);
  return [...reached].some((name) =>
    edgesTo(schema, name, "setNull").some(
      ({ child, relation: { from } }) =>
        reached.has(child.name) &&
        edgesTo(schema, child.name, "cascade").some(({ relation: { to } }) => to.some((field) => from.includes(field))),
    ),
  );
});
