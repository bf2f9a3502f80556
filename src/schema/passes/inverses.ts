/** Pass 5: pairs each relation with the one that is it seen from the other side. */
import type { Building, LinkedRelation, ResolveContext } from "./context.js";
import { quoted, sameNames } from "./context.js";

export function resolveInverses(context: ResolveContext): void {
  for (const building of context.models.values()) {
    for (const relation of building.relations.values()) {
      const target = context.models.get(relation.meta.target);
      if (target === undefined) continue;
      const others = [...target.relations.values()].filter((other) => isInverse(building, relation, target, other));
      if (others.length > 1) reportAmbiguous(context, building, relation, target, others);
      const inverse = others[0]?.meta.name ?? null;
      relation.meta = { ...relation.meta, inverse };
    }
  }
}

function isInverse(here: Building, relation: LinkedRelation, there: Building, other: LinkedRelation): boolean {
  const a = relation.meta;
  const b = other.meta;
  if (b.target !== here.draft.name || a.target !== there.draft.name) return false;
  if (a.through !== null || b.through !== null) {
    if (a.through === null || b.through === null || a.through.model !== b.through.model) return false;
    return sameNames(a.through.from, b.through.to) && sameNames(a.through.to, b.through.from);
  }
  if ((a.kind === "belongsTo") === (b.kind === "belongsTo")) return false;
  return sameNames(a.from, b.to) && sameNames(a.to, b.from);
}

function reportAmbiguous(
  context: ResolveContext,
  building: Building,
  relation: LinkedRelation,
  target: Building,
  others: readonly LinkedRelation[],
): void {
  const names = quoted(others.map((other) => other.meta.name));
  const message = `${names} of ${target.draft.name} are both the other side of \`${relation.meta.name}\` of ${building.draft.name}`;
  context.report(building.draft, relation.meta.name, message, "keep one of them", others[1]?.draft.location ?? null);
}
