/**
 * The short way for what is asked most: one whole row by its single-field key, or by a unique index of one column.
 * It skips planning, not meaning: `planFind` chooses the same access for these queries, and that is what explain shows.
 */

import type { FindQuery } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import { encodeKey } from "../../storage/key.js";
import type { PointValue } from "../../storage/store.js";
import type { Catalog, Collection } from "./catalog.js";
import { type KeySequence, prefixRange } from "./indexes.js";
import type { View } from "./view.js";

export interface Point {
  readonly collection: Collection;
  readonly sequence: KeySequence;
  readonly value: PointValue;
}

/** The point that a query asks for, or null when it must be planned. */
export function pointOf(catalog: Catalog, query: FindQuery): Point | null {
  const { where } = query;
  if (where === null || where.kind !== "compare" || where.op !== "eq" || where.path.length !== 1) return null;
  const { value } = where;
  // Other values take the general way: null is not unique, and dates and bytes are rare as keys.
  if (typeof value !== "string" && (typeof value !== "number" || Number.isNaN(value))) return null;
  if (query.offset !== 0 || query.limit === 0 || query.after !== null || query.fields !== null) return null;
  if (query.populate.length > 0 || query.counts.length > 0) return null;
  const collection = catalog.collection(query.model);
  const sequence = collection.points.get(where.path[0]!);
  return sequence === undefined ? null : { collection, sequence, value };
}

export async function findPoint(view: View, point: Point): Promise<readonly Doc[]> {
  const { collection, sequence, value } = point;
  const key = encodeKey([value]);
  if (sequence.index !== null) {
    const [entry] = await view.ranges(sequence.space, [prefixRange(key)], 1);
    return entry!.values;
  }
  const [doc] = await view.getMany(collection.space, [key]);
  return doc === undefined ? [] : [doc];
}
