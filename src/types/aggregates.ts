/** Aggregates and groups: what they take and give back, by the measures asked for. */
import type { NumberFilter, OrderedFilter, SortOrder } from "./filters.js";

// `K`: the types of the model; `V`: value by path; `C`: whether rows are counted; `S A N X`: the paths of sum, avg, min, max.

/** The types of a model that aggregates ask for. */
export interface MeasureTypes {
  where: unknown;
  /** Values by path: the row, and what lies inside its objects. */
  values: unknown;
  /** Paths of what can be summed. */
  number: string;
  /** Paths of what can be compared. */
  comparable: string;
}

export interface AggregateArgs<K extends MeasureTypes, C, S, A, N, X> {
  signal?: AbortSignal | undefined;
  where?: K["where"];
  count?: C;
  sum?: readonly S[];
  avg?: readonly A[];
  min?: readonly N[];
  max?: readonly X[];
}
export interface GroupByArgs<K extends MeasureTypes, B, C, S, A, N, X> {
  by: readonly B[];
  where?: K["where"];
  count?: C;
  sum?: readonly S[];
  avg?: readonly A[];
  min?: readonly N[];
  max?: readonly X[];
  /** A filter on the result rows. */
  having?: GroupHaving<K["values"], K["number"], K["comparable"]>;
  orderBy?:
    | GroupOrder<K["values"], K["number"], K["comparable"]>
    | readonly GroupOrder<K["values"], K["number"], K["comparable"]>[];
  limit?: number;
  offset?: number;
  signal?: AbortSignal | undefined;
}
/** What was asked for, and nothing else. Sums are null when there is no value; a sum of bigints is a bigint. */
// Waits for `C`, and so does not weigh the measures before they are known; and as a conditional type it shows in hovers
// what it comes to and not its name.
export type AggregateRow<V, C, S extends string, A extends string, N extends string, X extends string> = C extends never
  ? unknown
  : (C extends true ? Count : unknown) &
      ([S] extends [never]
        ? unknown
        : { sum: { [K in S]: (bigint extends V[K & keyof V] ? bigint : number) | null } }) &
      ([A] extends [never] ? unknown : { avg: { [K in A]: number | null } }) &
      ([N] extends [never] ? unknown : { min: { [K in N]: (V[K & keyof V] & {}) | null } }) &
      ([X] extends [never] ? unknown : { max: { [K in X]: (V[K & keyof V] & {}) | null } });
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
