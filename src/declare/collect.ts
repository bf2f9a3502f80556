/** Finds the models among what a module exports. */
import { ConfigError } from "../base/errors.js";
import { Registry } from "../schema/registry.js";
import { draftOf } from "./handle.js";

/** How deep namespaces and lists may be nested. */
const MAX_DEPTH = 4;

/**
 * Takes a module namespace, an object of namespaces, or lists of models; picks model handles and decorated classes and
 * ignores everything else. The same model under two names counts once. Throws ConfigError when there is none.
 */
export function collectModels(exports: Readonly<Record<string, unknown>>): Registry {
  const registry = new Registry();
  const seen = new Set<unknown>();
  visit(exports, 0, seen, registry);
  if (registry.size > 0) return registry;
  throw new ConfigError("CONFIG.INVALID", `no model among the exports (${describe(exports)})`, {
    fix: 'export models: export const User = defineModel("User", z.object({ … })), or a class with @Model()',
  });
}

function visit(value: unknown, depth: number, seen: Set<unknown>, registry: Registry): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
  seen.add(value);
  const draft = draftOf(value);
  if (draft !== null) {
    registry.add(draft);
    return;
  }
  if (depth >= MAX_DEPTH || !isContainer(value)) return;
  for (const inner of Object.values(value)) visit(inner, depth + 1, seen, registry);
}

/** Namespaces, plain objects and lists; never an instance, such as a zod schema. */
function isContainer(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return typeof value === "object" && !("_zod" in value) && (prototype === null || prototype === Object.prototype);
}

function describe(exports: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(exports ?? {});
  if (names.length === 0) return "there are no exports";
  return names.slice(0, 8).join(", ") + (names.length > 8 ? ", …" : "");
}
