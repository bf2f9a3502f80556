/**
 * Transactions and savepoints over the embedded engine. The root owns a snapshot (read) or a write session (write); a
 * nested transaction is a savepoint in the same overlay. Who may call what, and when, is the guard's business.
 */
import { TransactionError } from "../../base/errors.js";
import type { AggregateQuery, Filter, FindQuery, WriteCommand, WriteResult } from "../../query/ir.js";
import type { Doc } from "../../schema/model.js";
import type { Snapshot } from "../../storage/store.js";
import type { BeginOptions, CallOptions, ExplainOptions, Plan, StreamOptions, Transaction } from "../engine.js";
import { TransactionGuard, transactionClosed } from "../transaction-guard.js";
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
}

export class EmbeddedTransaction implements Transaction {
  readonly mode: "read" | "write";
  readonly #root: Root;
  readonly #guard: TransactionGuard;
  readonly #savepoint: number;
  /** The nested transaction begun last, open or not. */
  #nested: EmbeddedTransaction | null = null;
  /** What this level holds has been kept or undone. */
  #settled = false;

  private constructor(root: Root, guard: TransactionGuard) {
    this.#root = root;
    this.#guard = guard;
    this.mode = root.session === null ? "read" : "write";
    this.#savepoint = guard.depth === 0 || root.session === null ? 0 : root.session.overlay.savepoint();
  }

  static read(host: TransactionHost, catalog: Catalog, snapshot: Snapshot, signal?: AbortSignal): EmbeddedTransaction {
    return EmbeddedTransaction.#top({ host, catalog, snapshot, session: null, signal });
  }

  static write(
    host: TransactionHost,
    catalog: Catalog,
    session: WriteSession,
    signal?: AbortSignal,
  ): EmbeddedTransaction {
    return EmbeddedTransaction.#top({ host, catalog, snapshot: null, session, signal });
  }

  static #top(root: Root): EmbeddedTransaction {
    const { host, session, signal } = root;
    return new EmbeddedTransaction(
      root,
      new TransactionGuard({ checkOpen: () => host.checkOpen(), signal, serial: session !== null }),
    );
  }

  get depth(): number {
    return this.#guard.depth;
  }

  find(query: FindQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#call(options, false, (context) => this.#root.host.operations.find(context, query));
  }

  aggregate(query: AggregateQuery, options?: CallOptions): Promise<readonly Doc[]> {
    return this.#call(options, false, (context) => this.#root.host.operations.aggregate(context, query));
  }

  count(model: string, where: Filter | null, options?: CallOptions): Promise<number> {
    return this.#call(options, false, (context) => this.#root.host.operations.count(context, model, where));
  }

  explain(query: FindQuery, options?: ExplainOptions): Promise<Plan> {
    return this.#call(options, false, (context) =>
      this.#root.host.operations.explain(context, query, options?.analyze === true),
    );
  }

  async *stream(query: FindQuery, options?: StreamOptions): AsyncIterableIterator<readonly Doc[]> {
    const context = await this.#call(options, false, async ({ catalog, check }) => ({
      catalog,
      view: this.#root.session?.frozenView() ?? this.#view(),
      check: () => {
        this.#guard.check();
        check();
      },
    }));
    try {
      yield* this.#root.host.operations.stream(context, query, options?.batch);
    } catch (error) {
      this.#guard.noteAbort(error);
      throw error;
    }
  }

  async write(command: WriteCommand, options?: CallOptions): Promise<WriteResult> {
    const { session, host } = this.#root;
    if (session === null) {
      this.#guard.check();
      throw new TransactionError("TRANSACTION.READ_ONLY", `A write to ${command.model} in a read-only transaction`, {
        fix: 'begin the transaction with mode: "write"',
      });
    }
    return this.#call(options, true, (context) => host.operations.write(context, session.overlay, command));
  }

  async begin(options: BeginOptions): Promise<Transaction> {
    return this.#call(options, false, async () => {
      this.#nested = new EmbeddedTransaction(this.#root, this.#guard.nest());
      return this.#nested;
    });
  }

  async commit(options?: CallOptions): Promise<void> {
    // The call ends before the disk is waited for: an abort after this point changes nothing.
    const done = await this.#call(options, false, async () => {
      const { session, snapshot, host } = this.#root;
      this.#guard.close();
      this.#settled = true;
      if (this.depth > 0) {
        session?.overlay.release(this.#savepoint);
        return null;
      }
      host.ended(this);
      snapshot?.[Symbol.dispose]();
      return session === null ? null : { committed: session.commit() };
    });
    await done?.committed;
  }

  /** Undoes everything since this transaction began, open nested ones included. */
  async rollback(): Promise<void> {
    this.#root.host.checkOpen();
    if (this.#guard.state === "closed") throw transactionClosed();
    await this.#guard.end(async () => this.#undo());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guard.end(async () => this.#undo());
  }

  /** The engine is closing: lets go of everything at once. Later calls reject with STORAGE.CLOSED. */
  terminate(): void {
    this.#guard.close();
    this.#undo();
  }

  #undo(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#nested !== null) this.#nested.#undo();
    const { session, snapshot, host } = this.#root;
    if (this.depth > 0) {
      session?.overlay.rollback(this.#savepoint);
      return;
    }
    snapshot?.[Symbol.dispose]();
    session?.abandon();
    host.ended(this);
  }

  #call<T>(options: CallOptions | undefined, failing: boolean, work: (context: ReadContext) => Promise<T>): Promise<T> {
    const { host, signal, catalog } = this.#root;
    return this.#guard.call(options?.signal, failing, () => {
      const check = host.checker(options?.signal, signal);
      check();
      return work({ catalog, view: this.#view(), check });
    });
  }

  #view(): View {
    const { session, snapshot } = this.#root;
    return session === null ? (snapshot as Snapshot) : session.view;
  }
}
