/** Nested writes across manyToMany: related rows are linked by rows of the through model, which are ordinary rows. */
import type { Filter } from "../query/ir.js";
import { allOf } from "../query/visit.js";
import type { CreateNode, RelationWrite, Target } from "../query/write-plan.js";
import type { Doc, Json, ModelMeta } from "../schema/model.js";
import { anyOf, equalTo, equalToAny, keyFilter, valuesOf } from "./ir-build.js";
import { type Links, missing, type NestedRun, NO_LINKS } from "./nested-run.js";

interface NewLink {
  readonly node: CreateNode;
  readonly from: readonly Json[];
  readonly to: readonly Json[];
}

/** Below new rows: all creates of all of them in one command, all their links in another. */
export async function createLinked(
  run: NestedRun,
  items: readonly { readonly write: RelationWrite; readonly row: Doc }[],
): Promise<void> {
  const first = items[0]!.write;
  const wanted = items.flatMap(({ write, row }) => write.create.map((node) => ({ node, row })));
  const rows = await run.create(
    first.target,
    wanted.map(({ node }) => node),
    wanted.map(() => NO_LINKS),
  );
  const links = wanted.map(({ node, row }, index) => newLink(first, node.through!, row, rows[index]!));
  await insertLinks(run, first, links);
  for (const { write, row } of items) await connectAll(run, write, row);
}

/** Below a row that exists. */
export async function writeLinked(run: NestedRun, write: RelationWrite, row: Doc): Promise<void> {
  const { target } = write;
  await letGo(run, write, row);
  for (const item of write.update) {
    const found = await linked(run, write, row, item.where!);
    if (found === null) throw missing(target, item.path, item.shown, true);
    await run.update(item.data, keyFilter(target, found));
  }
  for (const item of write.updateMany) {
    const where = await amongLinked(run, write, row, item.where);
    if (where !== null) await run.updateMany(item.data, where);
  }
  for (const item of write.upsert) {
    const found = await linked(run, write, row, item.where!);
    if (found !== null) await run.update(item.update, keyFilter(target, found));
    else await createOne(run, write, row, item.create);
  }
  if (write.create.length > 0) {
    const rows = await run.create(
      target,
      write.create,
      write.create.map(() => NO_LINKS),
    );
    await insertLinks(
      run,
      write,
      write.create.map((node, index) => newLink(write, node.through!, row, rows[index]!)),
    );
  }
  await connectAll(run, write, row);
}

async function letGo(run: NestedRun, write: RelationWrite, row: Doc): Promise<void> {
  const { target, relation } = write;
  const link = relation.through!;
  const through = run.model(link.model);
  const mine = equalTo(link.from, valuesOf(row, relation.from));
  const unlink = async (rows: readonly Doc[]): Promise<void> => {
    if (rows.length === 0) return;
    const tuples = rows.map((found) => valuesOf(found, relation.to));
    await run.remove(through, allOf([mine, equalToAny(link.to, tuples)]) ?? mine);
  };
  if (write.disconnect !== "all" && write.disconnect.length > 0)
    await unlink(await run.find(target, anyOf(write.disconnect.map((item) => item.where))));
  for (const item of write.delete === "all" ? [] : write.delete) {
    const found = await linked(run, write, row, item.where);
    if (found === null) throw missing(target, item.path, item.shown, true);
    await unlink([found]);
    await run.remove(target, keyFilter(target, found));
  }
  for (const item of write.deleteMany) {
    const where = await amongLinked(run, write, row, item.where);
    const found = where === null ? [] : await run.find(target, where);
    await unlink(found);
    if (found.length > 0)
      await run.remove(
        target,
        equalToAny(
          target.key,
          found.map((doc) => valuesOf(doc, target.key)),
        ),
      );
  }
  if (write.set !== null) {
    const kept: Doc[] = [];
    for (const item of write.set) kept.push(await existing(run, target, item));
    const tuples = kept.map((found) => valuesOf(found, relation.to));
    const others: Filter | null = tuples.length === 0 ? null : { kind: "not", filter: equalToAny(link.to, tuples) };
    await run.remove(through, allOf([mine, others]) ?? mine);
  }
}

async function connectAll(run: NestedRun, write: RelationWrite, row: Doc): Promise<void> {
  const links: NewLink[] = [];
  for (const item of write.connectOrCreate) {
    const found = (await run.find(write.target, item.target.where))[0];
    if (found === undefined) await createOne(run, write, row, item.create);
    else links.push(newLink(write, item.target.through!, row, found));
  }
  for (const item of [...(write.set ?? []), ...write.connect])
    links.push(newLink(write, item.through!, row, await existing(run, write.target, item)));
  await insertLinks(run, write, links);
}

async function createOne(run: NestedRun, write: RelationWrite, row: Doc, node: CreateNode): Promise<void> {
  const [created] = await run.create(write.target, [node], [NO_LINKS]);
  await insertLinks(run, write, [newLink(write, node.through!, row, created!)]);
}

/** Inserts the links that do not exist yet; a link that exists stays as it is, its payload too. */
async function insertLinks(run: NestedRun, write: RelationWrite, links: readonly NewLink[]): Promise<void> {
  if (links.length === 0) return;
  const link = write.relation.through!;
  const through = run.model(link.model);
  const fields = [...link.from, ...link.to];
  const tuples = links.map((item) => [...item.from, ...item.to]);
  const found = await run.find(through, equalToAny(fields, tuples));
  const seen = new Set(found.map((doc) => identity(valuesOf(doc, fields))));
  const fresh = links.filter((_, index) => {
    const id = identity(tuples[index]!);
    return !seen.has(id) && seen.add(id);
  });
  await run.create(
    through,
    fresh.map((item) => item.node),
    fresh.map((item): Links => new Map(fields.map((field, index) => [field, [...item.from, ...item.to][index]!]))),
  );
}

function newLink(write: RelationWrite, node: CreateNode, row: Doc, target: Doc): NewLink {
  return { node, from: valuesOf(row, write.relation.from), to: valuesOf(target, write.relation.to) };
}

/** Equal texts for equal keys, of whatever types. */
function identity(values: readonly Json[]): string {
  return JSON.stringify(values.map((value) => [typeof value, value instanceof Date ? value.getTime() : String(value)]));
}

async function existing(run: NestedRun, target: ModelMeta, item: Target): Promise<Doc> {
  const found = (await run.find(target, item.where))[0];
  if (found === undefined) throw missing(target, item.path, item.shown, false);
  return found;
}

/** The row of the target that matches, when it is linked to `row`. */
async function linked(run: NestedRun, write: RelationWrite, row: Doc, where: Filter): Promise<Doc | null> {
  const among = await amongLinked(run, write, row, where);
  return among === null ? null : ((await run.find(write.target, among))[0] ?? null);
}

/** The filter and being linked to `row`; null when nothing is linked. */
async function amongLinked(
  run: NestedRun,
  write: RelationWrite,
  row: Doc,
  where: Filter | null,
): Promise<Filter | null> {
  const { relation } = write;
  const link = relation.through!;
  const rows = await run.find(run.model(link.model), equalTo(link.from, valuesOf(row, relation.from)));
  if (rows.length === 0) return null;
  return allOf([
    where,
    equalToAny(
      relation.to,
      rows.map((doc) => valuesOf(doc, link.to)),
    ),
  ]);
}
