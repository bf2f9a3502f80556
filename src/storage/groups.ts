/** Entries grouped by the beginning of their keys, for stores that have no quicker way than their ranges. */
import type { Key, Snapshot, StoredValue } from "./store.js";

export async function groupsByRanges(
  reader: Pick<Snapshot, "ranges">,
  space: string,
  prefixes: readonly Key[],
): Promise<readonly (readonly StoredValue[])[]> {
  const batches = await reader.ranges(
    space,
    // Every component of a key begins with a digit, so U+00FF is above whatever follows a prefix.
    prefixes.map((prefix) => ({ gte: prefix, lt: `${prefix}\xff` })),
  );
  return batches.map((batch) => Object.freeze(batch.values));
}
