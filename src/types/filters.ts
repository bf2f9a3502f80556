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
