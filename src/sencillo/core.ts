/**
 * An open database: loaded by its first transaction, shared by every SencilloDB object of this process that names the same
 * files with the same options. Two objects of one process, as programs that are reloaded make them, see each other's
 * writes; two processes are kept apart by the lock.
 */
import { Writer, type WriteSession } from "../engine/embedded/writer.js";
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
  readonly writer: Writer;
  readonly report: RecoveryReport | null;
}

export class Core {
  readonly settings: Settings;
  /** What must be over before this one may open: the core that had these files before. */
  readonly #after: Promise<unknown>;
  #opened: Promise<Opened> | null = null;
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
    const { writer, store } = await this.#open();
    const session = await writer.begin();
    return this.#inSession(owner, session, store, callback);
  }

  async #inSession<T>(
    owner: object,
    session: WriteSession,
    trees: SencilloStore,
    callback: (tx: Transaction) => Promise<T> | T,
  ): Promise<T> {
    let result: T;
    try {
      result = await new Tx(owner, new Work(session, trees), this.settings, null).play(callback);
    } catch (error) {
      session.abandon();
      throw error;
    }
    await session.commit();
    return result;
  }

  async compact(): Promise<void> {
    const { store, writer } = await this.#open();
    await writer.alone(() => store.compact());
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
      if (!present.store.failed) return present;
      await this.#forget(opened, present.store);
      return this.#open();
    });
  }

  async #forget(opened: Promise<Opened>, store?: SencilloStore): Promise<void> {
    if (this.#opened === opened) this.#opened = null;
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
      const writer = new Writer(store);
      if (old === null) return { store, writer, report: null };
      store.absorb(true);
      const session = await writer.begin();
      const report = await this.#inSession(this, session, store, (tx) =>
        replayOldLog(old.path, old.bytes, salvage, (op, instructions) => tx[op](instructions as never)),
      );
      store.absorb(false);
      await store.compact();
      return { store, writer, report };
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opened?.catch(() => null);
    if (opened === null || opened === undefined) return;
    const { store, writer } = opened;
    await writer.alone(async () => {}).catch(() => {});
    writer.close(new DatabaseNotLoadedError());
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
