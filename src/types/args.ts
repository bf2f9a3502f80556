/**
 * What the calls take. `K`: the types of the model; `U`, `D`: its unique filter and its data, where no more is needed;
 * `P S O`: what `populate`, `select` and `omit` name. An option that is undefined counts as left out, here and at run time;
 * a filter or a value that is undefined is neither.
 */
// Members are spelled out rather than inherited: each base would be instantiated again for every call.
import type { Count, MeasureTypes } from "./aggregates.js";
import type { RowTypes } from "./rows.js";
import type { WriteTypes } from "./writes.js";

/** What the calls of a model take and give. */
export interface ModelTypes extends RowTypes, WriteTypes, MeasureTypes {
  where: unknown;
  key: unknown;
  orderBy: unknown;
  query: unknown;
}

/** Which rows, in which order, and what of them. */
export interface FindArgs<K extends ModelTypes, P, S, O> {
  where?: K["where"];
  orderBy?: K["orderBy"] | readonly K["orderBy"][] | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  /** Rows after this one: the values of the order's fields and of the key. null: from the first. */
  after?: Partial<K["row"]> | null | undefined;
  /** The first row of each combination of these values. */
  distinct?: readonly (keyof K["values"])[] | undefined;
  /** Only these fields. */
  select?: readonly S[] | undefined;
  /** All fields but these. */
  omit?: readonly O[] | undefined;
  /** Relations to load, by path: `["posts.comments"]`. */
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}
/** What is returned of the row that a key names. */
export interface ShapeArgs<P, S, O> {
  /** Only these fields. */
  select?: readonly S[] | undefined;
  /** All fields but these. */
  omit?: readonly O[] | undefined;
  /** Relations to load, by path: `["posts.comments"]`. */
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}
export interface UniqueArgs<U, P, S, O> {
  where: U;
  /** Only these fields. */
  select?: readonly S[] | undefined;
  /** All fields but these. */
  omit?: readonly O[] | undefined;
  /** Relations to load, by path: `["posts.comments"]`. */
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}

export interface CreateArgs<D, P, S> {
  data: D;
  select?: readonly S[] | undefined;
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}
export interface UpdateArgs<U, D, P, S> {
  where: U;
  data: D;
  select?: readonly S[] | undefined;
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}
export interface UpsertArgs<K extends ModelTypes, P, S> {
  where: K["unique"];
  create: K["create"];
  update: K["update"];
  select?: readonly S[] | undefined;
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}
export interface DeleteArgs<K extends ModelTypes, P, S> {
  where: K["unique"];
  select?: readonly S[] | undefined;
  populate?: readonly P[] | undefined;
  signal?: AbortSignal | undefined;
}
export interface CreateManyArgs<K extends ModelTypes, B> {
  data: readonly K["create"][];
  /** Leave out rows whose key or unique value exists already. */
  skipDuplicates?: boolean | undefined;
  /** Also return the rows. */
  returning?: B;
  signal?: AbortSignal | undefined;
}
/** Every row, on purpose. */
export interface All {
  all: true;
}
export interface UpdateManyArgs<K extends ModelTypes, B> {
  where: K["where"] | All;
  data: K["updateMany"];
  /** Change at most this many. */
  limit?: number | undefined;
  /** Also return the rows. */
  returning?: B;
  signal?: AbortSignal | undefined;
}
export interface DeleteManyArgs<K extends ModelTypes, B> {
  where: K["where"] | All;
  /** Delete at most this many. */
  limit?: number | undefined;
  /** Also return the rows. */
  returning?: B;
  signal?: AbortSignal | undefined;
}
export interface CountAndRows<T> extends Count {
  rows: T[];
}
