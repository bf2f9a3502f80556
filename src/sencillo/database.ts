/** The class that programs hold. Its files are opened by the first transaction. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { storageError } from "../storage/files/errors.js";
import { type Core, coreOf, leave } from "./core.js";
import { DatabaseNotLoadedError } from "./errors.js";
import { type Settings, settingsOf } from "./options.js";
import { currentTx } from "./tx.js";
import type {
  Dynamic,
  EnsureIndexInstructions,
  Instructions,
  RecoveryReport,
  SencilloConfig,
  Transaction,
} from "./types.js";

export class SencilloDB implements Transaction, AsyncDisposable {
  readonly #settings: Settings;
  #core: Core;
  #closed = false;

  constructor(config: SencilloConfig = {}) {
    this.#settings = settingsOf(config);
    this.#core = coreOf(this.#settings, prepared(this.#settings));
  }

  /**
   * Runs the callback in a transaction: what it changes is kept when it returns, and nothing of it when it throws. One runs at
   * a time. Called inside another transaction of this database it is a part of that one, undone alone when it throws.
   */
  async transaction<T = Dynamic>(callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const around = currentTx(this);
    return around === null ? this.#use().transaction(this, callback) : around.nested(callback);
  }

  /** Writes everything to the data files, and removes the log. */
  async compact(): Promise<void> {
    return this.#use().compact();
  }

  /** What was taken over from a log that SencilloDB itself had left; null: there was none. Opens the database. */
  async recovery(): Promise<RecoveryReport | null> {
    return this.#use().report();
  }

  /** Lets go of the files and their lock. Not needed at the end of a program. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await leave(this.#core);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  create(instructions: Instructions): Promise<Dynamic> {
    return this.#alone((tx) => tx.create(instructions));
  }

  update(instructions: Instructions): Promise<Dynamic> {
    return this.#alone((tx) => tx.update(instructions));
  }

  destroy(instructions: Instructions): Promise<Dynamic> {
    return this.#alone((tx) => tx.destroy(instructions));
  }

  find(instructions: Instructions): Promise<Dynamic> {
    return this.#alone((tx) => tx.find(instructions));
  }

  findMany(instructions: Instructions): Promise<Dynamic[]> {
    return this.#alone((tx) => tx.findMany(instructions));
  }

  createMany(instructions: Instructions): Promise<Dynamic[]> {
    return this.#alone((tx) => tx.createMany(instructions));
  }

  dropCollection(instructions: Instructions): Promise<void> {
    return this.#alone((tx) => tx.dropCollection(instructions));
  }

  dropIndex(instructions: Instructions): Promise<void> {
    return this.#alone((tx) => tx.dropIndex(instructions));
  }

  rewriteCollection(instructions: Instructions): Promise<void> {
    return this.#alone((tx) => tx.rewriteCollection(instructions));
  }

  ensureIndex(instructions: EnsureIndexInstructions): Promise<void> {
    return this.#alone((tx) => tx.ensureIndex(instructions));
  }

  /** An operation called on the database itself: part of the transaction around it, or one of its own. */
  async #alone<T>(operation: (tx: Transaction) => Promise<T>): Promise<T> {
    const around = currentTx(this);
    return around === null ? this.#use().transaction(this, operation) : operation(around);
  }

  #use(): Core {
    if (this.#closed) throw new DatabaseNotLoadedError();
    // Another object took the files over with other options: they are read again with these.
    if (this.#core.closed) this.#core = coreOf(this.#settings, false);
    return this.#core;
  }
}

/** Makes what SencilloDB makes at once: the folder, or an empty file. Whether nothing was there. */
function prepared(settings: Settings): boolean {
  const { folder, file, load, save, compression } = settings;
  const path = folder ?? file;
  try {
    if (folder !== null) {
      const fresh = !existsSync(folder);
      mkdirSync(folder, { recursive: true });
      return fresh;
    }
    if (load !== null || save !== null || existsSync(file)) return false;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, compression ? gzipSync("{}") : "{}", { flag: "wx" });
    return true;
  } catch (error) {
    throw storageError("create", path, error);
  }
}
