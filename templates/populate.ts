/**
 * What comes back: rows narrowed by `select` and `omit`, with the relations that `populate` loads. Paths are unions of
 * string literals to depth 3, written as templates over the paths of the targets, so that their text stays linear.
 */
import type { ModelMeta, RelationMeta, Schema } from "../src/schema/model.js";
import type { Scope } from "./scope.js";
import { aliasText, interfaceText, type Member } from "./text.js";

/** Above this, a union of paths is slow to complete: such hubs get fewer steps (the builder has no limit). */
const MAX_PATHS = 4000;

export function renderPopulate(model: ModelMeta, scope: Scope): string {
  if (model.relations.length === 0) return "";
  return `${renderPaths(model, scope)}\n\n${renderRelations(model, scope)}`;
}

function renderPaths(model: ModelMeta, scope: Scope): string {
  const { name, relations } = model;
  const step = (relation: RelationMeta, suffix: string): string[] => {
    const target = scope.target(relation.target);
    if (target.relations.length === 0) return [];
    return [`\`${relation.name}.\${${scope.of(target, suffix)}}\``];
  };
  const one = relations.map((relation) => JSON.stringify(relation.name));
  const deeper = (suffix: string): string[] => relations.flatMap((relation) => step(relation, suffix));
  const depth = pathDepth(scope.schema, model);
  const first = `${name}Path1`;
  const second = `${name}Path2`;
  return [
    aliasText(first, one),
    aliasText(second, depth < 2 ? [first] : [first, ...deeper("Path1")]),
    aliasText(`${name}Path`, depth < 3 ? [second] : [first, ...deeper("Path2")], "For populate."),
  ].join("\n");
}

/** How many steps the paths of a model have: 3, less where there would be too many of them. */
export function pathDepth(schema: Schema, model: ModelMeta): number {
  const count = (current: ModelMeta, depth: number): number =>
    current.relations.reduce((sum, relation) => {
      const target = schema.models.get(relation.target);
      return sum + 1 + (depth > 1 && target !== undefined ? count(target, depth - 1) : 0);
    }, 0);
  for (let depth = 3; depth > 1; depth--) if (count(model, depth) <= MAX_PATHS) return depth;
  return 1;
}

function renderRelations(model: ModelMeta, scope: Scope): string {
  const members = model.relations.map((relation): Member => {
    const row = scope.of(scope.target(relation.target));
    const type = relation.arity === "many" ? [`${row}[]`] : relation.nullable ? [row, "null"] : [row];
    return {
      name: relation.name,
      type,
      description: scope.description(`${model.name}.${relation.name}`, relation.description),
    };
  });
  return interfaceText(`${model.name}Relations`, members, "What populate adds.");
}
