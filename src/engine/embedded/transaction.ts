/**
 * Transactions and savepoints as a state machine: open -> failed (a write failed, or a call was aborted) -> closed.
 * The root owns a snapshot (read) or a write session (write) and a gate through which its calls pass one by one; a
 * nested transaction is a savepoint in the same overlay. While a child is open its parent takes no calls.
 */
import { AbortedError, TransactionError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import type { Snapshot } from "../../storage/store.js";
import type { BeginOptions, CallOptions, ExplainOptions, Plan, StreamOptions, Transaction } from "../engine.js";
import type { Catalog } from "./catalog.js";
import type { Operations } from "./operations.js";
import type { ReadContext, View } from "./view.js";
import type { WriteSession } from "./writer.js";

/** What a transaction needs of its engine. */
export interface TransactionHost {
  readonly operations: Operations;
  /** Throws when the engine is closed. */
  checkOpen(): void;
  checker(...signals: readonly (AbortSignal | undefined)[]): () => void;
  closedError(): Error | null;
  /** Called once when a top-level transaction has ended. */
  ended(transaction: EmbeddedTransaction): void;
}

/** What all levels of one transaction share. */
interface Root {
  readonly host: TransactionHost;
  readonly catalog: Catalog;
  readonly snapshot: Snapshot | null;
  readonly session: WriteSession | null;
  /** Covers the whole life of the transaction. */
  readonly signal: AbortSignal | undefined;
  readonly gate: Mutex;
}

type State = "open" | "failed" | "closed";

export class EmbeddedTransaction implements Transaction {
  readonly mode: "read" | "write";
  readonly depth: number;
  readonly #root: Root;
  readonly #parent: EmbeddedTransaction | null;
  readonly #savepoint: number;
  #state: State = "open";
  #failure: unknown;
  #child: EmbeddedTransaction | null = null;

  private constructor(root: Root, parent: EmbeddedTransaction | null) {
    this.#root = root;
    this.#parent = parent;
    this.mode = root.session === null ? "read" : "write";
    this.depth = parent === null ? 0 : parent.depth + 1;
    this.#savepoint = parent === null || root.session === null ? 0 : root.session.overlay.savepoint();
  }

  static read(host: TransactionHost, catalog: Catalog, snapshot: Snapshot, signal?: AbortSignal): EmbeddedTransaction {
    return new EmbeddedTransaction({ host, catalog, snapshot, session: null, signal, gate: new Mutex() }, null);
  }

  static write(
    host: TransactionHost,
    catalog: Catalog,
    session: WriteSession,
    signal?: AbortSignal,
  ): EmbeddedTransaction {
    return new EmbeddedTransaction({ host, catalog, snapshot: null, session, signal, gate: new Mutex() }, null);
  }

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#call(options, (context) => this.#root.host.operations.find(context, query));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#call(options, (context) => this.#root.host.operations.aggregate(context, query));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#call(options, (context) => this.#root.host.operations.count(context, model, where));
  }

  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return this.#call(options, (context) =>
      this.#root.host.operations.explain(context, query, options?.analyze === true),
    );
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    const context = await this.#call(options, async ({ catalog, check }) => ({
      catalog,
      view: this.#root.session?.frozenView() ?? this.#view(),
      check: () => {
        this.#checkUsable();
        check();
      },
    }));
    try {
      yield* this.#root.host.operations.stream(context, query, options?.batch);
    } catch (error) {
      this.#noteAbort(error);
      throw error;
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    const { session, host } = this.#root;
    if (session === null) {
      this.#checkUsable();
      throw new TransactionError("TRANSACTION.READ_ONLY", `A write to ${command.model} in a read-only transaction`, {
        fix: 'begin the transaction with mode: "write"',
      });
    }
    return this.#call(options, async (context) => {
      try {
        return await host.operations.write(context, session.overlay, command);
      } catch (error) {
        this.#fail(error);
        throw error;
      }
    });
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    return this.#call(options, async () => {
      this.#child = new EmbeddedTransaction(this.#root, this);
      return this.#child;
    });
  }

  async commit(options?: CallOptions): Promise<void> {
    // The call ends before the disk is waited for: an abort after this point changes nothing.
    const done = await this.#call(options, async () => {
      const { session, snapshot } = this.#root;
      this.#state = "closed";
      if (this.#parent !== null) {
        session?.overlay.release(this.#savepoint);
        this.#parent.#child = null;
        return null;
      }
      this.#root.host.ended(this);
      snapshot?.[Symbol.dispose]();
      return session === null ? null : { committed: session.commit() };
    });
    await done?.committed;
  }

  /** Undoes everything since this transaction began, open nested ones included. */
  async rollback(): Promise<void> {
    this.#root.host.checkOpen();
    if (this.#state === "closed") throw closedError();
    const release = await this.#root.gate.acquire();
    try {
      this.#end();
    } finally {
      release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    const release = await this.#root.gate.acquire();
    this.#end();
    release();
  }

  /** The engine is closing: lets go of everything at once. Later calls reject with STORAGE.CLOSED. */
  terminate(): void {
    this.#end();
  }

  #end(): void {
    if (this.#state === "closed") return;
    if (this.#child !== null) this.#child.#end();
    this.#state = "closed";
    const { session, snapshot, host } = this.#root;
    if (this.#parent !== null) {
      session?.overlay.rollback(this.#savepoint);
      this.#parent.#child = null;
      return;
    }
    snapshot?.[Symbol.dispose]();
    session?.abandon();
    host.ended(this);
  }

  async #call<T>(options: CallOptions | undefined, work: (context: ReadContext) => Promise<T>): Promise<T> {
    this.#checkUsable();
    const { host, gate, signal, catalog } = this.#root;
    let release: (() => void) | undefined;
    try {
      if (this.mode === "write") release = await gate.acquire(options?.signal);
      this.#checkUsable();
      const check = host.checker(options?.signal, signal);
      check();
      return await work({ catalog, view: this.#view(), check });
    } catch (error) {
      this.#noteAbort(error);
      throw error;
    } finally {
      release?.();
    }
  }

  #view(): View {
    const { session, snapshot } = this.#root;
    return session === null ? (snapshot as Snapshot) : session.view;
  }

  #noteAbort(error: unknown): void {
    if (error instanceof AbortedError) this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = error;
  }

  #checkUsable(): void {
    this.#root.host.checkOpen();
    if (this.#state === "closed") throw closedError();
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
}

function closedError(): TransactionError {
  return new TransactionError("TRANSACTION.CLOSED", "This transaction has been committed or rolled back", {
    fix: "begin another one; await every call before the transaction ends",
  });
}
