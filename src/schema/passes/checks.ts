/** Pass 7: what only the whole can show. A row must be creatable: no ring of foreign keys that are all required. */
import { suggestion } from "../../base/suggest.js";
import type { TypeKind } from "../model.js";
import { type Building, isBroken, type ResolveContext } from "./context.js";

/** Kinds whose values make names of files. */
const NAMEABLE: ReadonlySet<TypeKind> = new Set(["string", "int", "float", "bigint", "boolean", "date", "enum"]);

/** The field that splits a collection is one of the model's, and holds single values. */
export function checkPartitions(context: ResolveContext): void {
  for (const building of context.models.values()) {
    const { draft, fields } = building;
    const name = draft.partitionBy;
    if (name === null || isBroken(building, name)) continue;
    const field = fields.get(name);
    if (field === undefined) {
      context.report(
        draft,
        null,
        `${draft.name} is split by \`${name}\`, which it lacks`,
        suggestion(name, fields.keys()),
      );
    } else if (!NAMEABLE.has(field.type.kind)) {
      const message = `${draft.name} is split by \`${name}\`, but a value of type ${field.type.kind} names no file`;
      context.report(draft, name, message, "split it by a string, a number, a boolean, an enum or a date");
    }
  }
}

/** A ring of required foreign keys means that no first row can ever be written. */
export function checkCycles(context: ResolveContext): void {
  const reported = new Set<string>();
  for (const building of context.models.values()) {
    const ring = requiredRing(context, building);
    if (ring === null) continue;
    // A row whose key is given can reference itself.
    if (ring.length === 1 && building.keyGeneration === "given") continue;
    const id = [...ring].sort().join(" ");
    if (reported.has(id)) continue;
    reported.add(id);
    const message =
      ring.length === 1
        ? `every ${ring[0]} must reference another ${ring[0]}, so the first one cannot be created`
        : `${ring.join(" -> ")} -> ${ring[0]} all reference each other by required foreign keys, so none can be created first`;
    context.report(building.draft, null, message, "make one of these foreign keys .nullable()");
  }
}

/** A shortest way back to `start` along required belongsTo, as model names. */
function requiredRing(context: ResolveContext, start: Building): readonly string[] | null {
  const from = new Map<string, string | null>([[start.draft.name, null]]);
  const queue = [start];
  for (let current = queue.shift(); current !== undefined; current = queue.shift()) {
    for (const target of requiredTargets(current)) {
      if (target === start.draft.name) return wayTo(current.draft.name, from);
      const next = context.models.get(target);
      if (next === undefined || from.has(target)) continue;
      from.set(target, current.draft.name);
      queue.push(next);
    }
  }
  return null;
}

function requiredTargets(building: Building): readonly string[] {
  return [...building.relations.values()].flatMap(({ meta }) =>
    meta.kind === "belongsTo" && !meta.nullable ? [meta.target] : [],
  );
}

function wayTo(name: string, from: ReadonlyMap<string, string | null>): readonly string[] {
  const way: string[] = [];
  for (let at: string | null = name; at !== null; at = from.get(at) ?? null) way.unshift(at);
  return way;
}
