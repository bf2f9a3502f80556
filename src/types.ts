/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `tenon/types`: the only module that generated declarations import. Types only, no zod, no driver, so that a file with
 * queries costs the editor nothing but these interfaces. Everything per model is generated as plain named interfaces;
 * what is here is what all models share. Invariant: no object literal of the user is ever inferred into a type parameter
 * (where, data and orderBy are passed explicitly); only unions of string literals and callback results are inferred.
 */
import type { ExplainOptions, Plan } from "./engine/engine.js";
import type { Json } from "./schema/model.js";

export type { ExplainOptions, Plan, PlanNode } from "./engine/engine.js";
export type { ClientOptions } from "./repository/client.js";
export type { ClientMethods, TransactionMethods } from "./repository/surface.js";
export type { Json } from "./schema/model.js";

/** Options that every call which can wait takes. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Options of `stream`. */
export interface StreamOptions extends CallOptions {
  /** Rows fetched at a time at most. */
  batch?: number | undefined;
}

// -- Filters. `N` is `null` for fields that can be null.

/** What every field can be asked. */
export interface ValueFilter<T> {
  $eq?: T;
  $ne?: T;
  $in?: readonly T[];
  $nin?: readonly T[];
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: ValueFilter<T>;
}

/** What ordered values can be asked: numbers, dates, bigints, strings (by code point). */
export interface OrderedFilter<T, N> extends ValueFilter<T | N> {
  $gt?: T;
  $gte?: T;
  $lt?: T;
  $lte?: T;
}

export interface NumberFilter<N = never> extends OrderedFilter<number, N> {
  $not?: NumberFilter<N>;
}
export interface BigIntFilter<N = never> extends OrderedFilter<bigint, N> {
  $not?: BigIntFilter<N>;
}
export interface DateFilter<N = never> extends OrderedFilter<Date, N> {
  $not?: DateFilter<N>;
}
export interface StringFilter<N = never> extends OrderedFilter<string, N> {
  $contains?: string;
  $startsWith?: string;
  $endsWith?: string;
  $regex?: string | RegExp;
  $not?: StringFilter<N>;
}
export interface BooleanFilter<N = never> extends ValueFilter<boolean | N> {}
export interface BytesFilter<N = never> extends ValueFilter<Uint8Array | N> {}
/** Enums and literal unions. */
export interface EnumFilter<T> extends ValueFilter<T> {}
/** Untyped JSON: compared whole, or by the keys inside. */
export type JsonFilter = Json | ValueFilter<Json>;

/** A list: `T` is an element, `F` what an element can be asked. */
export interface ListFilter<T, F> extends ValueFilter<readonly T[] | null> {
  /** An element equals this. */
  $contains?: T;
  /** At least one element matches. */
  $some?: F;
  /** All elements match; true for an empty list. */
  $every?: F;
  /** No element matches. */
  $none?: F;
  $not?: ListFilter<T, F>;
}

/** Rows at the other end of a to-many relation. */
export interface ToManyFilter<W> {
  /** At least one related row matches. */
  some?: W;
  /** All related rows match; true when there is none. */
  every?: W;
  /** No related row matches. */
  none?: W;
}

/** The row at the other end of a to-one relation; writing its filter directly means `is`. */
export interface ToOneFilter<W> {
  is?: W | null;
  isNot?: W | null;
}

// -- Order

export type Direction = "asc" | "desc";
/** A direction, or a direction and where null goes (first ascending, last descending unless said). */
export type SortOrder = Direction | { direction: Direction; nulls?: "first" | "last" };
/** Order by the number of related rows. */
export interface CountOrder {
  $count: Direction;
}

// -- Rows

/** First steps of paths: `"posts.comments"` -> `"posts"`. */
export type Head<P extends string> = P extends `${infer H}.${string}` ? H : P;
/** What follows the step `K`: `"posts.comments"` after `"posts"` -> `"comments"`. */
export type Tail<P extends string, K extends string> = P extends `${K}.${infer R}` ? R : never;

/** The row `T` with the relations of `R` that the paths `P` load; just the row when there are none. */
export type Populated<T, R, P extends string> = [P] extends [never] ? T : T & { [K in Head<P> & keyof R]: R[K] };
/** A row without some of its fields. */
export type Without<T, K> = { [P in keyof T as P extends K ? never : P]: T[P] };
/** The fields `S` without `O`; the plain row when that is all of them. */
export type PickRow<T, S extends keyof T, O extends keyof T> = [O] extends [never]
  ? keyof T extends S
    ? T
    : Pick<T, S>
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
export interface Count {
  count: number;
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

// -- Aggregates. `V`: value by path; `C`: whether rows are counted; `S A N X`: the paths of sum, avg, min, max.

export interface AggregateArgs<W, C, S, A, N, X> {
  signal?: AbortSignal | undefined;
  where?: W;
  count?: C;
  sum?: readonly S[];
  avg?: readonly A[];
  min?: readonly N[];
  max?: readonly X[];
}
export interface GroupByArgs<W, V, F extends keyof V, M extends keyof V, B, C, S, A, N, X> {
  by: readonly B[];
  where?: W;
  count?: C;
  sum?: readonly S[];
  avg?: readonly A[];
  min?: readonly N[];
  max?: readonly X[];
  /** A filter on the result rows. */
  having?: GroupHaving<V, F, M>;
  orderBy?: GroupOrder<V, F, M> | readonly GroupOrder<V, F, M>[];
  limit?: number;
  offset?: number;
  signal?: AbortSignal | undefined;
}
/** Sums are null when there is no value; a sum of bigints is a bigint. */
export type Sums<V, S extends keyof V> = { [K in S]: (bigint extends V[K] ? bigint : number) | null };
export type Averages<A extends PropertyKey> = { [K in A]: number | null };
export type Extremes<V, N extends keyof V> = { [K in N]: (V[K] & {}) | null };
/** What was asked for, and nothing else. */
export type AggregateRow<
  V,
  C,
  S extends keyof V,
  A extends keyof V,
  N extends keyof V,
  X extends keyof V,
> = (C extends true ? Count : unknown) &
  ([S] extends [never] ? unknown : { sum: Sums<V, S> }) &
  ([A] extends [never] ? unknown : { avg: Averages<A> }) &
  ([N] extends [never] ? unknown : { min: Extremes<V, N> }) &
  ([X] extends [never] ? unknown : { max: Extremes<V, X> });
export type GroupRow<
  V,
  B extends keyof V,
  C,
  S extends keyof V,
  A extends keyof V,
  N extends keyof V,
  X extends keyof V,
> = Pick<V, B> & AggregateRow<V, C, S, A, N, X>;
/** A filter on groups: by their values and by their measures. `S`: paths that can be summed, `M`: that can be compared. */
export type GroupHaving<V, S extends keyof V, M extends keyof V> = {
  [K in keyof V]?: V[K] | OrderedFilter<V[K] & {}, null>;
} & MeasureHaving<V, S, M>;
export interface MeasureHaving<V, S extends keyof V, M extends keyof V> {
  count?: number | NumberFilter;
  sum?: { [K in S]?: (V[K] & {}) | OrderedFilter<V[K] & {}, null> | null };
  avg?: { [K in S]?: number | NumberFilter<null> | null };
  min?: { [K in M]?: (V[K] & {}) | OrderedFilter<V[K] & {}, null> | null };
  max?: { [K in M]?: (V[K] & {}) | OrderedFilter<V[K] & {}, null> | null };
  $and?: readonly GroupHaving<V, S, M>[];
  $or?: readonly GroupHaving<V, S, M>[];
  $not?: GroupHaving<V, S, M>;
}
/** The order of groups. */
export type GroupOrder<V, S extends keyof V, M extends keyof V> = { [K in keyof V]?: SortOrder } & MeasureOrder<S, M>;
export interface MeasureOrder<S extends PropertyKey, M extends PropertyKey> {
  count?: SortOrder;
  sum?: { [K in S]?: SortOrder };
  avg?: { [K in S]?: SortOrder };
  min?: { [K in M]?: SortOrder };
  max?: { [K in M]?: SortOrder };
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
