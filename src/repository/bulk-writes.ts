/** Writing calls on many records: createMany, updateMany, deleteMany. */
import { QueryError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import type { Filter, WriteCommand, WriteResult } from "../query/ir.js";
import { holdsFieldsOnly } from "../query/parse-data.js";
import { parseCount } from "../query/parse-find.js";
import { parseWhere } from "../query/parse-where.js";
import { parseCreateRows, parseUpdateData } from "../query/parse-write.js";
import type { Doc, Schema } from "../schema/model.js";
import { checkCall } from "./arguments.js";
import type { Model } from "./catalog.js";
import { checkStored, NestedWrite } from "./nested.js";
import { NO_LINKS } from "./nested-run.js";
import { Preparation } from "./prepare.js";
import { signalOf } from "./reads.js";
import type { Session } from "./session.js";
import { show } from "./show.js";
import { insertion, one } from "./writes.js";

type Args = Readonly<Record<string, unknown>>;

const CREATE_MANY: ReadonlySet<string> = new Set(["data", "skipDuplicates", "returning", "signal"]);
const UPDATE_MANY: ReadonlySet<string> = new Set(["where", "all", "data", "limit", "returning", "signal"]);
const DELETE_MANY: ReadonlySet<string> = new Set(["where", "all", "limit", "returning", "signal"]);

export interface Many {
  readonly count: number;
  readonly rows?: readonly Doc[];
}

export async function createMany(session: Session, model: Model, given: unknown): Promise<Many> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, CREATE_MANY);
  const skip = flag(model, args, "skipDuplicates");
  const returning = flag(model, args, "returning");
  const signal = signalOf(args);
  const { data } = args;
  if (!Array.isArray(data)) throw wrongArgument(model, "data", "a list of objects", data);
  if (areRowsOfFields(model, data)) {
    const prepared = new Preparation(session.catalog, []);
    const docs = data.map((values, index) => prepared.row(model, values, index));
    prepared.done(model.meta.name);
    if (docs.length === 0) return many({ count: 0, docs: [] }, returning);
    return many(await one(session, insertion(model, docs, returning, skip), signal), returning);
  }
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

/** Whether no row says anything about relations, which is what nearly all long lists are. */
function areRowsOfFields(model: Model, data: readonly unknown[]): data is readonly Readonly<Record<string, unknown>>[] {
  // By number: a method would leave out the holes of a sparse list.
  for (let i = 0; i < data.length; i++) if (!holdsFieldsOnly(model.meta, data[i])) return false;
  return true;
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

export async function removeMany(session: Session, model: Model, given: unknown): Promise<Many> {
  const { schema } = session.catalog;
  const args = checkCall(schema, model.meta, given, DELETE_MANY);
  const where = bulkWhere(schema, model, args, "deleteMany");
  const limit = limitOf(schema, model, args);
  const returning = flag(model, args, "returning");
  const command: WriteCommand = { kind: "delete", model: model.meta.name, where, limit, returning };
  return many(await one(session, command, signalOf(args)), returning);
}

function many(result: WriteResult, returning: boolean): Many {
  return returning ? { count: result.count, rows: result.docs } : { count: result.count };
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
