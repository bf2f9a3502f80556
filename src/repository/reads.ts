/** Reading calls of a repository: arguments -> IR -> executor -> the shape that the call promises. */
import { NotFoundError, QueryError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import type { Executor, ExplainOptions, Plan } from "../engine/engine.js";
import { rowsOf } from "../engine/stream.js";
import type { FindQuery } from "../query/ir.js";
import { parseAggregate, parseGroupBy, shapeAggregateRow } from "../query/parse-aggregate.js";
import { FIND_ARGUMENTS, parseFind, parseShape, SHAPE_ARGUMENTS } from "../query/parse-find.js";
import { parseId, parseUnique, type UniqueWhere } from "../query/parse-unique.js";
import { parseWhere } from "../query/parse-where.js";
import type { Doc, ModelMeta, Schema } from "../schema/model.js";
import { checkCall, checkOptions } from "./arguments.js";
import type { Model, UniqueField } from "./catalog.js";
import { findQuery } from "./ir-build.js";
import type { Session } from "./session.js";
import { show } from "./show.js";

const UNIQUE_ARGUMENTS: ReadonlySet<string> = new Set([...SHAPE_ARGUMENTS, "where"]);
const CALL: ReadonlySet<string> = new Set(["signal"]);
const STREAM: ReadonlySet<string> = new Set(["signal", "batch"]);
const EXPLAIN: ReadonlySet<string> = new Set(["signal", "analyze"]);

/** One row by one field that fixes it: what nearly every point read is. No promise where the row is at hand. */
export function pointRow(
  executor: Executor,
  meta: ModelMeta,
  field: UniqueField,
  value: string | number,
): Doc | null | Promise<Doc | null> {
  const row = executor.point?.(meta.name, field.name, value);
  return row === undefined ? findPoint(executor, meta, field, value) : row;
}

async function findPoint(
  executor: Executor,
  meta: ModelMeta,
  { path }: UniqueField,
  value: string | number,
): Promise<Doc | null> {
  return (await executor.find(findQuery(meta, { kind: "compare", path, op: "eq", value }, 1)))[0] ?? null;
}

/** The value under the only key of a plain object; undefined when there are others. */
export function onlyValue(object: unknown, name: string): unknown {
  return isPlainObject(object) && hasOnly(object, name) ? object[name] : undefined;
}

/** The field when `where` is of the form `{ uniqueField: … }`, and nothing else; null: take the general way. */
export function uniqueFieldOf(model: Model, where: unknown): UniqueField | null {
  if (!isPlainObject(where)) return null;
  for (const name in where) return hasOnly(where, name) ? (model.uniqueFields.get(name) ?? null) : null;
  return null;
}

/** Whether this is the object's only key, and its own. */
function hasOnly(object: object, name: string): boolean {
  for (const key in object) if (key !== name) return false;
  return Object.hasOwn(object, name);
}

export function idQuery(schema: Schema, meta: ModelMeta, id: unknown, args: unknown): FindQuery {
  const unique = parseId(schema, meta, id);
  if (args === undefined) return findQuery(meta, unique.filter, 1);
  const checked = checkCall(schema, meta, args, SHAPE_ARGUMENTS);
  return { ...findQuery(meta, unique.filter, 1), ...parseShape(schema, meta, checked) };
}

export function uniqueQuery(schema: Schema, meta: ModelMeta, args: unknown): FindQuery {
  const checked = checkCall(schema, meta, args, UNIQUE_ARGUMENTS);
  const unique = uniqueOf(schema, meta, checked);
  return { ...findQuery(meta, unique.filter, 1), ...parseShape(schema, meta, checked) };
}

export function uniqueOf(schema: Schema, meta: ModelMeta, args: Readonly<Record<string, unknown>>): UniqueWhere {
  return parseUnique(schema, meta, Object.hasOwn(args, "where") ? args.where : undefined);
}

export function manyQuery(schema: Schema, meta: ModelMeta, args: unknown): FindQuery {
  if (args === undefined) return findQuery(meta, null, null);
  const checked = checkCall(schema, meta, args, FIND_ARGUMENTS);
  return parseFind(schema, meta, checked);
}

/** The first row of what the arguments say; their own limit may only say 0. */
export function firstQuery(schema: Schema, meta: ModelMeta, args: unknown): FindQuery {
  const query = manyQuery(schema, meta, args);
  return { ...query, limit: query.limit === null ? 1 : Math.min(query.limit, 1) };
}

export function signalOf(args: unknown): AbortSignal | undefined {
  return typeof args === "object" && args !== null ? (args as { signal?: AbortSignal }).signal : undefined;
}

export async function countRows(session: Session, meta: ModelMeta, where: unknown, options: unknown): Promise<number> {
  const { signal } = checkOptions(session.catalog.schema, meta, options, CALL);
  return await session.executor.count(meta.name, conditionOf(session, meta, where), { signal });
}

export async function anyRow(session: Session, meta: ModelMeta, where: unknown, options: unknown): Promise<boolean> {
  const { signal } = checkOptions(session.catalog.schema, meta, options, CALL);
  const query: FindQuery = { ...findQuery(meta, conditionOf(session, meta, where), 1), fields: meta.key };
  return (await session.executor.find(query, { signal })).length > 0;
}

/** No argument means every row; an explicit undefined in its place reads the same, so `arguments` is not consulted. */
function conditionOf(session: Session, meta: ModelMeta, where: unknown): FindQuery["where"] {
  if (where === undefined) return null;
  const { schema } = session.catalog;
  // count({ where: … }) is the likeliest slip, and "unknown field where" the least helpful answer.
  if (isPlainObject(where) && Object.hasOwn(where, "where") && !meta.fields.some((field) => field.name === "where"))
    throw new QueryError("QUERY.UNKNOWN_FIELD", `${meta.name}: the filter has an unknown field "where"`, {
      fix: "pass the filter itself: count({ … }), not count({ where: { … } })",
      meta: { model: meta.name, field: "where" },
    });
  return parseWhere(schema, meta, where);
}

export function streamRows(
  session: Session,
  meta: ModelMeta,
  args: unknown,
  options: unknown,
): AsyncIterableIterator<Doc> {
  const { schema } = session.catalog;
  const query = manyQuery(schema, meta, args);
  return streamQuery(session, meta, query, options, signalOf(args));
}

export function streamQuery(
  session: Session,
  meta: ModelMeta,
  query: FindQuery,
  options: unknown,
  other?: AbortSignal,
): AsyncIterableIterator<Doc> {
  const { signal = other, batch } = checkOptions(session.catalog.schema, meta, options, STREAM);
  return rowsOf(session.executor.stream(query, { signal, batch }), signal);
}

export async function explainQuery(
  session: Session,
  meta: ModelMeta,
  query: FindQuery,
  options: unknown,
): Promise<Plan> {
  const checked: ExplainOptions = checkOptions(session.catalog.schema, meta, options, EXPLAIN);
  return await session.executor.explain(query, checked);
}

export async function aggregateRow(session: Session, meta: ModelMeta, args: unknown): Promise<Doc> {
  const query = parseAggregate(session.catalog.schema, meta, args);
  const rows = await session.executor.aggregate(query, { signal: signalOf(args) });
  return shapeAggregateRow(query, rows[0]!);
}

export async function groupRows(session: Session, meta: ModelMeta, args: unknown): Promise<readonly Doc[]> {
  const query = parseGroupBy(session.catalog.schema, meta, args);
  const rows = await session.executor.aggregate(query, { signal: signalOf(args) });
  return rows.map((row) => shapeAggregateRow(query, row));
}

/** The error of the `…OrThrow` calls; `shown` is what was asked for. */
export function notFound(meta: ModelMeta, shown: unknown): NotFoundError {
  const text = shown === undefined ? "" : ` matches ${show(shown)}`;
  return new NotFoundError(`No ${meta.name}${text}`, {
    fix: "check the filter, or use the call without OrThrow, which gives null",
    meta: { model: meta.name },
  });
}
