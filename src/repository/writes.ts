/**
 * Writing calls of a repository on one record. One command goes straight to the executor; several (nested data, checks after atomic
 * changes, hooks, reading back) run in a transaction, or a savepoint inside one.
 */
import { ConflictError, NotFoundError } from "../base/errors.js";
import type { WriteCommand, WriteResult } from "../query/ir.js";
import { parseShape, SHAPE_ARGUMENTS, type Shape } from "../query/parse-find.js";
import type { UniqueWhere } from "../query/parse-unique.js";
import { namesVersion, parseCreateData, parseUpdateData, uniquePart } from "../query/parse-write.js";
import { compileProjection } from "../query/project.js";
import type { CreateNode, UpdateNode } from "../query/write-plan.js";
import type { Doc } from "../schema/model.js";
import { checkCall } from "./arguments.js";
import type { Model } from "./catalog.js";
import { findQuery, keyFilter } from "./ir-build.js";
import { NestedWrite } from "./nested.js";
import { NO_LINKS } from "./nested-run.js";
import { Preparation } from "./prepare.js";
import { signalOf, uniqueOf } from "./reads.js";
import type { Session } from "./session.js";
import { show } from "./show.js";

const CREATE: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "data"]);
const UPDATE: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where", "data"]);
const UPSERT: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where", "create", "update"]);
const DELETE: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where"]);

export async function create(session: Session, model: Model, given: unknown): Promise<Doc> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, CREATE);
  const shape = parseShape(schema, model.meta, args);
  const signal = signalOf(args);
  const { node, issues } = parseCreateData(schema, model.meta, args.data);
  const prepared = new Preparation(session.catalog, issues);
  const { doc } = prepared.create(node);
  prepared.done(model.meta.name);
  if (node.relations.length === 0 && shape.populate.length === 0 && !session.hooked(model.meta.name)) {
    model.made.keep(shape, node, prepared);
    const result = await session.executor.write(insertion(model, [doc], true, false), { signal });
    return shaped(shape, result.docs[0]!);
  }
  return await session.transactional(signal, async (inner) => {
    const [row] = await new NestedWrite(inner, prepared, signal).create(model.meta, [node], [NO_LINKS]);
    return await loaded(inner, model, shape, row!, signal);
  });
}

export async function update(session: Session, model: Model, given: unknown): Promise<Doc> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, UPDATE);
  const unique = uniqueOf(schema, model.meta, args);
  const shape = parseShape(schema, model.meta, args);
  const signal = signalOf(args);
  const { node, issues } = parseUpdateData(schema, model.meta, args.data, "update");
  const prepared = new Preparation(session.catalog, issues);
  prepared.update(node);
  prepared.done(model.meta.name);
  const { changes, checked } = prepared.updates.get(node)!;
  if (
    node.relations.length === 0 &&
    checked === null &&
    changes.length > 0 &&
    shape.populate.length === 0 &&
    !session.hooked(model.meta.name)
  ) {
    const command: WriteCommand = {
      kind: "update",
      model: model.meta.name,
      where: unique.filter,
      changes,
      limit: null,
      returning: true,
    };
    model.made.keep(unique, shape, node, prepared);
    const { docs } = await session.executor.write(command, { signal });
    if (docs.length === 0) throw await whyNone(session, model, unique, args.where, signal);
    return shaped(shape, docs[0]!);
  }
  return await session.transactional(signal, async (inner) => {
    const row = await new NestedWrite(inner, prepared, signal).update(node, unique.filter);
    if (row === null) throw await whyNone(inner, model, unique, args.where, signal);
    return await loaded(inner, model, shape, row, signal);
  });
}

export async function upsert(session: Session, model: Model, given: unknown): Promise<Doc> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, UPSERT);
  const unique = uniqueOf(schema, model.meta, args);
  const shape = parseShape(schema, model.meta, args);
  const signal = signalOf(args);
  const creation = parseCreateData(schema, model.meta, args.create, ["create"]);
  const change = parseUpdateData(schema, model.meta, args.update, "update", ["update"]);
  const prepared = new Preparation(session.catalog, [...creation.issues, ...change.issues]);
  prepared.create(creation.node);
  prepared.update(change.node);
  prepared.done(model.meta.name);
  return await session.transactional(signal, async (inner) => {
    const run = new NestedWrite(inner, prepared, signal);
    const row = await upserted(inner, run, model, unique, args.where, creation.node, change.node, signal);
    return await loaded(inner, model, shape, row, signal);
  });
}

async function upserted(
  session: Session,
  run: NestedWrite,
  model: Model,
  unique: UniqueWhere,
  shown: unknown,
  creation: CreateNode,
  change: UpdateNode,
  signal: AbortSignal | undefined,
): Promise<Doc> {
  const updated = await run.update(change, unique.filter);
  if (updated !== null) return updated;
  // With further conditions, the record may exist without matching: creating it again would only hide that.
  if (unique.rest !== null) {
    const why = await whyNone(session, model, unique, shown, signal);
    if (why instanceof ConflictError) throw why;
  }
  return (await run.create(model.meta, [creation], [NO_LINKS]))[0]!;
}

export async function remove(session: Session, model: Model, given: unknown): Promise<Doc> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, DELETE);
  const unique = uniqueOf(schema, model.meta, args);
  const shape = parseShape(schema, model.meta, args);
  const signal = signalOf(args);
  const command: WriteCommand = {
    kind: "delete",
    model: model.meta.name,
    where: unique.filter,
    limit: null,
    returning: true,
  };
  if (shape.populate.length === 0) {
    const { docs } = await one(session, command, signal);
    if (docs.length === 0) throw await whyNone(session, model, unique, args.where, signal);
    return shaped(shape, docs[0]!);
  }
  return await session.transactional(signal, async (inner) => {
    const [row] = await inner.executor.find({ ...findQuery(model.meta, unique.filter, 1), ...shape }, { signal });
    if (row === undefined) throw await whyNone(inner, model, unique, args.where, signal);
    await inner.write(command, signal);
    return row;
  });
}

/** One command; with hooks, in a transaction of its own so that a hook can still refuse it. */
export async function one(
  session: Session,
  command: WriteCommand,
  signal: AbortSignal | undefined,
): Promise<WriteResult> {
  if (!session.hooked(command.model)) return await session.executor.write(command, { signal });
  return await session.transactional(signal, async (inner) => await inner.write(command, signal));
}

export function insertion(model: Model, docs: readonly Doc[], returning: boolean, skip: boolean): WriteCommand {
  return {
    kind: "insert",
    model: model.meta.name,
    docs,
    onConflict: { kind: skip ? "skip" : "fail" },
    returning,
  };
}

/** The row as select and omit want it. */
function shaped(shape: Shape, row: Doc): Doc {
  return shape.fields === null ? row : compileProjection(shape.fields)(row);
}

/** The row as the call wants it, relations read in the same transaction. */
async function loaded(
  session: Session,
  model: Model,
  shape: Shape,
  row: Doc,
  signal: AbortSignal | undefined,
): Promise<Doc> {
  if (shape.populate.length === 0) return shaped(shape, row);
  const query = { ...findQuery(model.meta, keyFilter(model.meta, row), 1), ...shape };
  return (await session.executor.find(query, { signal }))[0]!;
}

/** Why a write by unique filter found nothing: no such record, or one that was changed since it was read. */
async function whyNone(
  session: Session,
  model: Model,
  unique: UniqueWhere,
  shown: unknown,
  signal: AbortSignal | undefined,
): Promise<Error> {
  const { meta, version } = model;
  if (namesVersion(unique.rest, version)) {
    const query = findQuery(meta, uniquePart(meta, unique), 1);
    const [row] = await session.executor.find(query, { signal });
    if (row !== undefined)
      return new ConflictError(
        "CONFLICT.VERSION",
        `${meta.name} ${show(shown)} was changed since it was read: its ${version} is ${show(row[version!])} now`,
        { fix: "read it again, and decide anew", meta: { model: meta.name, current: row[version!] } },
      );
  }
  return new NotFoundError(`No ${meta.name} matches ${show(shown)}`, {
    fix: "check the filter; upsert creates the record when it is missing",
    meta: { model: meta.name },
  });
}
