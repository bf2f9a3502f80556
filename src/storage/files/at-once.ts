/**
 * A call that the disk answers sooner than a thread of the pool could be asked is made at once; while such calls are slow
 * they are left to the pool, off the event loop. Measured per directory: a program may have a fast disk and a slow one.
 */
import type { Maybe } from "../store.js";

/** Calls that take longer, on the average of about the last eight, are left to the thread pool. */
const SLOW_MS = 0.6;
const AVERAGED = 8;
/** What a single one counts for at most: a slow moment is no slow disk. */
const MOST_MS = 8;
/** Directories that are remembered. */
const MOST_KNOWN = 1000;

export class Speed {
  /** What a call takes; as long as it is not known, too long. */
  #ms = 2 * SLOW_MS;

  /** `small`: takes no longer than most do. */
  run<T>(small: boolean, now: () => T, later: () => Promise<T>): Maybe<T> {
    if (!small) return later();
    const start = performance.now();
    const took = () => {
      this.#ms += (Math.min(performance.now() - start, MOST_MS) - this.#ms) / AVERAGED;
    };
    if (this.#ms > SLOW_MS) return later().finally(took);
    try {
      return now();
    } finally {
      took();
    }
  }
}

export class Speeds {
  readonly #known = new Map<string, Speed>();

  of(dir: string): Speed {
    let speed = this.#known.get(dir);
    if (speed === undefined) {
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      speed = new Speed();
      this.#known.set(dir, speed);
    }
    return speed;
  }
}
