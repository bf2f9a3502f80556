/**
 * The life of a transaction as a state machine, the same on every engine: open -> failed (a write failed, or a call was
 * aborted) -> closed. Calls pass one by one where the engine wants that; while a nested transaction is open its parent
 * takes no calls; a failed one can only be rolled back.
 */
import { checkAborted } from "../base/abort.js";
import { AbortedError, TransactionError } from "../base/errors.js";
import { Mutex } from "../base/mutex.js";

export type TransactionState = "open" | "failed" | "closed";

export interface GuardOptions {
  /** Throws when the engine is closed. */
  readonly checkOpen: () => void;
  /** Covers the whole life of the transaction. */
  readonly signal: AbortSignal | undefined;
  /** Calls pass one by one. False: reads of one snapshot may run beside each other. */
  readonly serial: boolean;
}

export class TransactionGuard {
  readonly depth: number;
  readonly #options: GuardOptions;
  readonly #parent: TransactionGuard | null;
  readonly #gate: Mutex;
  #state: TransactionState = "open";
  #failure: unknown;
  #child: TransactionGuard | null = null;

  constructor(options: GuardOptions, parent: TransactionGuard | null = null) {
    this.#options = options;
    this.#parent = parent;
    this.#gate = parent === null ? new Mutex() : parent.#gate;
    this.depth = parent === null ? 0 : parent.depth + 1;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** A guard for a nested transaction; call it inside `call`. */
  nest(): TransactionGuard {
    this.#child = new TransactionGuard(this.#options, this);
    return this.#child;
  }

  /** Runs one call of the transaction. `failing`: whether its failure fails the transaction. */
  async call<T>(signal: AbortSignal | undefined, failing: boolean, work: () => Promise<T>): Promise<T> {
    this.check();
    let release: (() => void) | undefined;
    try {
      if (this.#options.serial) release = await this.#gate.acquire(signal);
      this.check();
      checkAborted(signal);
      checkAborted(this.#options.signal);
      return await work();
    } catch (error) {
      if (failing) this.fail(error);
      else this.noteAbort(error);
      throw error;
    } finally {
      release?.();
    }
  }

  /** Waits for the calls under way, then runs `work` whatever the state is, and closes. Nothing happens when closed already. */
  async end(work: () => Promise<void>): Promise<void> {
    if (this.#state === "closed") return;
    const release = await this.#gate.acquire();
    try {
      if ((this.#state as TransactionState) === "closed") return;
      this.close();
      await work();
    } finally {
      release();
    }
  }

  /** No call is taken any more, here and in what is nested. */
  close(): void {
    this.#child?.close();
    this.#state = "closed";
    if (this.#parent !== null) this.#parent.#child = null;
  }

  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = error;
  }

  check(): void {
    this.#options.checkOpen();
    if (this.#state === "closed") throw transactionClosed();
    if (this.#child !== null) {
      throw new TransactionError("TRANSACTION.CHILD_OPEN", "This transaction waits for the one nested in it", {
        fix: "use the nested transaction, or commit or roll it back first",
      });
    }
    if (this.#state === "failed") {
      throw new TransactionError("TRANSACTION.FAILED", "An earlier call of this transaction failed", {
        fix: "roll it back; run calls that may fail in a nested transaction",
        cause: this.#failure,
      });
    }
  }

  /** An abort fails the transaction that it happens in. */
  noteAbort(error: unknown): void {
    if (error instanceof AbortedError) this.fail(error);
  }
}

export function transactionClosed(): TransactionError {
  return new TransactionError("TRANSACTION.CLOSED", "This transaction has been committed or rolled back", {
    fix: "begin another one; await every call before the transaction ends",
  });
}
