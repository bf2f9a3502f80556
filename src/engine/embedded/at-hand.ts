/** Reads that do not wait: what a view or a store would have to read first is not at hand. */
import type { Key, Maybe, StoredValue } from "../../storage/store.js";
import { prefixRange } from "./indexes.js";
import type { View } from "./view.js";

/** What would have to be waited for. */
export const LATER = Symbol("later");

export function atHand<T>(value: Maybe<T>): T | typeof LATER {
  if (!(value instanceof Promise)) return value;
  // The general way asks again, and reports what goes wrong.
  value.catch(() => {});
  return LATER;
}

export function get(view: View, space: string, key: Key): StoredValue | undefined | typeof LATER {
  const found = atHand(view.getMany(space, [key]));
  return found === LATER ? LATER : found[0];
}

/** Any entry that begins with `prefix`. */
export function first(view: View, space: string, prefix: Key): StoredValue | undefined | typeof LATER {
  const found = atHand(view.ranges(space, [prefixRange(prefix)], 1));
  return found === LATER ? LATER : found[0]!.values[0];
}
