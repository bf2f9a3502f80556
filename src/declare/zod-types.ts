/**
 * The part of zod's introspection surface that Tenon reads: `schema._zod.def`, by `def.type`. Nothing here uses
 * `instanceof`, so schemas made by another copy of zod 4 (or by zod/mini) are read just as well.
 */
import { z } from "zod";

export type AnyZod = z.core.$ZodType;

/** What `_zod.def` may hold, by `type`; all members but `type` depend on it. */
export interface ZodDef {
  readonly type: string;
  readonly checks?: readonly ZodCheck[];
  readonly check?: string;
  readonly format?: string;
  readonly version?: string;
  readonly coerce?: boolean;
  readonly innerType?: AnyZod;
  readonly shape?: Readonly<Record<string, AnyZod>>;
  readonly catchall?: AnyZod;
  readonly element?: AnyZod;
  readonly items?: readonly AnyZod[];
  readonly rest?: AnyZod | null;
  readonly keyType?: AnyZod;
  readonly valueType?: AnyZod;
  readonly partial?: boolean;
  readonly options?: readonly AnyZod[];
  readonly discriminator?: string;
  readonly left?: AnyZod;
  readonly right?: AnyZod;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
  readonly in?: AnyZod;
  readonly out?: AnyZod;
  readonly getter?: () => AnyZod;
  readonly fn?: unknown;
  readonly transform?: unknown;
  readonly reverseTransform?: unknown;
  readonly defaultValue?: unknown;
}

export interface ZodCheck {
  readonly _zod: { readonly def: ZodDef };
}

export function defOf(schema: AnyZod): ZodDef {
  return schema._zod.def as unknown as ZodDef;
}

export function isZod(value: unknown): value is AnyZod {
  if (typeof value !== "object" || value === null || !("_zod" in value)) return false;
  const internals = (value as { _zod: unknown })._zod;
  return typeof internals === "object" && internals !== null && "def" in internals;
}

/** Metadata given by `.meta()` and `.describe()`. */
export function metaOf(schema: AnyZod): Readonly<Record<string, unknown>> {
  return (z.globalRegistry.get(schema) as Record<string, unknown> | undefined) ?? {};
}

/** The class of a `z.instanceof(Class)`. */
export function classOf(schema: AnyZod): unknown {
  return (schema._zod.bag as { Class?: unknown } | undefined)?.Class;
}

/** A copy of `schema` with some of its definition replaced; checks, refinements and metadata stay. */
export function withDef(schema: AnyZod, changes: Partial<ZodDef>): AnyZod {
  const def = { ...Object.getOwnPropertyDescriptors(defOf(schema)), ...Object.getOwnPropertyDescriptors(changes) };
  return z.core.clone(schema, Object.defineProperties({}, def) as never, { parent: true });
}

/** A copy of `schema` with more metadata. */
export function withMeta(schema: AnyZod, meta: Readonly<Record<string, unknown>>): AnyZod {
  const copy = withDef(schema, {});
  z.globalRegistry.add(copy, { ...metaOf(schema), ...meta });
  return copy;
}
