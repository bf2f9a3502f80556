/**
 * The order in which changed rows can be written one by one: a row that takes a unique value comes after the row that gives
 * it up. (A database checks each row as it is written, not all of them at the end.) Rows that swap values stay as they come.
 */
import { readPath } from "../../query/semantics.js";
import { encodeJson } from "../../schema/doc-codec.js";
import type { Doc, ModelMeta, Path } from "../../schema/model.js";

function textOf(doc: Doc, paths: readonly Path[]): string | null {
  const values = paths.map((path) => readPath(doc, path));
  return values.includes(null) ? null : encodeJson(values);
}

/** Positions of `after` in the order in which to write them. */
export function writingOrder(model: ModelMeta, before: readonly Doc[], after: readonly Doc[]): readonly number[] {
  const uniques = model.indexes.filter((index) => index.unique);
  const all = after.map((_, position) => position);
  if (uniques.length === 0 || after.length < 2) return all;
  const holders = uniques.map(({ paths }) => new Map(before.map((doc, at) => [textOf(doc, paths), at])));
  const order = new Set<number>();
  const met = new Set<number>();
  // A stack of its own: a chain may be as long as the table.
  for (const start of all) {
    const stack = [start];
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      if (!met.has(at)) {
        met.add(at);
        uniques.forEach(({ paths }, index) => {
          const wanted = textOf(after[at]!, paths);
          const holder = wanted === null ? undefined : holders[index]!.get(wanted);
          if (holder !== undefined && !met.has(holder)) stack.push(holder);
        });
        if (stack.at(-1) !== at) continue;
      }
      stack.pop();
      order.add(at);
    }
  }
  return [...order];
}
