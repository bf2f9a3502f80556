/** The sides of a relation without the foreign key: each is linked to the belongsTo that holds it. */
import type { RelationMeta } from "../model.js";
import { type Building, type LinkedRelation, quoted, type ResolveContext, sameNames } from "./context.js";
import { didYouMean } from "./keys.js";
import { findTarget, type Owned } from "./target.js";

/** hasOne, hasMany: rows of the target whose foreign key holds the values of our fields. */
export function resolveHas(context: ResolveContext, owned: Owned): void {
  const { building, relation } = owned;
  const target = findTarget(context, owned);
  if (target === null) return;
  if (!checkNamed(context, owned, target, relation.to)) return;
  if (relation.onDelete !== null) {
    const message = `\`${relation.name}\` of ${building.draft.name} sets onDelete, which belongs on the side with the foreign key`;
    const fix = `set it on the belongsTo of ${target.draft.name}`;
    context.report(building.draft, relation.name, message, fix, relation.location);
  }
  const owner = findOwner(context, owned, target, { model: building, fields: relation.to, option: "to" });
  if (owner === null) return;
  building.relations.set(relation.name, {
    draft: relation,
    meta: {
      ...common(owned),
      arity: relation.kind === "hasOne" ? "one" : "many",
      nullable: relation.kind === "hasOne",
      from: owner.meta.to,
      to: owner.meta.from,
      through: null,
      onDelete: owner.meta.onDelete,
    },
  });
}

/** manyToMany: the through model has one belongsTo to us and one to the target. */
export function resolveManyToMany(context: ResolveContext, owned: Owned): void {
  const { building, relation } = owned;
  const { draft } = building;
  const target = findTarget(context, owned);
  const wanted = relation.through;
  const report = (message: string, fix: string) =>
    context.report(draft, relation.name, message, fix, relation.location);
  if (wanted === null) {
    report(`\`${relation.name}\` of ${draft.name} names no through model`, 'add one: { through: "…" }');
    return;
  }
  const through = context.models.get(wanted.model);
  if (through === undefined) {
    const message = `\`${relation.name}\` of ${draft.name} goes through model \`${wanted.model}\``;
    report(message, didYouMean(wanted.model, context.models.keys()));
    return;
  }
  if (target === null) return;
  const known = [checkNamed(context, owned, through, wanted.from), checkNamed(context, owned, through, wanted.to)];
  if (known.includes(false)) return;
  const near = findOwner(context, owned, through, { model: building, fields: wanted.from, option: "from" });
  const far = findOwner(context, owned, through, { model: target, fields: wanted.to, option: "to" });
  if (near === null || far === null) return;
  if (near === far) {
    const message = `\`${relation.name}\` of ${draft.name} uses the same foreign key of ${wanted.model} on both sides`;
    report(message, "name two: { from: …, to: … }");
    return;
  }
  building.relations.set(relation.name, {
    draft: relation,
    meta: {
      ...common(owned),
      arity: "many",
      nullable: false,
      from: near.meta.to,
      to: far.meta.to,
      through: { model: wanted.model, from: near.meta.from, to: far.meta.from },
      onDelete: near.meta.onDelete,
    },
  });
}

function common({ relation }: Owned): Pick<RelationMeta, "name" | "kind" | "target" | "inverse" | "description"> {
  return {
    name: relation.name,
    kind: relation.kind,
    target: relation.target,
    inverse: null,
    description: relation.description,
  };
}

function checkNamed(context: ResolveContext, owned: Owned, holder: Building, names: readonly string[] | null): boolean {
  const { building, relation } = owned;
  let valid = true;
  for (const name of names ?? []) {
    if (holder.fields.has(name)) continue;
    const message = `\`${relation.name}\` of ${building.draft.name} names field \`${name}\`, which ${holder.draft.name} lacks`;
    context.report(building.draft, relation.name, message, didYouMean(name, holder.fields.keys()), relation.location);
    valid = false;
  }
  return valid;
}

interface Wanted {
  /** The model that the foreign key must point at. */
  readonly model: Building;
  /** Its fields, or null when the only one will do. */
  readonly fields: readonly string[] | null;
  readonly option: "from" | "to";
}

/** The belongsTo of `holder` that points at `wanted.model` through `wanted.fields`. */
function findOwner(context: ResolveContext, owned: Owned, holder: Building, wanted: Wanted): LinkedRelation | null {
  const { building, relation } = owned;
  const goal = wanted.model.draft.name;
  const belongs = holder.draft.relations.filter(
    (candidate) => candidate.kind === "belongsTo" && candidate.target === goal,
  );
  const matching = belongs.filter(
    (candidate) => wanted.fields === null || sameNames(candidate.from ?? [], wanted.fields),
  );
  const name = `\`${relation.name}\` of ${building.draft.name}`;
  const report = (message: string, fix: string) =>
    context.report(building.draft, relation.name, message, fix, relation.location);
  if (matching.length === 0) {
    const key = wanted.fields ?? belongs[0]?.from ?? null;
    const by = wanted.fields === null ? "" : ` by ${quoted(wanted.fields)}`;
    report(
      `${name} needs a belongsTo of ${holder.draft.name} that points at ${goal}${by}`,
      missingFix(holder, goal, key),
    );
    return null;
  }
  if (matching.length > 1) {
    const names = quoted(matching.map((candidate) => candidate.name));
    const keys = matching.map((candidate) => text(candidate.from ?? [])).join(" or ");
    const fix = wanted.fields === null ? `say which: { ${wanted.option}: ${keys} }` : "remove one of them";
    report(`${name} could be the other side of ${names} of ${holder.draft.name}`, fix);
    return null;
  }
  // Undefined when that belongsTo is wrong itself, which has been reported.
  return holder.relations.get(matching[0]?.name ?? "") ?? null;
}

function missingFix(holder: Building, target: string, fields: readonly string[] | null): string {
  const property = target.charAt(0).toLowerCase() + target.slice(1);
  const from = fields === null ? `"${property}Id"` : text(fields);
  return `add to the relations of ${holder.draft.name}: ${property}: belongsTo("${target}", { from: ${from} })`;
}

function text(fields: readonly string[]): string {
  return fields.length === 1 ? `"${fields[0]}"` : `[${fields.map((field) => `"${field}"`).join(", ")}]`;
}
