/** Finding the model that a relation names. */
import type { RelationDraft } from "../draft.js";
import type { Building, ResolveContext } from "./context.js";
import { didYouMean } from "./keys.js";

/** A relation with the model that declares it. */
export interface Owned {
  readonly building: Building;
  readonly relation: RelationDraft;
}

export function findTarget(context: ResolveContext, { building, relation }: Owned): Building | null {
  const target = context.models.get(relation.target);
  if (target !== undefined) return target;
  const message = `\`${relation.name}\` of ${building.draft.name} names model \`${relation.target}\``;
  const fix = context.models.size === 0 ? "there are no models" : didYouMean(relation.target, context.models.keys());
  context.report(building.draft, relation.name, message, fix, relation.location);
  return null;
}
