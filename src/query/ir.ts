/**
 * The Query IR: the waist of Tenon. Repositories produce it, engines consume it whole. Frozen plain data, one `kind`
 * literal per union member. What each node *means* is defined by `semantics.ts` and `reference.ts`.
 */
import type { Doc, Json, Path } from "../schema/model.js";

export type CompareOp = "eq" | "ne" | "gt" | "gte" | "lt" | "lte";
export type TextOp = "contains" | "startsWith" | "endsWith";
export type Quantifier = "some" | "every" | "none";

export type Filter =
  /** All hold; an empty list is true. */
  | { readonly kind: "and"; readonly filters: readonly Filter[] }
  /** At least one holds; an empty list is false. */
  | { readonly kind: "or"; readonly filters: readonly Filter[] }
  | { readonly kind: "not"; readonly filter: Filter }
  /** eq/ne take any value (deep equality); the order operators take non-null scalars and are false across types and for null. */
  | { readonly kind: "compare"; readonly path: Path; readonly op: CompareOp; readonly value: Json }
  /** Equal to one of the values; null among them matches null and missing. */
  | { readonly kind: "in"; readonly path: Path; readonly values: readonly Json[] }
  | { readonly kind: "text"; readonly path: Path; readonly op: TextOp; readonly value: string }
  | { readonly kind: "regex"; readonly path: Path; readonly source: string; readonly flags: string }
  /** The array at `path`: some/every/none of its elements match; paths inside start at the element, `[]` is the element itself. Not an array: as if empty. */
  | { readonly kind: "element"; readonly path: Path; readonly quantifier: Quantifier; readonly filter: Filter }
  /** The related rows: some/every/none match; paths inside start at the related row. */
  | { readonly kind: "related"; readonly relation: string; readonly quantifier: Quantifier; readonly filter: Filter }
  /** Arbitrary code: always residual, never pushed to SQL. */
  | { readonly kind: "callback"; readonly test: (doc: Doc) => boolean };

/** What a sort term looks at. */
export type OrderKey =
  | { readonly kind: "path"; readonly path: Path }
  /** A to-one relation's own order key; rows without a related row sort as null. */
  | { readonly kind: "related"; readonly relation: string; readonly key: OrderKey }
  /** How many related rows match. */
  | { readonly kind: "count"; readonly relation: string; readonly where: Filter | null };

export interface OrderTerm {
  readonly key: OrderKey;
  readonly direction: "asc" | "desc";
  /** Where null and missing go. The parser's default: first ascending, last descending. */
  readonly nulls: "first" | "last";
}

/**
 * Order of evaluation: where, orderBy, distinct (first row of each combination stays), after, offset, limit, then
 * populate and counts on the rows that are left, then fields.
 */
export interface Selection {
  readonly where: Filter | null;
  /** Total: the parser appends the key. */
  readonly orderBy: readonly OrderTerm[];
  /** Keyset cursor: one value per order term (path terms only); rows strictly after it in this order. */
  readonly after: readonly Json[] | null;
  readonly offset: number;
  readonly limit: number | null;
  readonly distinct: readonly Path[] | null;
  /** Field names to return, in model order; null: all. Populated relations and counts come on top. */
  readonly fields: readonly string[] | null;
  readonly populate: readonly PopulateNode[];
  readonly counts: readonly CountNode[];
}

/** Load a relation per parent; `selection`'s limit, offset, order apply per parent. Arity one: a row or null under `relation`; many: an array. */
export interface PopulateNode {
  readonly relation: string;
  readonly selection: Selection;
}

/** Put the number of related rows that match under `as`. */
export interface CountNode {
  readonly as: string;
  readonly relation: string;
  readonly where: Filter | null;
}

export interface FindQuery extends Selection {
  readonly kind: "find";
  readonly model: string;
  readonly lock: "none" | "update";
}

export type MeasureFn = "count" | "sum" | "avg" | "min" | "max";

export interface Measure {
  /** Name in the result row. The parser calls it `$count` or `$sum.views`, so that it cannot be a field's name. */
  readonly as: string;
  readonly fn: MeasureFn;
  /** Null for count of rows; count of a path counts its non-null values. */
  readonly path: Path | null;
}

/**
 * One row per group, or exactly one row when groupBy is empty. A result row holds each grouped path's value under the
 * path joined by "." and each measure under `as`. sum/avg/min/max of no values are null. avg is a number; sum of bigint
 * is bigint.
 */
export interface AggregateQuery {
  readonly kind: "aggregate";
  readonly model: string;
  readonly where: Filter | null;
  readonly groupBy: readonly Path[];
  readonly measures: readonly Measure[];
  /** Filters and order on the result rows: paths of one step that name a group path or a measure. The parser makes the order total. */
  readonly having: Filter | null;
  readonly orderBy: readonly OrderTerm[];
  readonly offset: number;
  readonly limit: number | null;
}

/**
 * set: replace. unset: remove (reads back absent). inc/mul: null counts as 0. push: append all values of the array
 * `value` (null counts as []). pull: remove every element equal to one of the array `value`.
 */
export interface Change {
  readonly path: Path;
  readonly op: "set" | "unset" | "inc" | "mul" | "push" | "pull";
  readonly value: Json;
}

export type InsertConflict =
  | { readonly kind: "fail" }
  /** Leave out every row whose key or unique index value exists already (earlier rows of the same command included). It uses up no auto-increment number. */
  | { readonly kind: "skip" };

export type WriteCommand =
  /** `docs` are complete and validated, but an increment key may be absent: the engine assigns it. */
  | {
      readonly kind: "insert";
      readonly model: string;
      readonly docs: readonly Doc[];
      readonly onConflict: InsertConflict;
      readonly returning: boolean;
    }
  | {
      readonly kind: "update";
      readonly model: string;
      readonly where: Filter | null;
      readonly changes: readonly Change[];
      /** Change at most this many rows, in key order; null: all. */
      readonly limit: number | null;
      readonly returning: boolean;
    }
  /** Foreign keys that point here are settled within the command: cascade and setNull first, then restrict is checked (as SQL's NO ACTION). */
  | {
      readonly kind: "delete";
      readonly model: string;
      readonly where: Filter | null;
      readonly limit: number | null;
      readonly returning: boolean;
    };

/** `count`: rows of the named model inserted, matched by the update, or deleted (cascades not counted). `docs`: with `returning`, those rows in insertion or key order. */
export interface WriteResult {
  readonly count: number;
  readonly docs: readonly Doc[];
}
