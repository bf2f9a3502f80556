/**
 * The one Repository class behind every generated interface: a model bound to a session. Point reads by key or unique
 * field take a short way that allocates only the query; everything else is parsed by src/query.
 *
 * Every method is async and awaits what it calls, so that the stack of a rejection leads back to the caller's line.
 */
import type { ExplainOptions, Plan } from "../engine/engine.js";
import type { Doc, ModelMeta } from "../schema/model.js";
import { createMany, type Many, removeMany, updateMany } from "./bulk-writes.js";
import type { Model, UniqueField } from "./catalog.js";
import { type QueryBuilder, startQuery } from "./query-builder.js";
import {
  aggregateRow,
  anyRow,
  countRows,
  explainQuery,
  firstQuery,
  groupRows,
  idQuery,
  manyQuery,
  notFound,
  onlyValue,
  pointRow,
  signalOf,
  streamRows,
  uniqueFieldOf,
  uniqueQuery,
} from "./reads.js";
import type { Session } from "./session.js";
import { traced } from "./traced.js";
import { create, remove, update, upsert } from "./writes.js";

interface Cancel {
  readonly signal?: AbortSignal | undefined;
}

export class Repository {
  readonly #session: Session;
  readonly #model: Model;
  readonly #meta: ModelMeta;
  /** A single key that is recognised at a glance. */
  readonly #key: UniqueField | null;

  constructor(session: Session, model: Model) {
    this.#session = session;
    this.#model = model;
    this.#meta = model.meta;
    this.#key = (model.meta.key.length === 1 ? model.uniqueFields.get(model.meta.key[0]!) : undefined) ?? null;
  }

  async findById(id: unknown, args?: unknown): Promise<Doc | null> {
    if (args === undefined && this.#key?.fits(id)) {
      const row = pointRow(this.#session.executor, this.#meta, this.#key, id as string | number);
      return row instanceof Promise ? await row : row;
    }
    const query = idQuery(this.#session.catalog.schema, this.#meta, id, args);
    return (await this.#session.executor.find(query, { signal: signalOf(args) }))[0] ?? null;
  }

  async findByIdOrThrow(id: unknown, args?: unknown): Promise<Doc> {
    const row = await this.findById(id, args);
    if (row === null) throw notFound(this.#meta, id);
    return row;
  }

  async findUnique(args: unknown): Promise<Doc | null> {
    const where = onlyValue(args, "where");
    const field = uniqueFieldOf(this.#model, where);
    if (field !== null) {
      // Read once: a getter may give something else the next time.
      const value = (where as Record<string, unknown>)[field.name];
      if (field.fits(value)) {
        const row = pointRow(this.#session.executor, this.#meta, field, value as string | number);
        return row instanceof Promise ? await row : row;
      }
    }
    const query = uniqueQuery(this.#session.catalog.schema, this.#meta, args);
    return (await this.#session.executor.find(query, { signal: signalOf(args) }))[0] ?? null;
  }

  async findUniqueOrThrow(args: unknown): Promise<Doc> {
    const row = await this.findUnique(args);
    if (row === null) throw notFound(this.#meta, (args as { where?: unknown }).where);
    return row;
  }

  async findFirst(args?: unknown): Promise<Doc | null> {
    const query = firstQuery(this.#session.catalog.schema, this.#meta, args);
    return (await this.#session.executor.find(query, { signal: signalOf(args) }))[0] ?? null;
  }

  async findFirstOrThrow(args?: unknown): Promise<Doc> {
    const row = await this.findFirst(args);
    if (row === null) throw notFound(this.#meta, (args as { where?: unknown } | undefined)?.where);
    return row;
  }

  async findMany(args?: unknown): Promise<readonly Doc[]> {
    const query = manyQuery(this.#session.catalog.schema, this.#meta, args);
    return await this.#session.executor.find(query, { signal: signalOf(args) });
  }

  /** Rows one by one from one snapshot. Wrong arguments throw at once; leaving the loop frees the snapshot. */
  stream(args?: unknown, options?: unknown): AsyncIterableIterator<Doc> {
    return streamRows(this.#session, this.#meta, args, options);
  }

  async exists(where?: unknown, options?: Cancel): Promise<boolean> {
    return await anyRow(this.#session, this.#meta, where, options);
  }

  async count(where?: unknown, options?: Cancel): Promise<number> {
    return await countRows(this.#session, this.#meta, where, options);
  }

  async aggregate(args: unknown): Promise<Doc> {
    return await aggregateRow(this.#session, this.#meta, args);
  }

  async groupBy(args: unknown): Promise<readonly Doc[]> {
    return await groupRows(this.#session, this.#meta, args);
  }

  /** How `findMany(args)` would be answered. */
  async explain(args?: unknown, options?: ExplainOptions): Promise<Plan> {
    const query = manyQuery(this.#session.catalog.schema, this.#meta, args);
    return await explainQuery(this.#session, this.#meta, query, options);
  }

  async create(args: unknown): Promise<Doc> {
    return await traced(create(this.#session, this.#model, args));
  }

  async createMany(args: unknown): Promise<Many> {
    return await traced(createMany(this.#session, this.#model, args));
  }

  async update(args: unknown): Promise<Doc> {
    return await traced(update(this.#session, this.#model, args));
  }

  async updateMany(args: unknown): Promise<Many> {
    return await traced(updateMany(this.#session, this.#model, args));
  }

  async upsert(args: unknown): Promise<Doc> {
    return await traced(upsert(this.#session, this.#model, args));
  }

  async delete(args: unknown): Promise<Doc> {
    return await traced(remove(this.#session, this.#model, args));
  }

  async deleteMany(args: unknown): Promise<Many> {
    return await traced(removeMany(this.#session, this.#model, args));
  }

  /** Starts a query, step by step. */
  query(): QueryBuilder {
    return startQuery(this.#session, this.#meta);
  }

  where(where: unknown): QueryBuilder {
    return startQuery(this.#session, this.#meta).where(where);
  }
}
