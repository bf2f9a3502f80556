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
  const { name } = model;
  const row = [
    aliasText(`${name}Pick<S extends keyof ${name}, O extends keyof ${name}>`, [
      `[O] extends [never] ? (keyof ${name} extends S ? ${name} : ${scope.global("Pick")}<${name}, S>) : ${scope.global("Pick")}<${name}, ${scope.global("Exclude")}<S, O>>`,
    ]),
  ];
  const parameters = `P extends string = never, S extends keyof ${name} = keyof ${name}, O extends keyof ${name} = never`;
  const head = `export type ${name}Row<${parameters}> =`;
  if (model.relations.length === 0) {
    return [
      ...row,
      `export type ${name}Path = never;`,
      `${head} [P] extends [never] ? ${name}Pick<S, O> : never;`,
    ].join("\n");
  }
  const relations = `${name}Relations`;
  const loaded = `{ [K in ${scope.shared("Head")}<P> & ${name}Path1]: ${relations}<P>[K] }`;
  row.push(
    `/** A whole row with the relations that the paths \`P\` load. */`,
    `export type ${name}With<P extends string> = [P] extends [never] ? ${name} : ${name} & ${loaded};`,
    `/** A row: of the fields \`S\` without \`O\`, with the relations that the paths \`P\` load. */`,
    `${head}\n  [P] extends [never] ? ${name}Pick<S, O> : ${name}Pick<S, O> & ${loaded};`,
  );
  return [renderPaths(model, scope), renderRelations(model, scope), row.join("\n")].join("\n\n");
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
