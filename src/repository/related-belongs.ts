/** Nested writes across a relation whose foreign key is on the row being written (belongsTo). */
import type { Change } from "../query/ir.js";
import { clearing } from "../query/parse-data.js";
import { allOf } from "../query/visit.js";
import type { RelationWrite } from "../query/write-plan.js";
import type { Doc, ModelMeta } from "../schema/model.js";
import { equalTo, valuesOf } from "./ir-build.js";
import { type Links, linksOf, missing, type NestedRun, NO_LINKS, setting } from "./nested-run.js";

/** In a create: the parent is made or found first; the result is the row's foreign key. */
export async function createParent(run: NestedRun, write: RelationWrite): Promise<Links> {
  const parent = await linkTo(run, write);
  return parent === null ? NO_LINKS : linksOf(write.relation.from, valuesOf(parent, write.relation.to));
}

export interface ParentWritten {
  /** Changes of the row's foreign key. */
  readonly changes: readonly Change[];
  /** Work that must wait until the row is written. */
  readonly after: (() => Promise<void>) | null;
}

const NOTHING: ParentWritten = { changes: [], after: null };

/** In an update of `row`. */
export async function writeParent(
  run: NestedRun,
  write: RelationWrite,
  row: Doc,
  owner: ModelMeta,
): Promise<ParentWritten> {
  const { relation, target } = write;
  const parent = await linkTo(run, write);
  if (parent !== null) return { changes: setting(relation.from, valuesOf(parent, relation.to)), after: null };

  const values = valuesOf(row, relation.from);
  const current = values.includes(null) ? null : equalTo(relation.to, values);
  if (write.disconnect === "all") return { changes: clearing(owner, relation.from) ?? [], after: null };
  if (write.delete === "all") {
    if (current === null) throw missing(target, [...write.path, "delete"], true, true);
    // The row lets go first; then nothing of this relation stands in the way.
    const after = async (): Promise<void> => {
      await run.remove(target, current);
    };
    return { changes: clearing(owner, relation.from) ?? [], after };
  }
  for (const item of write.update) {
    const where = current === null ? null : allOf([current, item.where]);
    const updated = where === null ? null : await run.update(item.data, where);
    if (updated === null) throw missing(target, item.path, item.shown, true);
  }
  for (const item of write.upsert) {
    const where = current === null ? null : allOf([current, item.where]);
    if (where !== null && (await run.update(item.update, where)) !== null) continue;
    const [created] = await run.create(target, [item.create], [NO_LINKS]);
    return { changes: setting(relation.from, valuesOf(created!, relation.to)), after: null };
  }
  return NOTHING;
}

/** The parent that a create, connectOrCreate or connect names; null when the data has none of these. */
async function linkTo(run: NestedRun, write: RelationWrite): Promise<Doc | null> {
  const { target } = write;
  for (const node of write.create) return (await run.create(target, [node], [NO_LINKS]))[0]!;
  for (const item of write.connectOrCreate) {
    const found = (await run.find(target, item.target.where))[0];
    return found ?? (await run.create(target, [item.create], [NO_LINKS]))[0]!;
  }
  for (const item of write.connect) {
    const found = (await run.find(target, item.where))[0];
    if (found === undefined) throw missing(target, item.path, item.shown, false);
    return found;
  }
  return null;
}
