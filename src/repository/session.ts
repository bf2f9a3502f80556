/**
 * Where repositories run: the engine itself, or one transaction. It adds what no executor knows: hooks, the list of
 * committed writes for `afterCommit`, and running several commands as one.
 */
import type { Engine, Executor, Transaction } from "../engine/engine.js";
import type { WriteCommand, WriteResult } from "../query/ir.js";
import type { Catalog } from "./catalog.js";
import { ACTIONS, type CommittedWrite, type Hooks } from "./hooks.js";
import type { DynamicTransaction } from "./surface.js";
import { beginOptions, forgottenAwait, type TransactionOptions, withRetries } from "./transaction.js";
import { rollbackQuietly, TxExecutor } from "./tx-executor.js";

/** What all sessions of one client share. */
export interface ClientCore {
  readonly catalog: Catalog;
  readonly engine: Engine;
  readonly hooks: Hooks;
  /** The user's view of a session (made by `scope.ts`). */
  readonly view: (session: Session) => DynamicTransaction;
}

export class Session {
  readonly core: ClientCore;
  readonly executor: Executor;
  /** null: the engine itself. */
  readonly tx: TxExecutor | null;
  /** Writes of this transaction so far; they reach the parent when it commits. */
  readonly written: CommittedWrite[] = [];

  private constructor(core: ClientCore, executor: Executor, tx: TxExecutor | null) {
    this.core = core;
    this.executor = executor;
    this.tx = tx;
  }

  static root(core: ClientCore): Session {
    return new Session(core, core.engine, null);
  }

  get catalog(): Catalog {
    return this.core.catalog;
  }

  /** A session in a transaction that was begun on this one's executor. */
  inside(transaction: Transaction): Session {
    const tx = new TxExecutor(transaction);
    return new Session(this.core, tx, tx);
  }

  /** Whether writes of the model need a transaction around them, for the sake of hooks. */
  hooked(model: string): boolean {
    return !this.core.hooks.none && this.core.hooks.of(model).length > 0;
  }

  /** The user's transaction: commit when `work` resolves, rollback when it rejects; again after a retryable error when outermost. */
  async transaction<T>(options: TransactionOptions, work: (session: Session) => Promise<T>): Promise<T> {
    if (this.tx !== null) return await this.#once(options, work);
    return await withRetries(options, () => this.#once(options, work));
  }

  /** Runs several commands of our own as one: a savepoint inside a transaction, else a transaction. */
  async transactional<T>(signal: AbortSignal | undefined, work: (inner: Session) => Promise<T>): Promise<T> {
    if (this.tx === null) return await this.transaction({ signal }, work);
    return await this.tx.savepoint(signal, async (transaction) => {
      const inner = this.inside(transaction);
      const result = await work(inner);
      await inner.tx?.finish();
      for (const write of inner.written) this.written.push(write);
      return result;
    });
  }

  async #once<T>(options: TransactionOptions, work: (session: Session) => Promise<T>): Promise<T> {
    const transaction = await this.executor.begin(beginOptions(options));
    const session = this.inside(transaction);
    let result: T;
    try {
      result = await work(session);
      if (await session.tx?.finish()) throw forgottenAwait();
      await transaction.commit({ signal: options.signal });
    } catch (error) {
      await session.tx?.finish();
      await rollbackQuietly(transaction);
      throw error;
    }
    await this.adopt(session);
    return result;
  }

  /** Takes over the writes of a transaction that has committed into this. */
  async adopt(committed: Session): Promise<void> {
    if (committed.written.length === 0) return;
    if (this.tx !== null) for (const write of committed.written) this.written.push(write);
    else await this.core.hooks.committed(committed.written);
  }

  /** Executes a command with the hooks of its model around it. With hooks, only inside `transactional`. */
  async write(command: WriteCommand, signal: AbortSignal | undefined): Promise<WriteResult> {
    if (!this.hooked(command.model)) return await this.executor.write(command, { signal });
    const hooks = this.core.hooks.of(command.model);
    const tx = this.core.view(this);
    const event = { model: command.model, action: ACTIONS[command.kind] };
    for (const hook of hooks) {
      await hook.before?.({
        ...event,
        rows: command.kind === "insert" ? command.docs : [],
        changes: command.kind === "update" ? command.changes : [],
        where: command.kind === "insert" ? null : command.where,
        tx,
      });
    }
    const result = await this.executor.write({ ...command, returning: true }, { signal });
    if (result.count === 0) return result;
    const written: CommittedWrite = { ...event, rows: result.docs };
    for (const hook of hooks) await hook.after?.({ ...written, tx });
    this.written.push(written);
    return result;
  }
}
