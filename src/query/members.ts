/** The members of a model by name; made once per model. */
import { InternalError } from "../base/errors.js";
import type { FieldMeta, ModelMeta, RelationMeta } from "../schema/model.js";

export type Member =
  | { readonly kind: "field"; readonly field: FieldMeta }
  | { readonly kind: "relation"; readonly relation: RelationMeta };

const CACHE = new WeakMap<ModelMeta, ReadonlyMap<string, Member>>();

/** A Map, so that names like `constructor` are found only when declared. */
export function membersOf(model: ModelMeta): ReadonlyMap<string, Member> {
  let members = CACHE.get(model);
  if (members === undefined) {
    members = new Map<string, Member>([
      ...model.fields.map((field): [string, Member] => [field.name, { kind: "field", field }]),
      ...model.relations.map((relation): [string, Member] => [relation.name, { kind: "relation", relation }]),
    ]);
    CACHE.set(model, members);
  }
  return members;
}

/** A declared field; the name must be known to exist. */
export function fieldOf(model: ModelMeta, name: string): FieldMeta {
  const member = membersOf(model).get(name);
  if (member?.kind !== "field") throw new InternalError(`${model.name} has no field ${name}`);
  return member.field;
}
