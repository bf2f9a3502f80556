/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `tenon/types`: the only module that generated declarations import. Types only, no zod, no driver, so that a file with
 * queries costs the editor nothing but these interfaces. Everything per model is generated as plain named interfaces;
 * what is here is what all models share. Invariant: no object literal of the user is ever inferred into a type parameter
 * (where, data and orderBy are passed explicitly); only unions of string literals and callback results are inferred.
 */
import type { ExplainOptions, Plan } from "./engine/engine.js";
import type { Count } from "./types/aggregates.js";
import type { Direction } from "./types/filters.js";

export type { ExplainOptions, Plan, PlanNode } from "./engine/engine.js";
export type { ClientOptions } from "./repository/client.js";
export type { ClientMethods, TransactionMethods } from "./repository/surface.js";
export type { Json } from "./schema/model.js";
export type * from "./types/aggregates.js";
export type * from "./types/filters.js";

/** Options that every call which can wait takes. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Options of `stream`. */
export interface StreamOptions extends CallOptions {
  /** Rows fetched at a time at most. */
  batch?: number | undefined;
}

// -- Rows

/** First steps of paths: `"posts.comments"` -> `"posts"`. */
export type Head<P extends string> = P extends `${infer H}.${string}` ? H : P;
/** What follows the step `K`: `"posts.comments"` after `"posts"` -> `"comments"`. */
export type Tail<P extends string, K extends string> = P extends `${K}.${infer R}` ? R : never;

/** The row `T` with the relations of `R` that the paths `P` load; just the row when there are none. */
// Mapped over `keyof R`, so that a loaded relation is still the relation that the model declares (go to definition).
export type Populated<T, R, P extends string> = [P] extends [never] ? T : T & { [K in keyof R as K & Head<P>]: R[K] };
/** A row without some of its fields. */
export type Without<T, K> = { [P in keyof T as P extends K ? never : P]: T[P] };
/** The fields `S` without `O`; the plain row when that is all of them. */
export type PickRow<T, S extends keyof T, O extends keyof T> = [O] extends [never]
  ? keyof T extends S
    ? T
    : Pick<T, S>
  : keyof T extends S
    ? Omit<T, O>
    : Without<Pick<T, S>, O>;

declare const row: unique symbol;
/** A query whose rows are `T`. */
export interface Rows<out T> {
  readonly [row]: T;
}

// The arguments are spelled out rather than inherited: each base would be instantiated again for every call.

/** What is returned of the row that a key names. */
export interface ShapeArgs<P, S, O> {
  /** Only these fields. */
  select?: readonly S[];
  /** All fields but these. */
  omit?: readonly O[];
  /** Relations to load, by path: `["posts.comments"]`. */
  populate?: readonly P[];
  signal?: AbortSignal | undefined;
}
export interface UniqueArgs<U, P, S, O> {
  where: U;
  /** Only these fields. */
  select?: readonly S[];
  /** All fields but these. */
  omit?: readonly O[];
  /** Relations to load, by path: `["posts.comments"]`. */
  populate?: readonly P[];
  signal?: AbortSignal | undefined;
}

// -- Writes

export interface DeleteArgs<U, P, S> {
  where: U;
  select?: readonly S[];
  populate?: readonly P[];
  signal?: AbortSignal | undefined;
}
export interface CreateArgs<D, P, S> {
  data: D;
  select?: readonly S[];
  populate?: readonly P[];
  signal?: AbortSignal | undefined;
}
export interface UpdateArgs<U, D, P, S> {
  where: U;
  data: D;
  select?: readonly S[];
  populate?: readonly P[];
  signal?: AbortSignal | undefined;
}
export interface UpsertArgs<U, C, D, P, S> {
  where: U;
  create: C;
  update: D;
  select?: readonly S[];
  populate?: readonly P[];
  signal?: AbortSignal | undefined;
}
export interface CreateManyArgs<D, B> {
  signal?: AbortSignal | undefined;
  data: readonly D[];
  /** Leave out rows whose key or unique value exists already. */
  skipDuplicates?: boolean;
  /** Also return the rows. */
  returning?: B;
}
/** Every row, on purpose. */
export interface All {
  all: true;
}
export interface UpdateManyArgs<W, D, B> {
  signal?: AbortSignal | undefined;
  where: W | All;
  data: D;
  /** Change at most this many. */
  limit?: number;
  /** Also return the rows. */
  returning?: B;
}
export interface DeleteManyArgs<W, B> {
  signal?: AbortSignal | undefined;
  where: W | All;
  /** Delete at most this many. */
  limit?: number;
  /** Also return the rows. */
  returning?: B;
}
export interface CountAndRows<T> extends Count {
  rows: T[];
}
export type ManyResult<T, B> = B extends true ? CountAndRows<T> : Count;

/** `{ $set: value }`: the same as the value alone. */
export interface SetTo<T> {
  $set: T;
}
/** Removes an optional value; a nullable one becomes null. */
export interface Unset {
  $unset: true;
}
/** Atomic arithmetic, or `$set`. */
export interface NumberUpdate<T> {
  $inc?: T;
  $mul?: T;
  $set?: T;
}
/** Adds or removes elements, or replaces the list. */
export interface ListUpdate<T> {
  /** An element, or several in an array. */
  $push?: T | readonly T[];
  /** Removes every element equal to this, or to one of these. */
  $pull?: T | readonly T[];
  $set?: readonly T[];
}
/** Changes some properties of a nested object, or replaces it. */
export interface ObjectUpdate<T> {
  $patch?: Partial<T>;
  $set?: T;
}

export interface ConnectOrCreate<C, U> {
  where: U;
  create: C;
}
export interface ToOneCreate<C, U> {
  create?: C;
  connect?: U;
  connectOrCreate?: ConnectOrCreate<C, U>;
}
export interface ToOneUpdate<C, U, D, W> extends ToOneCreate<C, U> {
  update?: UpdateRelated<D, W>;
  upsert?: { where?: W; create: C; update: D };
}
/** A to-one relation that may be empty. */
export interface ToOptionalUpdate<C, U, D, W> extends ToOneUpdate<C, U, D, W> {
  disconnect?: true;
  delete?: true;
}
export interface ToManyCreate<C, U> {
  create?: C | readonly C[];
  connect?: U | readonly U[];
  connectOrCreate?: ConnectOrCreate<C, U> | readonly ConnectOrCreate<C, U>[];
}
export interface ToManyUpdate<C, U, D, W> extends ToManyCreate<C, U> {
  /** Exactly these rows are related afterwards. */
  set?: U | readonly U[];
  disconnect?: U | readonly U[];
  delete?: U | readonly U[];
  deleteMany?: W | readonly W[];
  update?: UpdateOne<U, D> | readonly UpdateOne<U, D>[];
  updateMany?: UpdateRelated<D, W> | readonly UpdateRelated<D, W>[];
  upsert?: UpsertOne<C, U, D> | readonly UpsertOne<C, U, D>[];
}
export interface UpdateOne<U, D> {
  where: U;
  data: D;
}
export interface UpdateRelated<D, W> {
  where?: W;
  data: D;
}
export interface UpsertOne<C, U, D> {
  where: U;
  create: C;
  update: D;
}
/** The payload of the row between two models of a many-to-many relation. */
export interface Through<T> {
  $through?: T;
}

// -- What the repositories and builders of all models have in common. `M`: the row, `V`: values by path.

/** The calls whose result does not depend on `select` and `populate`. */
export interface RepositoryCalls<M, W, C, D, Q> {
  /** Whether any row matches. */
  exists(where?: W, options?: CallOptions): Promise<boolean>;
  /** How many rows match. */
  count(where?: W, options?: CallOptions): Promise<number>;
  /** Inserts rows, all or none. */
  createMany<B extends boolean = false>(args: CreateManyArgs<C, B>): Promise<ManyResult<M, B>>;
  /** Changes all rows that match; for every row: `where: { all: true }`. */
  updateMany<B extends boolean = false>(args: UpdateManyArgs<W, D, B>): Promise<ManyResult<M, B>>;
  /** Deletes all rows that match; for every row: `where: { all: true }`. */
  deleteMany<B extends boolean = false>(args: DeleteManyArgs<W, B>): Promise<ManyResult<M, B>>;
  /** Starts a query, step by step. */
  query(): Q;
  /** Starts a query with a filter. */
  where(where: W): Q;
}

/** The steps of a builder that change no type, and its ends. `T`: the row. */
export interface QuerySteps<out T, W, G, V> extends Rows<T> {
  /** Keeps rows that match; several are all required. */
  where(where: W): this;
  orderBy(by: keyof V | G | readonly G[], direction?: Direction): this;
  limit(count: number): this;
  offset(count: number): this;
  /** Rows after this one: the values of the order's fields and of the key. */
  after(row: Partial<V>): this;
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
