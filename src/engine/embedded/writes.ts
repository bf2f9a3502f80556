/**
 * Insert, update and delete inside a write transaction: pick rows, compute their changes, check every constraint, and
 * only then stage rows and index entries, all at once. A command that throws has staged nothing.
 */
import { ALL_ROWS } from "../../query/all-rows.js";
import { compileChanges } from "../../query/apply-changes.js";
import type { Change, Filter, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import type { Collection, Reference } from "./catalog.js";
import { checkChildren, checkParents, checkUnique, linksOf } from "./constraints.js";
import { collect, ignored } from "./find.js";
import { prepareInsert } from "./insert.js";
import type { Overlay } from "./overlay.js";
import { type RowChange, RowChangeSet, type RowChanges } from "./row-changes.js";
import { planRoot } from "./selection-plan.js";
import type { ReadContext } from "./view.js";

type Command<K extends WriteCommand["kind"]> = Extract<WriteCommand, { readonly kind: K }>;
type Run<K extends WriteCommand["kind"]> = (
  context: ReadContext,
  overlay: Overlay,
  command: Command<K>,
) => Promise<WriteResult>;

const NO_DOCS: readonly Doc[] = Object.freeze([]);

async function insert(context: ReadContext, overlay: Overlay, command: Command<"insert">): Promise<WriteResult> {
  const collection = context.catalog.collection(command.model);
  const prepared = await prepareInsert(context, collection, command.docs, command.onConflict.kind);
  const changes: RowChanges = new Map([[collection, prepared.changes]]);
  if (command.onConflict.kind === "fail") await checkUnique(context, changes, prepared.duplicate);
  await checkParents(context, changes);
  stage(overlay, changes);
  prepared.stageSequence(overlay);
  const docs = command.returning ? [...prepared.changes.values()].map((change) => change.after as Doc) : NO_DOCS;
  return { count: prepared.changes.size, docs: Object.freeze(docs) };
}

async function update(context: ReadContext, overlay: Overlay, command: Command<"update">): Promise<WriteResult> {
  const collection = context.catalog.collection(command.model);
  const apply = compileChanges(collection.meta, command.changes);
  const changed = new Set(command.changes.map((change) => change.path[0]!));
  const rows = await chosen(context, collection, command.where, command.limit);
  const set = new RowChangeSet();
  const docs: Doc[] = [];
  for (const before of rows) {
    const after = collection.freeze(apply(before));
    docs.push(after);
    set.note(collection, collection.keyOf(before), before, after);
  }
  const touches = (fields: readonly string[]) => fields.some((field) => changed.has(field));
  if (collection.indexes.some((one) => one.index.unique && one.index.paths.some(([field]) => changed.has(field!)))) {
    await checkUnique(context, set.all);
  }
  if (collection.references.some(({ relation }) => touches(relation.from))) await checkParents(context, set.all);
  if (collection.referencedBy.some(({ relation }) => touches(relation.to))) await checkChildren(context, set.all);
  stage(overlay, set.all);
  return { count: docs.length, docs: command.returning ? Object.freeze(docs) : NO_DOCS };
}

async function remove(context: ReadContext, overlay: Overlay, command: Command<"delete">): Promise<WriteResult> {
  const collection = context.catalog.collection(command.model);
  const rows = await chosen(context, collection, command.where, command.limit);
  const set = new RowChangeSet();
  await removeRows(context, set, collection, rows);
  // Emptied references are written rows, but an empty reference is never dangling or a duplicate.
  await checkChildren(context, set.all);
  stage(overlay, set.all);
  return { count: rows.length, docs: command.returning ? rows : NO_DOCS };
}

const RUN: { readonly [K in WriteCommand["kind"]]: Run<K> } = { insert, update, delete: remove };

export function write(context: ReadContext, overlay: Overlay, command: WriteCommand): Promise<WriteResult> {
  return (RUN[command.kind] as Run<WriteCommand["kind"]>)(context, overlay, command as never);
}

/** The rows that a command means, in key order. */
async function chosen(
  context: ReadContext,
  collection: Collection,
  where: Filter | null,
  limit: number | null,
): Promise<readonly Doc[]> {
  const plan = await planRoot(context, collection, { ...ALL_ROWS, where, orderBy: collection.keyOrder, limit });
  return collect(context, plan);
}

/** Notes the rows and all that goes with them as removed, then empties the references that ask for it. */
async function removeRows(
  context: ReadContext,
  set: RowChangeSet,
  collection: Collection,
  rows: readonly Doc[],
): Promise<void> {
  const queue: { readonly collection: Collection; readonly rows: readonly Doc[] }[] = [];
  const emptied: { readonly reference: Reference; readonly row: Doc }[] = [];
  const enqueue = (of: Collection, candidates: readonly Doc[]) => {
    const fresh: Doc[] = [];
    for (const row of candidates) {
      const key = of.keyOf(row);
      if (set.get(of, key) !== undefined) continue;
      set.note(of, key, row, null);
      fresh.push(row);
    }
    if (fresh.length > 0) queue.push({ collection: of, rows: fresh });
  };
  enqueue(collection, rows);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const reference of next.collection.referencedBy) {
      const { onDelete } = reference.relation;
      if (onDelete === "restrict") continue;
      const { groups } = await linksOf(reference).children.load(context, next.rows, ignored);
      const children = groups.flat();
      if (onDelete === "cascade") enqueue(reference.child, children);
      else for (const row of children) emptied.push({ reference, row });
    }
  }
  for (const { reference, row } of emptied) {
    const { child } = reference;
    const key = child.keyOf(row);
    const change = set.get(child, key);
    if (change?.after === null) continue;
    set.note(child, key, row, child.freeze(compileChanges(child.meta, emptying(reference))(change?.after ?? row)));
  }
}

/** Empties the fields of a reference that can be empty. */
function emptying({ child, relation }: Reference): Change[] {
  return relation.from.flatMap((name): Change[] => {
    const field = child.fields.get(name);
    const can = field !== undefined && (field.nullable || field.optional) && !child.meta.key.includes(name);
    return can ? [{ path: [name], op: "unset", value: null }] : [];
  });
}

/** Puts rows and their index entries into the overlay. */
function stage(overlay: Overlay, changes: RowChanges): void {
  for (const [collection, rows] of changes) {
    for (const change of rows.values()) stageRow(overlay, collection, change);
  }
}

function stageRow(overlay: Overlay, collection: Collection, { key, before, after }: RowChange): void {
  overlay.stage(collection.space, key, after ?? undefined, before === null ? 1 : after === null ? -1 : 0);
  for (const index of collection.indexes) {
    const old = before === null ? null : index.prefix(before);
    const now = after === null ? null : index.prefix(after);
    if (old !== null && old !== now) overlay.stage(index.space, old + key, undefined, -1);
    // Entries hold the document, so an entry that stays is replaced all the same.
    if (after !== null) overlay.stage(index.space, now + key, after, old === now ? 0 : 1);
  }
}
