/** What the parts of a nested write ask of the run that they belong to. */
import { NotFoundError } from "../base/errors.js";
import type { Change, Filter, WriteResult } from "../query/ir.js";
import type { CreateNode, DataPath, UpdateNode } from "../query/write-plan.js";
import type { Doc, Json, ModelMeta } from "../schema/model.js";
import { show } from "./show.js";

export interface NestedRun {
  /** Inserts rows of one model in one command, with everything below them; `links[i]` are foreign keys for `nodes[i]`. */
  create(model: ModelMeta, nodes: readonly CreateNode[], links: readonly Links[]): Promise<readonly Doc[]>;
  /** Updates the one row that matches, with everything below it; null when there is none. */
  update(node: UpdateNode, where: Filter): Promise<Doc | null>;
  /** Updates every row that matches; no relations. */
  updateMany(node: UpdateNode, where: Filter | null): Promise<number>;
  /** Sets or clears foreign keys; counts as an update of those rows. */
  change(model: ModelMeta, where: Filter, changes: readonly Change[], path: DataPath): Promise<WriteResult>;
  remove(model: ModelMeta, where: Filter): Promise<number>;
  find(model: ModelMeta, where: Filter): Promise<readonly Doc[]>;
  model(name: string): ModelMeta;
}

export type Links = ReadonlyMap<string, Json>;
export const NO_LINKS: Links = new Map();

/** Foreign keys `fields` that take `values`, pairwise. */
export function linksOf(fields: readonly string[], values: readonly Json[]): Links {
  return new Map(fields.map((field, index) => [field, values[index] ?? null]));
}

export function setting(fields: readonly string[], values: readonly Json[]): readonly Change[] {
  return fields.map((field, index) => ({ path: [field], op: "set", value: values[index] ?? null }));
}

/** The error for a nested operation whose record is missing; names the place in the data. */
export function missing(model: ModelMeta, path: DataPath, shown: unknown, related: boolean): NotFoundError {
  const where = shown === undefined || shown === true ? "" : ` matches ${show(shown)}`;
  const what = related ? `No related ${model.name}${where}` : `No ${model.name}${where}`;
  return new NotFoundError(`${what} (data.${path.join(".")})`, {
    fix: related
      ? "use upsert or create when the record may be missing"
      : "use connectOrCreate when the record may be missing",
    meta: { model: model.name, path },
  });
}
