/**
 * SencilloDB's files as a store of one writer. A commit is applied to the trees at once, so that whoever comes next builds on
 * it, and then made durable: by a record of the log, or by replacing the files that changed. When that fails the store takes
 * no more calls: memory is ahead of the disk, it must be opened anew.
 */
import { StorageError } from "../base/errors.js";
import type { Doc } from "../schema/model.js";
import type { Tree } from "../storage/btree.js";
import type { Files } from "../storage/files/files.js";
import type { Durability } from "../storage/journal.js";
import { CommitLog } from "./commit-log.js";
import { type Changes, decodeCommit, encodeCommit } from "./commit-text.js";
import { applyTogether, finishIntent } from "./intent.js";
import type { FileChange, Layout } from "./layout.js";
import { type Captured, Partitions } from "./partitions.js";
import type { LiveTrees } from "./work.js";

export interface StoreSettings {
  readonly files: Files;
  readonly layout: Layout;
  /** Commits go to the log; else every commit replaces the files that it changes. */
  readonly log: boolean;
  readonly durability: Durability;
  readonly maxCacheSize: number;
  /** The log is folded into the files when it is larger than this. */
  readonly logBytes: number;
}

export class SencilloStore implements LiveTrees {
  readonly name: string;
  readonly #settings: StoreSettings;
  readonly #layout: Layout;
  readonly #partitions: Partitions;
  readonly #log: CommitLog;
  #lock: AsyncDisposable | null = null;
  #state: "new" | "open" | "closed" = "new";
  #poison: unknown;
  /** What must not overtake something else: commits that wait for a log, and folds. Null: nothing is under way. */
  #line: Promise<unknown> | null = null;
  #folding: Promise<unknown> = Promise.resolve();
  #nextFold: Promise<void> | null = null;
  /** The last commit on its way to the disk; those before it are there earlier. */
  #pending: Promise<void> | null = null;
  #background = false;
  #absorbing = false;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
    this.#layout = settings.layout;
    this.#partitions = new Partitions(settings.layout, settings.maxCacheSize);
    this.#log = new CommitLog(settings.files, settings.layout.log, settings.durability);
    this.name = `SencilloDB(${settings.layout.name})`;
  }

  async open(): Promise<void> {
    const { files } = this.#settings;
    if (this.#layout.lock !== null) this.#lock = await files.lock(this.#layout.lock);
    try {
      await this.#layout.prepare();
      await finishIntent(files, this.#layout.intent, (change) => this.#layout.apply(change));
      await this.#replay();
      this.#state = "open";
    } catch (error) {
      await this.#unlock();
      throw error;
    }
  }

  async #replay(): Promise<void> {
    const replayed = await this.#log.replay();
    if (replayed === null) return;
    for (const { text } of replayed.commits) {
      const changes = decodeCommit(text, this.#log.path);
      await this.#partitions.prepare(changes);
      this.#partitions.apply(changes);
    }
    if (this.#settings.log) await this.#log.open(replayed);
    else await this.#write(true);
  }

  /** The log that SencilloDB itself left, or null. The next `compact` takes its place. */
  async foreignLog(): Promise<{ readonly path: string; readonly bytes: Buffer } | null> {
    const bytes = await this.#log.foreign();
    return bytes === null ? null : { path: this.#log.path, bytes };
  }

  loaded(space: string): Tree<Doc> | null {
    return this.#partitions.loaded(space);
  }

  load(space: string): Promise<unknown | null> {
    this.check();
    return this.#partitions.load(this.#partitions.partitionOf(space));
  }

  partitionOf(space: string): string {
    return this.#partitions.partitionOf(space);
  }

  /** While on, commits change memory only: what they hold is on the disk already, in the log of others. */
  absorb(on: boolean): void {
    this.#absorbing = on;
  }

  /** Loads what a commit of these changes needs; null: it is all there. */
  prepare(changes: Changes): Promise<void> | null {
    this.check();
    return this.#partitions.prepare(changes);
  }

  /**
   * After `prepare`, and before anybody else reads: the changes are visible when this returns, and durable when the promise
   * resolves; null: there is nothing to wait for.
   */
  commit(changes: Changes, operations: readonly string[]): Promise<void> | null {
    this.check();
    // What was read may still be on its way to the disk.
    if (changes.length === 0) return this.#pending;
    const logged = this.#settings.log && !this.#absorbing;
    // What cannot be written is refused before anything has changed.
    const encoded = logged ? encodeCommit(changes, operations) : null;
    this.#partitions.apply(changes);
    if (this.#absorbing) return null;
    const durable = encoded === null ? this.#fold() : this.#append(encoded);
    this.#pending = durable;
    const over = () => {
      if (this.#pending === durable) this.#pending = null;
    };
    durable.then(over, over);
    return durable;
  }

  #append(commit: string): Promise<void> {
    if (this.#line === null && this.#log.ready) return this.#appendNow(commit);
    // Wrapped, so that the line need not wait for the disk.
    return this.#inLine(async () => {
      this.check();
      if (!this.#log.ready) await this.#log.open(null);
      return { durable: this.#appendNow(commit) };
    }).then(
      ({ durable }) => durable,
      (error: unknown) => {
        this.#poison ??= error;
        throw error;
      },
    );
  }

  #appendNow(commit: string): Promise<void> {
    const durable = this.#log.append(commit).catch((error: unknown) => {
      this.#poison ??= error;
      throw error;
    });
    if (this.#log.size > this.#settings.logBytes) this.#foldInBackground();
    else this.#evict();
    return durable;
  }

  /** Runs work after everything before it, and before everything after it. */
  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const run = (this.#line ?? Promise.resolve()).then(work);
    const line = run.then(
      () => {},
      () => {},
    );
    this.#line = line;
    void line.then(() => {
      if (this.#line === line) this.#line = null;
    });
    return run;
  }

  /** Commits that come while one fold runs share the next. */
  #fold(): Promise<void> {
    if (this.#nextFold !== null) return this.#nextFold;
    const run = this.#folding.then(async () => {
      this.#nextFold = null;
      if (this.#poison !== undefined) throw this.#poisoned();
      await this.#write(false);
    });
    this.#nextFold = run;
    this.#folding = run.catch(() => {});
    return run;
  }

  /** Writes what is dirty; with it goes the log when `dropLog`. */
  async #write(dropLog: boolean): Promise<void> {
    const captured = this.#partitions.capture();
    try {
      const changes = await this.#rendered(captured);
      if (dropLog) changes.push({ path: this.#log.path, bytes: null });
      await applyTogether(this.#settings.files, this.#layout.intent, changes, (change) => this.#layout.apply(change));
      this.#partitions.written(captured);
      this.#evict();
    } catch (error) {
      this.#poison ??= error;
      throw error;
    }
  }

  async #rendered({ changed, treesOf }: Captured): Promise<FileChange[]> {
    const changes: FileChange[] = changed.size === 0 ? [] : await this.#layout.render(changed, treesOf);
    const { stale } = this.#partitions;
    for (const path of stale) if (!changes.some((change) => change.path === path)) changes.push({ path, bytes: null });
    stale.clear();
    return changes;
  }

  /** What cannot be forgotten because only the log has it is written first. */
  #evict(): void {
    if (this.#partitions.evict(null) && this.#settings.log && this.#state === "open") this.#foldInBackground();
  }

  #foldInBackground(): void {
    if (this.#background) return;
    this.#background = true;
    this.#foldAll()
      // A failure poisons the store; whoever comes next is told.
      .catch(() => {})
      .finally(() => {
        this.#background = false;
      });
  }

  #foldAll(): Promise<void> {
    return this.#inLine(async () => {
      this.check();
      await this.#folding;
      await this.#log.sync();
      this.check();
      const dropLog = this.#log.ready || (await this.#log.exists);
      await this.#write(dropLog);
      await this.#log.forget();
    });
  }

  /** Writes everything to the data files and removes the log. */
  async compact(): Promise<void> {
    this.check();
    this.#partitions.renew();
    await this.#foldAll();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    try {
      if (!wasOpen) return;
      await this.#line;
      await this.#folding;
      await this.#pending?.catch(() => {});
      await this.#log.close();
    } finally {
      await this.#unlock();
    }
  }

  async #unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = null;
    await lock?.[Symbol.asyncDispose]();
  }

  /** Why it has to be opened anew, if it has. */
  get failed(): boolean {
    return this.#poison !== undefined;
  }

  check(): void {
    if (this.#state === "closed") throw new StorageError("STORAGE.CLOSED", `${this.name} is closed`);
    if (this.#poison !== undefined) throw this.#poisoned();
  }

  #poisoned(): StorageError {
    return new StorageError("STORAGE.POISONED", `${this.name}: an earlier change could not be written`, {
      cause: this.#poison,
      fix: "solve the cause; the next transaction reads the database again, as it was last acknowledged",
    });
  }
}
