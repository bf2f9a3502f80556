/** Nested writes across a relation whose foreign key is on the other side (hasOne, hasMany). */
import { ValidationError } from "../base/errors.js";
import type { Filter } from "../query/ir.js";
import { clearing } from "../query/parse-data.js";
import { allOf } from "../query/visit.js";
import type { CreateNode, RelationWrite, Target } from "../query/write-plan.js";
import type { Doc, Json } from "../schema/model.js";
import { anyOf, equalTo, valuesOf } from "./ir-build.js";
import { type Links, linksOf, missing, type NestedRun, setting } from "./nested-run.js";

/** Below new rows: all creates of all of them in one command, then what is connected one by one. */
export async function createOwned(
  run: NestedRun,
  items: readonly { readonly write: RelationWrite; readonly row: Doc }[],
): Promise<void> {
  const nodes: CreateNode[] = [];
  const links: Links[] = [];
  for (const { write, row } of items) {
    const own = linksOf(write.relation.to, ownerValues(write, row));
    for (const node of write.create) {
      nodes.push(node);
      links.push(own);
    }
  }
  if (nodes.length > 0) await run.create(nodes[0]!.model, nodes, links);
  for (const { write, row } of items) await connectAll(run, write, row);
}

/** Below a row that exists. */
export async function writeOwned(run: NestedRun, write: RelationWrite, row: Doc): Promise<void> {
  const { target, relation } = write;
  const values = ownerValues(write, row);
  const owned = equalTo(relation.to, values);
  const links = linksOf(relation.to, values);
  await letGo(run, write, owned);
  for (const item of write.update) {
    if ((await run.update(item.data, within(owned, item.where))) === null)
      throw missing(target, item.path, item.shown, true);
  }
  for (const item of write.updateMany) await run.updateMany(item.data, within(owned, item.where));
  for (const item of write.upsert) {
    if ((await run.update(item.update, within(owned, item.where))) !== null) continue;
    await run.create(target, [item.create], [links]);
  }
  if (write.create.length > 0) {
    if (relation.kind === "hasOne") await release(run, write, owned);
    await run.create(
      target,
      write.create,
      write.create.map(() => links),
    );
  }
  await connectAll(run, write, row);
}

/** disconnect, delete, deleteMany, set. */
async function letGo(run: NestedRun, write: RelationWrite, owned: Filter): Promise<void> {
  const { target } = write;
  if (write.disconnect === "all") await release(run, write, owned);
  // A record that is not connected is what was asked for: no error.
  else for (const item of write.disconnect) await release(run, write, within(owned, item.where));
  if (write.delete === "all") {
    if ((await run.remove(target, owned)) === 0) throw missing(target, [...write.path, "delete"], true, true);
  } else {
    for (const item of write.delete)
      if ((await run.remove(target, within(owned, item.where))) === 0)
        throw missing(target, item.path, item.shown, true);
  }
  for (const item of write.deleteMany) await run.remove(target, within(owned, item.where));
  if (write.set !== null) await setOwned(run, write, owned, write.set);
}

/** Leaves exactly the named rows connected. */
async function setOwned(
  run: NestedRun,
  write: RelationWrite,
  owned: Filter,
  targets: readonly Target[],
): Promise<void> {
  const others: Filter | null =
    targets.length === 0 ? null : { kind: "not", filter: anyOf(targets.map((item) => item.where)) };
  await release(run, write, within(owned, others));
}

async function connectAll(run: NestedRun, write: RelationWrite, row: Doc): Promise<void> {
  const { target, relation } = write;
  const values = ownerValues(write, row);
  for (const item of write.connectOrCreate) {
    if (await connect(run, write, item.target, values)) continue;
    if (relation.kind === "hasOne") await release(run, write, equalTo(relation.to, values));
    await run.create(target, [item.create], [linksOf(relation.to, values)]);
  }
  for (const item of [...(write.set ?? []), ...write.connect])
    if (!(await connect(run, write, item, values))) throw missing(target, item.path, item.shown, false);
}

/** False when there is no such record. A record that is connected already is left alone. */
async function connect(run: NestedRun, write: RelationWrite, item: Target, values: readonly Json[]): Promise<boolean> {
  const { target, relation } = write;
  const found = (await run.find(target, item.where))[0];
  if (found === undefined) return false;
  const owned = equalTo(relation.to, values);
  if ((await run.find(target, within(owned, item.where))).length > 0) return true;
  if (relation.kind === "hasOne") await release(run, write, owned);
  await run.change(target, item.where, setting(relation.to, values), item.path);
  return true;
}

/** Clears the foreign key of the rows, where it can be empty; where not, the unique index or the check has the last word. */
async function release(run: NestedRun, write: RelationWrite, where: Filter): Promise<void> {
  const changes = clearing(write.target, write.relation.to);
  if (changes !== null) await run.change(write.target, where, changes, write.path);
}

function within(owned: Filter, where: Filter | null): Filter {
  return allOf([owned, where]) ?? owned;
}

function ownerValues(write: RelationWrite, row: Doc): readonly Json[] {
  const values = valuesOf(row, write.relation.from);
  if (!values.includes(null)) return values;
  const empty = write.relation.from.filter((_, index) => values[index] === null).join(", ");
  throw new ValidationError(write.target.name, [
    { path: write.path, message: `cannot be written: ${empty}, which it refers to, is null`, code: "required" },
  ]);
}
