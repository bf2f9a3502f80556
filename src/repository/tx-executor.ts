/**
 * A transaction as repositories use it: an Executor that knows when it has ended and what is still under way.
 *
 * Invariant: writes and internal savepoints pass one gate, so that calls started together (`Promise.all`) take turns
 * instead of meeting a parent whose savepoint is open. A savepoint that the *user* opens does not hold the gate: calls on
 * the parent meanwhile are refused by the engine (TRANSACTION.CHILD_OPEN), as they would otherwise wait for themselves.
 */
import { TransactionError } from "../base/errors.js";
import { Mutex } from "../base/mutex.js";
import type {
  BeginOptions,
  CallOptions,
  Executor,
  ExplainOptions,
  Plan,
  StreamOptions,
  Transaction,
} from "../engine/engine.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../query/ir.js";
import type { Doc } from "../schema/model.js";

export class TxExecutor implements Executor {
  readonly #tx: Transaction;
  readonly #gate = new Mutex();
  #pending = 0;
  #closed = false;
  /** An internal savepoint is open: reads must wait, too. */
  #inSavepoint = false;
  #idle: (() => void) | null = null;

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  get mode(): "read" | "write" {
    return this.#tx.mode;
  }

  get closed(): boolean {
    return this.#closed;
  }

  async find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return await this.#read(() => this.#tx.find(query, options), options?.signal);
  }

  async aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return await this.#read(() => this.#tx.aggregate(query, options), options?.signal);
  }

  async count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return await this.#read(() => this.#tx.count(model, where, options), options?.signal);
  }

  async explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return await this.#read(() => this.#tx.explain(query, options), options?.signal);
  }

  stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    this.#check();
    return this.#batches(query, options);
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    return await this.#exclusive(() => this.#tx.write(command, options), options?.signal);
  }

  /** A savepoint of the user's. */
  async begin(options: BeginOptions): Promise<Transaction> {
    return await this.#exclusive(() => this.#tx.begin(options), options.signal);
  }

  /** Runs `work` in a savepoint of our own: committed when it resolves, rolled back when it rejects. */
  async savepoint<T>(signal: AbortSignal | undefined, work: (inner: Transaction) => Promise<T>): Promise<T> {
    return await this.#exclusive(async () => {
      const inner = await this.#tx.begin({ mode: "write", signal });
      this.#inSavepoint = true;
      try {
        const result = await work(inner);
        await inner.commit({ signal });
        return result;
      } catch (error) {
        await rollbackQuietly(inner);
        throw error;
      } finally {
        this.#inSavepoint = false;
      }
    }, signal);
  }

  /** Ends the use of this executor. True when calls were still under way; they are waited for. */
  async finish(): Promise<boolean> {
    this.#closed = true;
    if (this.#pending === 0) return false;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    return true;
  }

  async *#batches(query: FindQuery, options?: StreamOptions): AsyncGenerator<readonly Doc[], void, undefined> {
    for await (const batch of this.#tx.stream(query, options)) {
      yield batch;
      this.#check();
    }
  }

  #check(): void {
    if (this.#closed)
      throw new TransactionError("TRANSACTION.CLOSED", "This transaction has ended", {
        fix: "use `tx` only inside its function, and await every call; use the client afterwards",
      });
  }

  async #read<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#inSavepoint) return await this.#exclusive(call, signal);
    this.#check();
    this.#pending += 1;
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  async #exclusive<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#check();
    this.#pending += 1;
    try {
      const release = await this.#gate.acquire(signal);
      try {
        return await call();
      } finally {
        release();
      }
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#idle?.();
  }
}

/** Rolls back while another error is on its way out: that one matters more than a failing rollback. */
export async function rollbackQuietly(tx: Transaction): Promise<void> {
  try {
    await tx.rollback();
  } catch {
    // The engine has ended the transaction already, or is closed; either way nothing of it stays.
  }
}
