/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `tenon/types`: the only module that generated declarations import. Types only, no zod, no driver, so that a file with
 * queries costs the editor nothing but these interfaces. Everything per model is generated as plain named interfaces;
 * what is here is what all models share. Invariant: no object literal of the user is ever inferred into a type parameter
 * (where, data and orderBy are passed explicitly); only unions of string literals and callback results are inferred.
 */
import type { ExplainOptions, Plan } from "./engine/engine.js";
import type { AggregateArgs, AggregateRow, Count, GroupByArgs } from "./types/aggregates.js";
import type {
  CountAndRows,
  CreateManyArgs,
  DeleteArgs,
  DeleteManyArgs,
  FindArgs,
  ModelTypes,
  ShapeArgs,
  UniqueArgs,
  UpdateManyArgs,
  UpsertArgs,
} from "./types/args.js";
import type { Direction } from "./types/filters.js";
import type { Found } from "./types/rows.js";

export type { ExplainOptions, Plan, PlanNode } from "./engine/engine.js";
export type { ClientOptions } from "./repository/client.js";
export type { ClientMethods, TransactionMethods } from "./repository/surface.js";
export type { Json } from "./schema/model.js";
export type * from "./types/aggregates.js";
export type * from "./types/args.js";
export type * from "./types/filters.js";
export type * from "./types/rows.js";
export type * from "./types/writes.js";

/** Options that every call which can wait takes. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Options of `stream`. */
export interface StreamOptions extends CallOptions {
  /** Rows fetched at a time at most. */
  batch?: number | undefined;
}

/**
 * What the repositories of all models have in common. The calls made most are in the generated file of each model: spelled
 * out there they cost the compiler half of what they would here. `T`: the row, `F`: its fields, `V`: values by path,
 * `N`, `M`: paths of what can be summed and compared. All are in `K`, too, but looked up there they cost twice as much.
 */
export interface RepositoryCalls<K extends ModelTypes, T, F extends keyof T, V, N extends string, M extends string> {
  /** The row of this key, or NotFoundError. */
  findByIdOrThrow<P extends K["path"] = never, S extends F = never, O extends F = never>(
    key: K["key"],
    args?: ShapeArgs<P, S, O>,
  ): Promise<Found<K, T, P, S, O>>;
  /** The row of a unique filter, or NotFoundError. */
  findUniqueOrThrow<P extends K["path"] = never, S extends F = never, O extends F = never>(
    args: UniqueArgs<K["unique"], P, S, O>,
  ): Promise<Found<K, T, P, S, O>>;
  /** The first match, or NotFoundError. */
  findFirstOrThrow<P extends K["path"] = never, S extends F = never, O extends F = never>(
    args?: FindArgs<K, P, S, O>,
  ): Promise<Found<K, T, P, S, O>>;
  /** The rows of findMany one by one, from one snapshot. */
  stream<P extends K["path"] = never, S extends F = never, O extends F = never>(
    args?: FindArgs<K, P, S, O>,
    options?: StreamOptions,
  ): AsyncIterable<Found<K, T, P, S, O>>;
  /** Whether any row matches. */
  exists(where?: K["where"], options?: CallOptions): Promise<boolean>;
  /** How many rows match. */
  count(where?: K["where"], options?: CallOptions): Promise<number>;
  /** Count, sums, averages and extremes over the rows that match. */
  aggregate<
    C extends boolean = false,
    S extends N = never,
    A extends N = never,
    L extends M = never,
    X extends M = never,
  >(args: AggregateArgs<K, C, S, A, L, X>): Promise<AggregateRow<V, C, S, A, L, X>>;
  /** The same for each group of rows. */
  groupBy<
    B extends keyof V,
    C extends boolean = false,
    S extends N = never,
    A extends N = never,
    L extends M = never,
    X extends M = never,
  >(args: GroupByArgs<K, B, C, S, A, L, X>): Promise<(Pick<V, B> & AggregateRow<V, C, S, A, L, X>)[]>;
  /** How findMany would answer. */
  explain(args?: FindArgs<K, K["path"], F, F>, options?: ExplainOptions): Promise<Plan>;
  /** Inserts rows, all or none. */
  createMany<B extends boolean = false>(args: CreateManyArgs<K, B>): Promise<B extends true ? CountAndRows<T> : Count>;
  /** Changes all rows that match; for every row: `where: { all: true }`. */
  updateMany<B extends boolean = false>(args: UpdateManyArgs<K, B>): Promise<B extends true ? CountAndRows<T> : Count>;
  /** Changes the row of a unique filter, or inserts it. */
  upsert<P extends K["path"] = never, S extends F = never>(args: UpsertArgs<K, P, S>): Promise<Found<K, T, P, S>>;
  /** Deletes the row of a unique filter, or NotFoundError. */
  delete<P extends K["path"] = never, S extends F = never>(args: DeleteArgs<K, P, S>): Promise<Found<K, T, P, S>>;
  /** Deletes all rows that match; for every row: `where: { all: true }`. */
  deleteMany<B extends boolean = false>(args: DeleteManyArgs<K, B>): Promise<B extends true ? CountAndRows<T> : Count>;
  /** Starts a query, step by step. */
  query(): K["query"];
  /** Starts a query with a filter. */
  where(where: K["where"]): K["query"];
}

declare const row: unique symbol;
declare const model: unique symbol;
/** A query whose rows are `T`. */
export interface Rows<out T = unknown> {
  readonly [row]: T;
}
/** A query of the model `M`, whatever its rows are. */
export interface QueryOf<out M> {
  readonly [row]: unknown;
  readonly [model]: M;
}
/** The row of a query. */
export type RowOf<Q extends Rows> = Q[typeof row];

/** The steps of a builder that change no type, and its ends. `T`: the row; `M`: the model's name. */
export interface QuerySteps<out T, W, G, V, out M> {
  readonly [row]: T;
  readonly [model]: M;
  /** Keeps rows that match; several are all required. */
  where(where: W): this;
  orderBy(by: keyof V | G | readonly G[], direction?: Direction): this;
  limit(count: number): this;
  offset(count: number): this;
  /** Rows after this one: the values of the order's fields and of the key. null: from the first. */
  after(row: Partial<V> | null): this;
  /** The first row of each combination of these values. */
  distinct(...fields: (keyof V)[]): this;
  /** All rows. */
  all(options?: CallOptions): Promise<T[]>;
  /** The first row, or null. */
  first(options?: CallOptions): Promise<T | null>;
  /** The first row, or NotFoundError. */
  firstOrThrow(options?: CallOptions): Promise<T>;
  /** The only row: none or several are errors. */
  one(options?: CallOptions): Promise<T>;
  count(options?: CallOptions): Promise<number>;
  exists(options?: CallOptions): Promise<boolean>;
  /** The rows one by one, from one snapshot. */
  stream(options?: StreamOptions): AsyncIterable<T>;
  explain(options?: ExplainOptions): Promise<Plan>;
}
