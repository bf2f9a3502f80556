/**
 * A transaction: the ten operations over one write session. Operations that are called at the same time run one after the
 * other. A nested transaction is a savepoint: while it is open, operations of the outer one wait for it, unless the nested
 * one itself calls them, which would wait for ever and is refused.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { TransactionError } from "../base/errors.js";
import { Mutex } from "../base/mutex.js";
import type { Maybe } from "../storage/store.js";
import { find, findMany } from "./reads.js";
import { finished, type Steps } from "./steps.js";
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
  #busy = false;

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
    return this.#run(() => finished(find(this.#work, instructions, this.#settings)));
  }

  findMany(instructions: Instructions): Promise<Dynamic[]> {
    return this.#run(() => finished(findMany(this.#work, instructions, this.#settings)));
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

  #write<T>(name: string, steps: () => Steps<T>): Promise<T> {
    return this.#run(() => finished(this.#whole(name, steps)));
  }

  /** Leaves nothing behind when it fails. */
  *#whole<T>(name: string, steps: () => Steps<T>): Steps<T> {
    const { overlay } = this.#work;
    const savepoint = overlay.savepoint();
    try {
      const result = yield* steps();
      overlay.release(savepoint);
      if (this.#operations.at(-1) !== name) this.#operations.push(name);
      return result;
    } catch (error) {
      overlay.rollback(savepoint);
      throw error;
    }
  }

  /** At once when nothing else is under way; `#busy` keeps out operations that a callback of the running one calls. */
  #run<T>(work: () => Maybe<T>): Promise<T> {
    if (!this.#open || this.#busy || this.#gate.locked) return this.#later(work);
    this.#busy = true;
    let result: Maybe<T>;
    try {
      result = work();
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#busy = false;
    }
    return result instanceof Promise ? this.#holding(result) : Promise.resolve(result);
  }

  /** Keeps others waiting until what is under way is over. */
  async #holding<T>(result: Promise<T>): Promise<T> {
    // Nobody holds the gate, so that it is held from here on.
    const release = this.#gate.acquire();
    try {
      return await result;
    } finally {
      (await release)();
    }
  }

  async #later<T>(work: () => Maybe<T>): Promise<T> {
    // Called by a callback of the running one, which takes the gate as soon as it has to wait.
    if (this.#busy) await null;
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
  async play<T>(callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    try {
      return await current.run(this, callback, this);
    } finally {
      if (this.#gate.locked) await this.#settle();
      this.#open = false;
    }
  }

  async #settle(): Promise<void> {
    const release = await this.#gate.acquire();
    this.#open = false;
    release();
  }

  /** What it is made of, for the log. */
  get operations(): readonly string[] {
    return this.#operations;
  }

  /** A transaction inside this one. */
  async nested<T>(callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const release = await this.#enter();
    const savepoint = this.#work.overlay.savepoint();
    try {
      const result = await new Tx(this.owner, this.#work, this.#settings, this).play(callback);
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
