/** What a zod schema says about a value at one place, and the helpers that every reader uses. */
import type { DefaultMeta, FieldType } from "../schema/model.js";
import type { AnyZod, ZodDef } from "./zod-types.js";

export type Side = "input" | "output";

export interface Reading {
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly optional: boolean;
  /** How it comes about when it is left out. */
  readonly default: DefaultMeta | null;
  /** From `.meta()` and `.describe()`, wrappers winning over what they wrap. */
  readonly meta: Readonly<Record<string, unknown>>;
}

/** What a reader may call. `path` leads from the field to the place, for messages. */
export interface ReadContext {
  readonly side: Side;
  read(schema: AnyZod, path: readonly string[]): Reading;
  /** Reports something that cannot be stored and goes on with `json`. */
  refuse(path: readonly string[], what: string, fix?: string): Reading;
}

export type Reader = (context: ReadContext, schema: AnyZod, def: ZodDef, path: readonly string[]) => Reading;

export function typed(type: FieldType, options: Partial<Reading> = {}): Reading {
  return { type, nullable: false, optional: false, default: null, meta: {}, ...options };
}

/** The type with null moved into it, for places that have no flag of their own (tuple items, input types). */
export function inlineNull(type: FieldType, nullable: boolean): FieldType {
  if (!nullable || type.kind === "null" || type.kind === "json") return type;
  const none: FieldType = { kind: "null" };
  if (type.kind === "union") return { ...type, options: [...type.options, none] };
  return { kind: "union", options: [type, none], discriminator: null };
}

export function sameType(a: FieldType, b: FieldType): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
