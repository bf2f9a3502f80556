/**
 * The part of a schema change that documents feel, in a form that can be written down and read back: which field of which
 * collection was renamed. Everything else follows from the schema before and after.
 */
import type { SchemaOp } from "../../schema/ops.js";

export interface DataOp {
  readonly kind: "renameField";
  readonly model: string;
  readonly from: string;
  readonly to: string;
}

export function dataOpsOf(ops: readonly SchemaOp[]): DataOp[] {
  return ops.flatMap((op) => (op.kind === "renameField" ? [op] : []));
}

export function dataOpsFromJson(form: unknown, bad: (what: string) => Error): DataOp[] {
  if (!Array.isArray(form)) throw bad("`pending.ops` is no list");
  return form.map((op: Record<string, unknown>) => {
    if (op?.kind !== "renameField") throw bad("an entry of `pending.ops` is malformed");
    return { kind: "renameField", model: String(op.model), from: String(op.from), to: String(op.to) };
  });
}
