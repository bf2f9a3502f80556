/** What a filter may ask of a field or a relation, and how rows are ordered. */
import type { Json } from "../schema/model.js";

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

// Spelled out rather than inherited from the two above: each base would be instantiated again for every query that uses it.

export interface NumberFilter<N = never> {
  $eq?: number | N;
  $ne?: number | N;
  $in?: readonly (number | N)[];
  $nin?: readonly (number | N)[];
  $gt?: number;
  $gte?: number;
  $lt?: number;
  $lte?: number;
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: NumberFilter<N>;
}
export interface BigIntFilter<N = never> {
  $eq?: bigint | N;
  $ne?: bigint | N;
  $in?: readonly (bigint | N)[];
  $nin?: readonly (bigint | N)[];
  $gt?: bigint;
  $gte?: bigint;
  $lt?: bigint;
  $lte?: bigint;
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: BigIntFilter<N>;
}
export interface DateFilter<N = never> {
  $eq?: Date | N;
  $ne?: Date | N;
  $in?: readonly (Date | N)[];
  $nin?: readonly (Date | N)[];
  $gt?: Date;
  $gte?: Date;
  $lt?: Date;
  $lte?: Date;
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: DateFilter<N>;
}
export interface StringFilter<N = never> {
  $eq?: string | N;
  $ne?: string | N;
  $in?: readonly (string | N)[];
  $nin?: readonly (string | N)[];
  $gt?: string;
  $gte?: string;
  $lt?: string;
  $lte?: string;
  $contains?: string;
  $startsWith?: string;
  $endsWith?: string;
  $regex?: string | RegExp;
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: StringFilter<N>;
}
export interface BooleanFilter<N = never> {
  $eq?: boolean | N;
  $ne?: boolean | N;
  $in?: readonly (boolean | N)[];
  $nin?: readonly (boolean | N)[];
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: BooleanFilter<N>;
}
export interface BytesFilter<N = never> {
  $eq?: Uint8Array | N;
  $ne?: Uint8Array | N;
  $in?: readonly (Uint8Array | N)[];
  $nin?: readonly (Uint8Array | N)[];
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: BytesFilter<N>;
}
/** Enums and literal unions. */
export interface EnumFilter<T> {
  $eq?: T;
  $ne?: T;
  $in?: readonly T[];
  $nin?: readonly T[];
  /** True: the field has a value, not null. */
  $exists?: boolean;
  $not?: EnumFilter<T>;
}
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
