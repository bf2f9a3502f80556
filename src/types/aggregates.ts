/** Aggregates and groups: what they take and give back, by the measures asked for. */
import type { NumberFilter, OrderedFilter, SortOrder } from "./filters.js";

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
export interface GroupByArgs<W, V, F, M, B, C, S, A, N, X> {
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
export type Sums<V, S> = { [K in S & keyof V]: (bigint extends V[K] ? bigint : number) | null };
export type Averages<A> = { [K in A & PropertyKey]: number | null };
export type Extremes<V, N> = { [K in N & keyof V]: (V[K] & {}) | null };
/** What was asked for, and nothing else. (A conditional type, for hovers to show what it comes to and not its name.) */
export type AggregateRow<V, C, S, A, N, X> = [C] extends [never]
  ? unknown
  : (C extends true ? Count : unknown) &
      ([S] extends [never] ? unknown : { sum: Sums<V, S> }) &
      ([A] extends [never] ? unknown : { avg: Averages<A> }) &
      ([N] extends [never] ? unknown : { min: Extremes<V, N> }) &
      ([X] extends [never] ? unknown : { max: Extremes<V, X> });
export type GroupRow<V, B extends keyof V, C, S, A, N, X> = [C] extends [never]
  ? unknown
  : Pick<V, B> & AggregateRow<V, C, S, A, N, X>;
/** A filter on groups: by their values and by their measures. `S`: paths that can be summed, `M`: that can be compared. */
export type GroupHaving<V, S, M> = {
  [K in keyof V]?: V[K] | OrderedFilter<V[K] & {}, null>;
} & MeasureHaving<V, S, M>;
export interface MeasureHaving<V, S, M> {
  count?: number | NumberFilter;
  sum?: { [K in S & keyof V]?: (V[K] & {}) | OrderedFilter<V[K] & {}, null> | null };
  avg?: { [K in S & keyof V]?: number | NumberFilter<null> | null };
  min?: { [K in M & keyof V]?: (V[K] & {}) | OrderedFilter<V[K] & {}, null> | null };
  max?: { [K in M & keyof V]?: (V[K] & {}) | OrderedFilter<V[K] & {}, null> | null };
  $and?: readonly GroupHaving<V, S, M>[];
  $or?: readonly GroupHaving<V, S, M>[];
  $not?: GroupHaving<V, S, M>;
}
/** The order of groups. */
export type GroupOrder<V, S, M> = { [K in keyof V]?: SortOrder } & MeasureOrder<S, M>;
export interface MeasureOrder<S, M> {
  count?: SortOrder;
  sum?: { [K in S & PropertyKey]?: SortOrder };
  avg?: { [K in S & PropertyKey]?: SortOrder };
  min?: { [K in M & PropertyKey]?: SortOrder };
  max?: { [K in M & PropertyKey]?: SortOrder };
}

export interface Count {
  count: number;
}
