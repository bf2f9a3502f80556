/**
 * Literals of a query as parameters: fixed ones, for a statement that runs once, or slots of a shape, for one that is kept.
 * The value itself is at hand either way, because how a comparison compiles depends on its type.
 */
import { invariant } from "../../base/assert.js";
import type { Json } from "../../schema/model.js";
import type { Shape } from "./shape.js";
import { bind, type Sql } from "./sql.js";

export interface Literals {
  /** The `index`-th literal of `owner` (a filter or a selection). */
  at(owner: object, index: number, value: Json, encode: (value: Json) => unknown): Sql;
}

export const FIXED: Literals = {
  at: (_owner, _index, value, encode) => bind(encode(value)),
};

export function slotsOf(shape: Shape): Literals {
  return {
    at: (owner, index, _value, encode) => {
      const first = shape.slots.get(owner);
      invariant(first !== undefined, "a literal that is not of the query's shape");
      return [{ slot: first + index, encode }];
    },
  };
}
