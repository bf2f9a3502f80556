/** A transaction of a SQL engine: one connection for its whole life, savepoints for what is nested. */
import { TransactionError } from "../../base/errors.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import type { BeginOptions, CallOptions, ExplainOptions, Plan, StreamOptions, Transaction } from "../engine.js";
import { type TransactionGuard, transactionClosed } from "../transaction-guard.js";
import type { SqlSession } from "./session.js";

/** What a transaction needs of its connection beside the session. */
export interface TransactionConnection {
  readonly session: SqlSession;
  /** Whether the connection can run other statements while a stream is open. */
  readonly cursors: boolean;
  exec(text: string): Promise<void>;
  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan>;
  /** Gives the connection back; `broken`: its state is unknown, so it must not be used again. */
  release(broken: boolean): void;
}

export interface TransactionHost {
  checkOpen(): void;
  /** The typed error for a failed COMMIT. */
  commitError(error: unknown): Error;
  ended(transaction: SqlTransaction): void;
}

const STREAM_BATCH = 1000;

export class SqlTransaction implements Transaction {
  readonly mode: "read" | "write";
  readonly #host: TransactionHost;
  readonly #connection: TransactionConnection;
  readonly #guard: TransactionGuard;

  constructor(
    host: TransactionHost,
    connection: TransactionConnection,
    mode: "read" | "write",
    guard: TransactionGuard,
  ) {
    this.#host = host;
    this.#connection = connection;
    this.#guard = guard;
    this.mode = mode;
  }

  get depth(): number {
    return this.#guard.depth;
  }

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#call(options, (session) => session.find(query, options?.signal));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#call(options, (session) => session.aggregate(query, options?.signal));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#call(options, (session) => session.count(model, where, options?.signal));
  }

  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return this.#call(options, () => this.#connection.explain(query, options));
  }

  /** One moment of the transaction, whatever its caller writes between batches: a cursor, or else all rows are read before the first batch is handed out. */
  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    const size = options?.batch ?? STREAM_BATCH;
    if (this.#connection.cursors) {
      const batches = this.#connection.session.stream(query, size, options?.signal);
      for (;;) {
        const step = await this.#guard.call(options?.signal, false, () => batches.next());
        if (step.done === true) return;
        yield step.value;
      }
    }
    const docs = await this.find(query, options);
    for (let start = 0; start < docs.length; start += size) {
      this.#guard.check();
      yield docs.slice(start, start + size);
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    if (this.mode === "read") {
      this.#guard.check();
      throw new TransactionError("TRANSACTION.READ_ONLY", `A write to ${command.model} in a read-only transaction`, {
        fix: 'begin the transaction with mode: "write"',
      });
    }
    return this.#guard.call(options?.signal, true, () => this.#connection.session.write(command, options?.signal));
  }

  begin(options: BeginOptions): Promise<Transaction> {
    return this.#guard.call(options.signal, false, async () => {
      const guard = this.#guard.nest();
      try {
        await this.#connection.exec(`savepoint ${savepoint(guard.depth)}`);
      } catch (error) {
        guard.close();
        throw error;
      }
      return new SqlTransaction(this.#host, this.#connection, this.mode, guard);
    });
  }

  async commit(options?: CallOptions): Promise<void> {
    await this.#guard.call(options?.signal, false, async () => {
      if (this.depth > 0) {
        await this.#connection.exec(`release savepoint ${savepoint(this.depth)}`);
        this.#guard.close();
        return;
      }
      this.#guard.close();
      try {
        await this.#connection.exec("commit");
        this.#finish(false);
      } catch (error) {
        await this.#undo();
        throw this.#host.commitError(error);
      }
    });
  }

  async rollback(): Promise<void> {
    this.#host.checkOpen();
    if (this.#guard.state === "closed") throw transactionClosed();
    await this.#guard.end(() => this.#undo());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guard.end(() => this.#undo());
  }

  /** The engine is closing. */
  terminate(): void {
    if (this.#guard.state === "closed") return;
    this.#guard.close();
    if (this.depth === 0) this.#finish(true);
  }

  async #undo(): Promise<void> {
    if (this.depth > 0) {
      const name = savepoint(this.depth);
      await this.#connection.exec(`rollback to savepoint ${name}`);
      await this.#connection.exec(`release savepoint ${name}`);
      return;
    }
    let broken = false;
    try {
      await this.#connection.exec("rollback");
    } catch {
      broken = true;
    }
    this.#finish(broken);
  }

  #finish(broken: boolean): void {
    this.#connection.release(broken);
    this.#host.ended(this);
  }

  #call<T>(options: CallOptions | undefined, work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#guard.call(options?.signal, false, () => work(this.#connection.session));
  }
}

function savepoint(depth: number): string {
  return `tenon_${depth}`;
}
