/**
 * A transaction: the ten operations over one write session. Operations that are called at the same time run one after the
 * other. A nested transaction is a savepoint: while it is open, operations of the outer one wait for it, unless the nested
 * one itself calls them, which would wait for ever and is refused.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { TransactionError } from "../base/errors.js";
import { Mutex } from "../base/mutex.js";
import type { Doc } from "../schema/model.js";
import { LABEL_SPACE } from "./keys.js";
import { find, findMany, findManyNow, findNow } from "./reads.js";
import type { Dynamic, EnsureIndexInstructions, Instructions, Transaction } from "./types.js";
import type { Work } from "./work.js";
import {
  create,
  createMany,
  destroy,
  dropCollection,
  dropIndex,
  ensureIndex,
  rewriteCollection,
  update,
  type WriteSettings,
} from "./writes.js";

/** The transaction inside which the running code was called, whichever database it belongs to. */
const current = new AsyncLocalStorage<Tx>();

export function currentTx(owner: object): Tx | null {
  for (let tx = current.getStore() ?? null; tx !== null; tx = tx.outside) {
    if (tx.owner === owner && tx.open) return tx;
  }
  return null;
}

export class Tx implements Transaction {
  readonly owner: object;
  /** The transaction inside which this one was begun: the parent, or one of another database. */
  readonly outside: Tx | null;
  readonly #parent: Tx | null;
  readonly #work: Work;
  readonly #settings: WriteSettings;
  readonly #gate = new Mutex();
  readonly #operations: string[];
  #open = true;

  constructor(owner: object, work: Work, settings: WriteSettings, parent: Tx | null) {
    this.owner = owner;
    this.outside = current.getStore() ?? null;
    this.#work = work;
    this.#settings = settings;
    this.#parent = parent;
    this.#operations = parent === null ? [] : parent.#operations;
  }

  get open(): boolean {
    return this.#open;
  }

  create(instructions: Instructions): Promise<Dynamic> {
    return this.#write("create", () => create(this.#work, instructions));
  }

  update(instructions: Instructions): Promise<Dynamic> {
    return this.#write("update", () => update(this.#work, instructions));
  }

  destroy(instructions: Instructions): Promise<Dynamic> {
    return this.#write("destroy", () => destroy(this.#work, instructions));
  }

  find(instructions: Instructions): Promise<Dynamic> {
    const now = this.#now(() => findNow(this.#work, instructions, this.#settings));
    return now ?? this.#run(() => find(this.#work, instructions, this.#settings));
  }

  findMany(instructions: Instructions): Promise<Dynamic[]> {
    const now = this.#now(() => findManyNow(this.#work, instructions, this.#settings));
    return now ?? this.#run(() => findMany(this.#work, instructions, this.#settings));
  }

  createMany(instructions: Instructions): Promise<Dynamic[]> {
    return this.#write("createMany", () => createMany(this.#work, instructions));
  }

  dropCollection(instructions: Instructions): Promise<void> {
    return this.#write("dropCollection", () => dropCollection(this.#work, instructions, this.#settings));
  }

  dropIndex(instructions: Instructions): Promise<void> {
    return this.#write("dropIndex", () => dropIndex(this.#work, instructions));
  }

  rewriteCollection(instructions: Instructions): Promise<void> {
    return this.#write("rewriteCollection", () => rewriteCollection(this.#work, instructions, this.#settings));
  }

  ensureIndex(instructions: EnsureIndexInstructions): Promise<void> {
    return this.#write("ensureIndex", () => ensureIndex(this.#work, instructions));
  }

  /** A read that need not wait for anything: not for another operation, not for the disk. */
  #now<T>(read: () => { readonly value: T } | null): Promise<T> | null {
    if (!this.#open || this.#gate.locked) return null;
    try {
      const done = read();
      return done === null ? null : Promise.resolve(done.value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #write<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#run(async () => {
      const savepoint = this.#work.overlay.savepoint();
      try {
        const result = await work();
        this.#work.overlay.release(savepoint);
        if (this.#operations.at(-1) !== name) this.#operations.push(name);
        return result;
      } catch (error) {
        this.#work.overlay.rollback(savepoint);
        throw error;
      }
    });
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#enter();
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #enter(): Promise<() => void> {
    if (!this.#open) throw closed();
    const inner = current.getStore();
    for (let tx = inner ?? null; tx !== null && tx !== this; tx = tx.#parent) {
      if (tx.#parent === this && tx.#open) {
        throw new TransactionError("TRANSACTION.CHILD_OPEN", "A nested transaction cannot use the one around it", {
          fix: "use the transaction that the nested callback was given",
        });
      }
    }
    const release = await this.#gate.acquire();
    if (this.#open) return release;
    release();
    throw closed();
  }

  /** Runs the callback inside this transaction, waits for operations that it left behind, and ends it. */
  async #play<T>(callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    try {
      return await current.run(this, async () => callback(this));
    } finally {
      const release = await this.#gate.acquire();
      this.#open = false;
      release();
    }
  }

  /** As the outermost transaction. */
  async play<T>(callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const result = await this.#play(callback);
    if (this.#operations.length > 0) this.#work.set(LABEL_SPACE, "", { op: this.#operations } as Doc);
    return result;
  }

  /** A transaction inside this one. */
  async nested<T>(callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const release = await this.#enter();
    const savepoint = this.#work.overlay.savepoint();
    try {
      const result = await new Tx(this.owner, this.#work, this.#settings, this).#play(callback);
      this.#work.overlay.release(savepoint);
      return result;
    } catch (error) {
      this.#work.overlay.rollback(savepoint);
      throw error;
    } finally {
      release();
    }
  }
}

function closed(): TransactionError {
  return new TransactionError("TRANSACTION.CLOSED", "This transaction has ended", {
    fix: "await every operation before the transaction's callback returns",
  });
}
