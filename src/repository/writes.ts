/**
 * Writing calls of a repository. One command goes straight to the executor; several (nested data, checks after atomic
 * changes, hooks, reading back) run in a transaction, or a savepoint inside one.
 */
import { ConflictError, NotFoundError, QueryError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import type { Filter, WriteCommand, WriteResult } from "../query/ir.js";
import { parseCount, parseShape, SHAPE_ARGUMENTS, type Shape } from "../query/parse-find.js";
import type { UniqueWhere } from "../query/parse-unique.js";
import { parseWhere } from "../query/parse-where.js";
import { namesVersion, parseCreateData, parseCreateRows, parseUpdateData, uniquePart } from "../query/parse-write.js";
import { compileProjection } from "../query/project.js";
import type { CreateNode, UpdateNode } from "../query/write-plan.js";
import type { Doc, Schema } from "../schema/model.js";
import { checkCall } from "./arguments.js";
import type { Model } from "./catalog.js";
import { findQuery, keyFilter } from "./ir-build.js";
import { checkStored, NestedWrite } from "./nested.js";
import { NO_LINKS } from "./nested-run.js";
import { Preparation } from "./prepare.js";
import { signalOf, uniqueOf } from "./reads.js";
import type { Session } from "./session.js";
import { show } from "./show.js";

type Args = Readonly<Record<string, unknown>>;

const CREATE: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "data"]);
const CREATE_MANY: ReadonlySet<string> = new Set(["data", "skipDuplicates", "returning", "signal"]);
const UPDATE: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where", "data"]);
const UPSERT: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where", "create", "update"]);
const DELETE: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where"]);
const UPDATE_MANY: ReadonlySet<string> = new Set(["where", "all", "data", "limit", "returning", "signal"]);
const DELETE_MANY: ReadonlySet<string> = new Set(["where", "all", "limit", "returning", "signal"]);

export interface Many {
  readonly count: number;
  readonly rows?: readonly Doc[];
}

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
    const result = await session.executor.write(insertion(model, [doc], true, false), { signal });
    return shaped(shape, result.docs[0]!);
  }
  return await session.transactional(signal, async (inner) => {
    const [row] = await new NestedWrite(inner, prepared, signal).create(model.meta, [node], [NO_LINKS]);
    return await loaded(inner, model, shape, row!, signal);
  });
}

export async function createMany(session: Session, model: Model, given: unknown): Promise<Many> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, CREATE_MANY);
  const skip = flag(model, args, "skipDuplicates");
  const returning = flag(model, args, "returning");
  const signal = signalOf(args);
  const { data } = args;
  if (!Array.isArray(data)) throw wrongArgument(model, "data", "a list of objects", data);
  const { node: nodes, issues } = parseCreateRows(schema, model.meta, data);
  const prepared = new Preparation(session.catalog, issues);
  const docs = nodes.map((node) => prepared.create(node).doc);
  const nested = nodes.some((node) => node.relations.length > 0);
  if (nested && skip)
    issues.push({ path: [], message: "skipDuplicates cannot be used with nested writes", code: "invalid_operation" });
  prepared.done(model.meta.name);
  if (docs.length === 0) return many({ count: 0, docs: [] }, returning);
  if (!nested) return many(await one(session, insertion(model, docs, returning, skip), signal), returning);
  return await session.transactional(signal, async (inner) => {
    const run = new NestedWrite(inner, prepared, signal);
    const rows = await run.create(
      model.meta,
      nodes,
      nodes.map(() => NO_LINKS),
    );
    return many({ count: rows.length, docs: rows }, returning);
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

export async function updateMany(session: Session, model: Model, given: unknown): Promise<Many> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, UPDATE_MANY);
  const where = bulkWhere(schema, model, args, "updateMany");
  const limit = limitOf(schema, model, args);
  const returning = flag(model, args, "returning");
  const signal = signalOf(args);
  const { node, issues } = parseUpdateData(schema, model.meta, args.data, "many");
  const prepared = new Preparation(session.catalog, issues);
  prepared.update(node);
  prepared.done(model.meta.name);
  const { changes, checked } = prepared.updates.get(node)!;
  const command: WriteCommand = {
    kind: "update",
    model: model.meta.name,
    where,
    changes,
    limit,
    returning: returning || checked !== null,
  };
  if (checked === null) return many(await one(session, command, signal), returning);
  return await session.transactional(signal, async (inner) => {
    const result = await inner.write(command, signal);
    checkStored(model.validator, model.meta, result.docs, checked, []);
    return many(result, returning);
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

export async function removeMany(session: Session, model: Model, given: unknown): Promise<Many> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, DELETE_MANY);
  const where = bulkWhere(schema, model, args, "deleteMany");
  const limit = limitOf(schema, model, args);
  const returning = flag(model, args, "returning");
  const command: WriteCommand = { kind: "delete", model: model.meta.name, where, limit, returning };
  return many(await one(session, command, signalOf(args)), returning);
}

/** One command; with hooks, in a transaction of its own so that a hook can still refuse it. */
async function one(session: Session, command: WriteCommand, signal: AbortSignal | undefined): Promise<WriteResult> {
  if (!session.hooked(command.model)) return await session.executor.write(command, { signal });
  return await session.transactional(signal, async (inner) => await inner.write(command, signal));
}

function insertion(model: Model, docs: readonly Doc[], returning: boolean, skip: boolean): WriteCommand {
  return {
    kind: "insert",
    model: model.meta.name,
    docs,
    onConflict: { kind: skip ? "skip" : "fail" },
    returning,
  };
}

function many(result: WriteResult, returning: boolean): Many {
  return returning ? { count: result.count, rows: result.docs } : { count: result.count };
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

/** The filter of a bulk write; every row only when said so. */
function bulkWhere(schema: Schema, model: Model, args: Args, call: string): Filter | null {
  const { meta } = model;
  const everything = isAll(model, args.where) || args.all === true;
  if (args.all !== undefined && args.all !== true) throw wrongArgument(model, "all", "true", args.all);
  if (everything) {
    if (args.all === true && args.where !== undefined && !isAll(model, args.where))
      throw new QueryError("QUERY.INVALID_VALUE", `${meta.name}: ${call} has both "where" and "all"`, {
        fix: "use one",
      });
    return null;
  }
  const where = Object.hasOwn(args, "where") ? parseWhere(schema, meta, args.where) : null;
  if (where !== null) return where;
  throw new QueryError("QUERY.MISSING_WHERE", `${meta.name}: ${call} without a filter would change every record`, {
    fix: `give a where, or say it: ${call}({ where: { all: true }${call === "updateMany" ? ", data" : ""} })`,
    meta: { model: meta.name },
  });
}

/** `{ all: true }` in place of a filter, unless the model has a field of that name. */
function isAll(model: Model, where: unknown): boolean {
  if (!isPlainObject(where) || model.fields.has("all") || model.relations.has("all")) return false;
  return where.all === true && Object.keys(where).length === 1;
}

function limitOf(schema: Schema, model: Model, args: Args): number | null {
  return args.limit === undefined ? null : parseCount(schema, model.meta, "limit", args.limit);
}

function flag(model: Model, args: Args, name: string): boolean {
  const value = args[name];
  if (value === undefined || typeof value === "boolean") return value === true;
  throw wrongArgument(model, name, "true or false", value);
}

function wrongArgument(model: Model, name: string, expected: string, value: unknown): QueryError {
  return new QueryError("QUERY.INVALID_VALUE", `${model.meta.name}: ${name} must be ${expected}, not ${show(value)}`, {
    fix: `pass ${expected}`,
    meta: { model: model.meta.name, argument: name },
  });
}
