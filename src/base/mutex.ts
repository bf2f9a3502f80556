/** A fair asynchronous mutex: first come, first served; waiting can be aborted; closing rejects every waiter. */
import { abortedError, checkAborted } from "./abort.js";

interface Waiter {
  readonly grant: () => void;
  readonly fail: (error: unknown) => void;
}

export class Mutex {
  #held = false;
  #closed: unknown;
  readonly #queue: Waiter[] = [];

  get locked(): boolean {
    return this.#held;
  }

  /** Resolves with the release function once the caller holds the mutex. Releasing twice does nothing. */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    checkAborted(signal);
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#held) await this.#wait(signal);
    else this.#held = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#next();
    };
  }

  /** Makes every waiting and every later acquire reject with `error`. The present holder is not disturbed. */
  close(error: Error): void {
    this.#closed = error;
    for (const waiter of this.#queue.splice(0)) waiter.fail(error);
  }

  #next(): void {
    const waiter = this.#queue.shift();
    if (waiter === undefined) this.#held = false;
    else waiter.grant();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        const index = this.#queue.indexOf(waiter);
        if (index >= 0) this.#queue.splice(index, 1);
        reject(abortedError(signal as AbortSignal));
      };
      const waiter: Waiter = {
        grant: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        fail: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      this.#queue.push(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
