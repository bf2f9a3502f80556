/** Callers that wait for a connection: each gets one, its abort, its timeout or the end of the source, whatever is first. */
import { abortedError, checkAborted } from "../../base/abort.js";
import { StorageError } from "../../base/errors.js";

export class Waiting {
  readonly #name: string;
  readonly #timeout: number;
  readonly #fail = new Set<(error: Error) => void>();
  #closed: Error | null = null;

  constructor(name: string, timeout: number) {
    this.#name = name;
    this.#timeout = timeout;
  }

  /** Whether anybody waits. */
  get some(): boolean {
    return this.#fail.size > 0;
  }

  /** Settles like `pending`, or earlier with an error; what `pending` then still brings goes to `unwanted`. */
  async wait<T>(pending: () => Promise<T>, signal: AbortSignal | undefined, unwanted: (value: T) => void): Promise<T> {
    checkAborted(signal);
    if (this.#closed !== null) throw this.#closed;
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      const settle = (then: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#fail.delete(fail);
        then();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const onAbort = () => fail(abortedError(signal as AbortSignal));
      const timer = setTimeout(() => fail(this.#tooLate()), this.#timeout);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#fail.add(fail);
      pending().then(
        (value) => (settled ? unwanted(value) : settle(() => resolve(value))),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  close(error: Error): void {
    this.#closed = error;
    for (const fail of [...this.#fail]) fail(error);
  }

  #tooLate(): StorageError {
    return new StorageError("STORAGE.BUSY", `${this.#name}: no connection became free within ${this.#timeout} ms`, {
      fix: "raise max, keep transactions short, or look for a transaction that is never ended",
    });
  }
}
