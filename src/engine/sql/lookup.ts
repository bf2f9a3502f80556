/** Looking up rows by values: what telling a violation (diagnose.ts) stands on. */
import type { Filter, FindQuery } from "../../query/ir.js";
import { equalValues, readPath } from "../../query/semantics.js";
import type { Doc, Json, ModelMeta, Path, RelationMeta } from "../../schema/model.js";
import { wholeDocs } from "./whole-docs.js";

export type Find = (query: FindQuery) => Promise<readonly Doc[]>;

const ROWS_PER_LOOKUP = 100;

/** The rows as the command would leave them, and as they are before. */
export interface Written {
  readonly after: readonly Doc[];
  readonly before: readonly Doc[];
}

export function references(model: ModelMeta): readonly RelationMeta[] {
  return model.relations.filter((relation) => relation.kind === "belongsTo");
}

export function valuesAt(doc: Doc, paths: readonly Path[]): readonly Json[] {
  return paths.map((path) => readPath(doc, path));
}

export function same(a: readonly Json[], b: readonly Json[]): boolean {
  return a.every((value, index) => equalValues(value, b[index]));
}

/** Rows whose values at the paths are one of the lists. */
export async function rowsWith(
  find: Find,
  model: ModelMeta,
  paths: readonly Path[],
  wanted: readonly (readonly Json[])[],
): Promise<readonly Doc[]> {
  const found: Doc[] = [];
  for (let start = 0; start < wanted.length; start += ROWS_PER_LOOKUP) {
    const filters = wanted.slice(start, start + ROWS_PER_LOOKUP).map(
      (values): Filter => ({
        kind: "and",
        filters: paths.map((path, index) => ({ kind: "compare", path, op: "eq", value: values[index] ?? null })),
      }),
    );
    for (const row of await find(wholeDocs(model, { kind: "or", filters }, null))) found.push(row);
  }
  return found;
}
