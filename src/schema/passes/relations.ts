/**
 * Pass 4: each relation finds its target and its fields. The foreign key lives on belongsTo alone, so belongsTo goes
 * first; hasOne, hasMany and manyToMany are then linked to the belongsTo that holds their key.
 */
import { TYPE_TRAITS } from "../field-types.js";
import type { FieldMeta } from "../model.js";
import { memberNameProblem, safeName, withMethod } from "../naming.js";
import { type Building, isBroken, quoted, type ResolveContext, sameSet } from "./context.js";
import { didYouMean } from "./keys.js";
import { resolveHas, resolveManyToMany } from "./owned.js";
import { findTarget, type Owned } from "./target.js";

export function resolveRelations(context: ResolveContext): void {
  for (const building of context.models.values()) checkNames(context, building);
  for (const building of context.models.values()) {
    for (const relation of building.draft.relations) {
      if (relation.kind === "belongsTo") resolveBelongsTo(context, { building, relation });
    }
  }
  for (const building of context.models.values()) {
    for (const relation of building.draft.relations) {
      if (relation.kind === "hasOne" || relation.kind === "hasMany") resolveHas(context, { building, relation });
      if (relation.kind === "manyToMany") resolveManyToMany(context, { building, relation });
    }
  }
}

/** Relation names share one name space with fields, and with the counts that `with…Count` adds to a row. */
function checkNames(context: ResolveContext, building: Building): void {
  const { draft, fields } = building;
  const names = new Set(draft.relations.map((relation) => relation.name));
  const methods = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, location } of draft.relations) {
    const report = (message: string, fix: string) => context.report(draft, name, message, fix, location);
    const problem = memberNameProblem(name);
    if (problem !== null) {
      report(
        `the relation name \`${name}\` of ${draft.name} ${problem}`,
        `rename it, for example to \`${safeName(name)}\``,
      );
    }
    if (seen.has(name)) report(`relation \`${name}\` of ${draft.name} is declared twice`, "remove one");
    seen.add(name);
    if (fields.has(name)) {
      report(`\`${name}\` of ${draft.name} is both a field and a relation`, "rename the relation");
    }
    const count = `${name}Count`;
    if (fields.has(count) || names.has(count)) {
      const what = fields.has(count) ? "field" : "relation";
      const message = `${what} \`${count}\` of ${draft.name} has the name that the count of relation \`${name}\` needs`;
      report(message, `rename the ${what}`);
    }
    const method = withMethod(name);
    const other = methods.get(method);
    if (other !== undefined && other !== name) {
      report(`relations \`${other}\` and \`${name}\` of ${draft.name} both make the step \`${method}\``, "rename one");
    }
    methods.set(method, name);
  }
}

function resolveBelongsTo(context: ResolveContext, { building, relation }: Owned): void {
  const { draft } = building;
  const report = (message: string, fix: string) =>
    context.report(draft, relation.name, message, fix, relation.location);
  const name = `\`${relation.name}\` of ${draft.name}`;
  const target = findTarget(context, { building, relation });
  const from = relation.from ?? [];
  if (from.length === 0) report(`${name} names no foreign key`, `add one: { from: "${relation.name}Id" }`);
  const known = from.flatMap((field) => {
    if (isBroken(building, field)) return [];
    const found = building.fields.get(field);
    if (found !== undefined) return [found];
    report(`the foreign key of ${name} names field \`${field}\`, which ${draft.name} lacks`, fkFix(field, building));
    return [];
  });
  if (target === null || from.length === 0 || known.length !== from.length) return;
  const to = relation.to ?? target.key;
  // Nothing to compare with while the target's own key is wrong.
  if (to.length === 0) return;
  const unknown = to.filter((field) => !target.fields.has(field));
  for (const field of unknown) {
    report(
      `${name} points at field \`${field}\`, which ${target.draft.name} lacks`,
      didYouMean(field, target.fields.keys()),
    );
  }
  if (unknown.length > 0) return;
  if (to.length !== from.length) {
    const message = `${name} has ${from.length} foreign key ${plural(from.length, "field")}, but points at ${to.length} (${quoted(to)}) of ${target.draft.name}`;
    report(message, "name as many fields on both sides, in the same order");
    return;
  }
  let valid = checkTypes(context, { building, relation }, target, to);
  if (!isUnique(target, to)) {
    report(`${name} points at ${quoted(to)} of ${target.draft.name}, which is not unique there`, uniqueFix(target, to));
    valid = false;
  }
  const nullable = known.some((field) => field.nullable || field.optional);
  if (relation.onDelete === "setNull" && !checkSetNull(report, name, known, building)) valid = false;
  if (!valid) return;
  building.relations.set(relation.name, {
    draft: relation,
    meta: {
      name: relation.name,
      kind: "belongsTo",
      target: target.draft.name,
      arity: "one",
      nullable,
      from,
      to,
      through: null,
      inverse: null,
      onDelete: relation.onDelete ?? "restrict",
      description: relation.description,
    },
  });
}

function checkTypes(context: ResolveContext, owned: Owned, target: Building, to: readonly string[]): boolean {
  const { building, relation } = owned;
  const { draft } = building;
  let valid = true;
  (relation.from ?? []).forEach((name, index) => {
    const here = building.fields.get(name) as FieldMeta;
    const there = target.fields.get(to[index] as string) as FieldMeta;
    if (!TYPE_TRAITS[here.type.kind].indexable) {
      const message = `foreign key \`${name}\` of ${draft.name} is of type ${here.type.kind}, which cannot be a key`;
      context.report(draft, relation.name, message, "use an int, a string or another single value", relation.location);
      valid = false;
    } else if (here.type.kind !== there.type.kind) {
      const message = `foreign key \`${name}\` of ${draft.name} is of type ${here.type.kind}, but \`${there.name}\` of ${target.draft.name} is of type ${there.type.kind}`;
      const whole = here.type.kind === "float" && there.type.kind === "int";
      const fix = whole ? `declare \`${name}\` as z.int()` : "give both the same type";
      context.report(draft, relation.name, message, fix, relation.location);
      valid = false;
    }
  });
  return valid;
}

function checkSetNull(
  report: (message: string, fix: string) => void,
  name: string,
  fields: readonly FieldMeta[],
  building: Building,
): boolean {
  const fixed = fields.filter((field) => !field.nullable && !field.optional).map((field) => field.name);
  if (fixed.length === fields.length) {
    report(
      `onDelete of ${name} is "setNull", but ${quoted(fixed)} cannot be null`,
      "make it .nullable(), or use restrict or cascade",
    );
    return false;
  }
  const keys = fields.filter((field) => building.key.includes(field.name)).map((field) => field.name);
  if (keys.length > 0) {
    report(`onDelete of ${name} is "setNull", but ${quoted(keys)} is part of the key`, "use restrict or cascade");
    return false;
  }
  if (fixed.length > 0) {
    report(
      `onDelete of ${name} is "setNull", but ${quoted(fixed)} cannot be null`,
      "make all of its fields .nullable()",
    );
    return false;
  }
  return true;
}

/** Whether the fields are the key or have a unique index of exactly these fields. */
export function isUnique(building: Building, fields: readonly string[]): boolean {
  if (sameSet(building.key, fields)) return true;
  return building.draft.indexes.some((index) => index.unique && sameSet(index.on, fields));
}

function uniqueFix(target: Building, to: readonly string[]): string {
  const on = to.length === 1 ? `"${to[0]}"` : `[${to.map((field) => `"${field}"`).join(", ")}]`;
  return `point at its key (${quoted(target.key)}), or add to ${target.draft.name}: indexes: [{ on: ${on}, unique: true }]`;
}

function fkFix(field: string, building: Building): string {
  const near = didYouMean(field, building.fields.keys());
  return near.startsWith("did you mean") ? near : `add the field \`${field}\`, or name another one`;
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
