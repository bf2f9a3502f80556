/**
 * Finds refinements and transforms that are async functions. A write is checked synchronously, inside a transaction, so
 * these could never run. Functions that merely return a promise are only seen when they run; the validator reports them.
 */
import { type AnyZod, defOf, isZod } from "./zod-types.js";

export interface AsyncPart {
  readonly what: "refinement" | "transform";
  readonly path: readonly string[];
}

export function asyncPart(schema: AnyZod): AsyncPart | null {
  return search(schema, [], new Set());
}

/** Whether a refinement of the schema itself (not of its parts) is async. */
export function hasAsyncCheck(schema: AnyZod): boolean {
  return (defOf(schema).checks ?? []).some((check) => isAsync(check._zod.def.fn));
}

function search(schema: AnyZod, path: readonly string[], seen: Set<AnyZod>): AsyncPart | null {
  if (seen.has(schema)) return null;
  seen.add(schema);
  const def = defOf(schema);
  if (isAsync(def.transform) || isAsync(def.reverseTransform)) return { what: "transform", path };
  if (isAsync(def.fn) || hasAsyncCheck(schema)) return { what: "refinement", path };
  for (const [step, inner] of childrenOf(schema)) {
    const found = search(inner, step === null ? path : [...path, step], seen);
    if (found !== null) return found;
  }
  return null;
}

/** The schemas directly inside a schema, with the step that leads to each (null: the same place). */
export function childrenOf(schema: AnyZod): readonly (readonly [string | null, AnyZod])[] {
  const def = defOf(schema);
  const out: [string | null, AnyZod][] = [];
  const add = (step: string | null, inner: unknown) => {
    if (isZod(inner)) out.push([step, inner]);
  };
  for (const [name, inner] of Object.entries(def.shape ?? {})) add(name, inner);
  for (const inner of def.options ?? []) add(null, inner);
  (def.items ?? []).forEach((inner, index) => {
    add(`[${index}]`, inner);
  });
  for (const inner of [def.innerType, def.left, def.right, def.in, def.out]) add(null, inner);
  add("[]", def.element);
  add("[]", def.rest);
  add("{}", def.keyType);
  add("{}", def.valueType);
  if (def.type === "lazy") add(null, def.getter?.());
  return out;
}

function isAsync(value: unknown): boolean {
  return typeof value === "function" && value.constructor.name === "AsyncFunction";
}
