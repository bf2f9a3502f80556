/**
 * An open database: loaded by its first transaction, shared by every SencilloDB object of this process that names the same
 * files with the same options. Two objects of one process, as programs that are reloaded make them, see each other's
 * writes; two processes are kept apart by the lock.
 */
import { Mutex } from "../base/mutex.js";
import { nodeFiles } from "../storage/files/node.js";
import { DatabaseNotLoadedError } from "./errors.js";
import { replayOldLog } from "./old-log.js";
import { layoutOf, type Settings } from "./options.js";
import { SencilloStore } from "./store.js";
import { Tx } from "./tx.js";
import type { RecoveryReport, Transaction } from "./types.js";
import { Work } from "./work.js";

/** The log is folded into the files when it is larger than this. */
const LOG_BYTES = 32 * 1024 * 1024;

interface Opened {
  readonly store: SencilloStore;
  /** One transaction at a time. */
  readonly turn: Mutex;
  readonly report: RecoveryReport | null;
}

export class Core {
  readonly settings: Settings;
  /** What must be over before this one may open: the core that had these files before. */
  readonly #after: Promise<unknown>;
  #opened: Promise<Opened> | null = null;
  /** The same once it is there. */
  #present: Opened | null = null;
  #closed = false;
  owners = 0;

  get closed(): boolean {
    return this.#closed;
  }

  constructor(settings: Settings, after: Promise<unknown>) {
    this.settings = settings;
    this.#after = after;
  }

  async transaction<T>(owner: object, callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const opened = this.#present?.store.failed === false ? this.#present : await this.#open();
    return this.#inTurn(opened, owner, callback);
  }

  /** The turn ends when the changes are visible; commits that wait for the disk can share one sync. */
  async #inTurn<T>({ store, turn }: Opened, owner: object, callback: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const release = await turn.acquire();
    let result: T;
    let durable: Promise<void> | null;
    try {
      store.check();
      const work = new Work(store);
      const tx = new Tx(owner, work, this.settings, null);
      result = await tx.play(callback);
      const changes = work.changes();
      const missing = store.prepare(changes);
      if (missing !== null) await missing;
      durable = store.commit(changes, tx.operations);
    } finally {
      release();
    }
    if (durable !== null) await durable;
    return result;
  }

  async compact(): Promise<void> {
    const { store, turn } = await this.#open();
    const release = await turn.acquire();
    try {
      await store.compact();
    } finally {
      release();
    }
  }

  async report(): Promise<RecoveryReport | null> {
    return (await this.#open()).report;
  }

  #open(): Promise<Opened> {
    if (this.#closed) return Promise.reject(new DatabaseNotLoadedError());
    const opened = this.#opened ?? this.#load();
    this.#opened = opened;
    // An attempt that failed, or a store that cannot go on, is no reason to refuse for ever.
    opened.catch(() => this.#forget(opened));
    return opened.then(async (present) => {
      if (!present.store.failed) {
        if (this.#opened === opened) this.#present = present;
        return present;
      }
      await this.#forget(opened, present.store);
      return this.#open();
    });
  }

  async #forget(opened: Promise<Opened>, store?: SencilloStore): Promise<void> {
    if (this.#opened === opened) {
      this.#opened = null;
      this.#present = null;
    }
    await store?.close().catch(() => {});
  }

  async #load(): Promise<Opened> {
    await this.#after;
    const { log, durability, maxCacheSize, salvage } = this.settings;
    const store = new SencilloStore({
      files: nodeFiles,
      layout: layoutOf(this.settings),
      log,
      durability,
      maxCacheSize,
      logBytes: LOG_BYTES,
    });
    await store.open();
    try {
      const old = await store.foreignLog();
      const turn = new Mutex();
      if (old === null) return { store, turn, report: null };
      store.absorb(true);
      const report = await this.#inTurn({ store, turn, report: null }, this, (tx) =>
        replayOldLog(old.path, old.bytes, salvage, (op, instructions) => tx[op](instructions as never)),
      );
      store.absorb(false);
      await store.compact();
      return { store, turn, report };
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#present = null;
    const opened = await this.#opened?.catch(() => null);
    if (opened === null || opened === undefined) return;
    const { store, turn } = opened;
    const release = await turn.acquire();
    turn.close(new DatabaseNotLoadedError());
    release();
    await store.close();
  }
}

/** Open databases of this process by what they are stored in. Hooks are nobody's but their object's. */
const cores = new Map<string, Core>();

function keyOf({ folder, file, load, save }: Settings): string | null {
  if (load !== null || save !== null) return null;
  return folder ?? file;
}

/** `fresh`: the files are not there, so whatever an earlier object knew of them is over. */
export function coreOf(settings: Settings, fresh: boolean): Core {
  const key = keyOf(settings);
  const present = key === null ? undefined : cores.get(key);
  if (key !== null && present !== undefined && !fresh && sameSettings(present.settings, settings)) {
    present.owners++;
    return present;
  }
  const core = new Core(settings, present === undefined ? Promise.resolve() : present.close().catch(() => {}));
  core.owners = 1;
  if (key !== null) cores.set(key, core);
  return core;
}

function sameSettings(a: Settings, b: Settings): boolean {
  return (Object.keys(a) as (keyof Settings)[]).every((name) => a[name] === b[name]);
}

/** One owner less; the last one closes. */
export async function leave(core: Core): Promise<void> {
  core.owners--;
  if (core.owners > 0) return;
  for (const [key, present] of cores) if (present === core) cores.delete(key);
  await core.close();
}
