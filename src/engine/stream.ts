/** Batches to rows, with early return; used by everything that hands a stream to a user. */
import { checkAborted } from "../base/abort.js";
import type { Doc } from "../schema/model.js";

/** Yields single rows of a stream of batches. Leaving the loop early closes the source. */
export async function* rowsOf(
  batches: AsyncIterableIterator<readonly Doc[]>,
  signal?: AbortSignal,
): AsyncGenerator<Doc, void, undefined> {
  for await (const batch of batches) {
    for (const row of batch) {
      checkAborted(signal);
      yield row;
    }
  }
}
