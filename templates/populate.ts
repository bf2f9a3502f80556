/**
 * What comes back: rows narrowed by `select` and `omit`, with the relations that `populate` loads. Paths are unions of
 * string literals to depth 3, written as templates over the paths of the targets, so that their text stays linear.
 */
import type { ModelMeta, RelationMeta, Schema } from "../src/schema/model.js";
import type { Scope } from "./scope.js";
import { aliasText, genericAlias, interfaceText, type Member } from "./text.js";

/** Above this, a union of paths is slow to complete: such hubs get fewer steps (the builder has no limit). */
const MAX_PATHS = 4000;

export function renderPopulate(model: ModelMeta, scope: Scope): string {
  const { name } = model;
  const parameters = ["P extends string", `S extends keyof ${name}`, `O extends keyof ${name} = never`];
  const picked = `${scope.shared("PickRow")}<${name}, S, O>`;
  if (model.relations.length === 0)
    return [
      `export type ${name}Path = never;`,
      genericAlias(`${name}Row`, parameters, scope.shared("Populated"), [picked, "never", "P"]),
    ].join("\n");
  const loaded = `${name}Relations<P>`;
  return [
    renderPaths(model, scope),
    renderRelations(model, scope),
    [
      genericAlias(`${name}With`, ["P extends string"], scope.shared("Populated"), [name, loaded, "P"]),
      `/** A row: of the fields \`S\` without \`O\`, with what \`P\` adds. */`,
      genericAlias(`${name}Row`, parameters, scope.shared("Populated"), [picked, loaded, "P"]),
    ].join("\n"),
  ].join("\n\n");
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
    aliasText(`${name}Path`, depth < 3 ? [second] : [first, ...deeper("Path2")], "What populate takes."),
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
    const target = scope.target(relation.target);
    const row =
      target.relations.length === 0
        ? scope.of(target)
        : `${scope.of(target, "With")}<${scope.shared("Tail")}<P, ${JSON.stringify(relation.name)}>>`;
    const type = relation.arity === "many" ? [`${row}[]`] : relation.nullable ? [row, "null"] : [row];
    return {
      name: relation.name,
      type,
      description: scope.description(`${model.name}.${relation.name}`, relation.description),
    };
  });
  return interfaceText(`${model.name}Relations<P extends string>`, members);
}
