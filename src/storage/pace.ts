/**
 * Long work in turns: whoever loops over much data asks `due()` now and then and awaits `turn()` when it says so, so that
 * timers and requests of the same process are served in between.
 */
import { setImmediate } from "node:timers/promises";

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 8;

export class Pace {
  #since = performance.now();

  due(): boolean {
    return performance.now() - this.#since >= SLICE;
  }

  async turn(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}

/** The same pieces; the event loop gets its turn between them. */
export async function* paced<T>(pieces: Iterable<T>): AsyncGenerator<T, void, undefined> {
  const pace = new Pace();
  for (const piece of pieces) {
    yield piece;
    if (pace.due()) await pace.turn();
  }
}
