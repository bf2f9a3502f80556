/**
 * A Store over SencilloDB's files. Partitions are loaded when first touched and, beyond a limit, forgotten again when what
 * they hold is on the disk. A commit is applied to the trees and then made durable: by a record of the log, or by replacing
 * the files that changed. When that fails the store takes no more calls: memory is ahead of the disk, it must be opened anew.
 */
import { StorageError } from "../base/errors.js";
import type { Doc } from "../schema/model.js";
import { Tree } from "../storage/btree.js";
import type { Files } from "../storage/files/files.js";
import { type Durability, Journal, replayJournal } from "../storage/journal.js";
import type { Maybe, Mutation, Snapshot, Store } from "../storage/store.js";
import { decodeCommit, encodeCommit } from "./commit-text.js";
import { applyTogether, finishIntent } from "./intent.js";
import { LABEL_SPACE } from "./keys.js";
import type { FileChange, Layout, Trees } from "./layout.js";
import { LiveSnapshot } from "./live-snapshot.js";

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

interface Partition {
  readonly trees: Trees;
  dirty: boolean;
}

const EMPTY = Tree.empty<Doc>();
const SYNC_INTERVAL_MS = 100;

export class SencilloStore implements Pick<Store, "name" | "durable" | "snapshot" | "commit" | "compact" | "close"> {
  readonly name: string;
  readonly durable: boolean;
  readonly #settings: StoreSettings;
  readonly #layout: Layout;
  /** In the order of their last use when there is a limit. */
  readonly #partitions = new Map<string, Partition>();
  readonly #loading = new Map<string, Promise<Partition | null>>();
  /** What the next commit needs: not to be forgotten before it is applied. */
  readonly #pinned = new Set<string>();
  readonly #stale = new Set<string>();
  #lock: AsyncDisposable | null = null;
  #journal: Journal | null = null;
  #sequence = 0;
  #state: "new" | "open" | "closed" = "new";
  #poison: unknown;
  /** Everything that must not overtake something else; null when nothing is under way. */
  #tail: Promise<unknown> | null = null;
  #folding: Promise<unknown> = Promise.resolve();
  #nextFold: Promise<void> | null = null;
  /** Journal records on their way. */
  #appending: Promise<unknown> = Promise.resolve();
  #background = false;
  #absorbing = false;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
    this.#layout = settings.layout;
    this.name = `SencilloDB(${settings.layout.name})`;
    this.durable = !settings.log || settings.durability === "strict";
  }

  /** Ignores the spaces: they are found out as they are used. */
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
    const { files, log } = this.#settings;
    const path = this.#layout.log;
    const bytes = await this.#readLog();
    if (bytes === null || !isOurs(bytes)) return;
    const replayed = replayJournal(path, bytes);
    for (const { text } of replayed.commits) {
      const batch = decodeCommit(text, path);
      await this.#loadFor(batch);
      this.#apply(batch);
    }
    this.#sequence = replayed.commits.length;
    if (log) this.#journal = await Journal.open(files, path, this.#journalOptions, replayed);
    else await this.#write(true);
  }

  async #readLog(): Promise<Buffer | null> {
    const { files } = this.#settings;
    if ((await files.size(this.#layout.log)) === null) return null;
    const content = await files.read(this.#layout.log);
    return content === null ? null : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  }

  /** The log that SencilloDB itself left, or null. The next `compact` takes its place. */
  async foreignLog(): Promise<{ readonly path: string; readonly bytes: Buffer } | null> {
    const bytes = await this.#readLog();
    return bytes === null || isOurs(bytes) ? null : { path: this.#layout.log, bytes };
  }

  get #journalOptions() {
    return { durability: this.#settings.durability, syncIntervalMs: SYNC_INTERVAL_MS };
  }

  snapshot(): Snapshot {
    this.#check();
    return new LiveSnapshot(this);
  }

  /** Trees of a loaded partition; null when it must be loaded first. */
  loaded(space: string): Tree<Doc> | null {
    const name = this.#layout.partitionOf(space);
    const partition = this.#partitions.get(name);
    if (partition === undefined) return null;
    if (this.#settings.maxCacheSize > 0) {
      this.#partitions.delete(name);
      this.#partitions.set(name, partition);
    }
    return partition.trees.get(space) ?? EMPTY;
  }

  async load(space: string): Promise<Tree<Doc>> {
    this.#check();
    const partition = await this.#partition(this.#layout.partitionOf(space));
    return partition?.trees.get(space) ?? EMPTY;
  }

  #partition(name: string): Maybe<Partition | null> {
    const partition = this.#partitions.get(name);
    if (partition !== undefined) return partition;
    let loading = this.#loading.get(name);
    if (loading === undefined) {
      loading = this.#load(name).finally(() => this.#loading.delete(name));
      this.#loading.set(name, loading);
    }
    return loading;
  }

  async #load(name: string): Promise<Partition | null> {
    const before = this.#layout.before(name);
    if (before !== null) await this.#partition(before);
    const present = this.#partitions.get(name);
    if (present !== undefined) return present;
    const loaded = await this.#layout.load(name);
    if (loaded === null) return null;
    for (const [part, trees] of loaded.partitions) {
      if (!this.#partitions.has(part)) this.#partitions.set(part, { trees, dirty: loaded.foreign });
    }
    for (const path of loaded.stale) this.#stale.add(path);
    this.#evict(name);
    return this.#partitions.get(name) ?? null;
  }

  /** While on, commits change memory only: what they hold is on the disk already, in the log of others. */
  absorb(on: boolean): void {
    this.#absorbing = on;
  }

  commit(batch: readonly Mutation[]): Promise<void> {
    try {
      this.#check();
      if (this.#absorbing) return this.#loadFor(batch).then(() => this.#apply(batch));
      // What cannot be written is refused before anything has changed.
      const encoded = this.#settings.log ? encodeCommit(batch) : null;
      if (this.#tail === null && (encoded === null || this.#journal !== null) && this.#has(batch)) {
        return this.#commitNow(batch, encoded).durable;
      }
      return this.#inLine(async () => {
        this.#check();
        await this.#loadFor(batch);
        if (encoded !== null && this.#journal === null) await this.#newJournal();
        return this.#commitNow(batch, encoded);
      }).then(({ durable }) => durable);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Runs work after everything before it, and before everything after it. */
  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const run = (this.#tail ?? Promise.resolve()).then(work);
    const tail = run.then(
      () => {},
      () => {},
    );
    this.#tail = tail;
    void tail.then(() => {
      if (this.#tail === tail) this.#tail = null;
    });
    return run;
  }

  #has(batch: readonly Mutation[]): boolean {
    return batch.every(({ space }) => space === LABEL_SPACE || this.#partitions.has(this.#layout.partitionOf(space)));
  }

  async #loadFor(batch: readonly Mutation[]): Promise<void> {
    const names = new Set<string>();
    for (const { space } of batch) if (space !== LABEL_SPACE) names.add(this.#layout.partitionOf(space));
    for (const name of names) {
      this.#pinned.add(name);
      if ((await this.#partition(name)) === null) this.#partitions.set(name, { trees: new Map(), dirty: false });
    }
  }

  /** Applied at once; `durable` is wrapped, so that the line need not wait for the disk. */
  #commitNow(batch: readonly Mutation[], encoded: Uint8Array | null): { readonly durable: Promise<void> } {
    this.#apply(batch);
    if (encoded === null) return { durable: this.#fold() };
    const durable = this.#journal!.append(++this.#sequence, encoded).catch((error: unknown) => {
      this.#poison ??= error;
      throw error;
    });
    this.#appending = durable.catch(() => {});
    this.#foldIfDue();
    return { durable };
  }

  #apply(batch: readonly Mutation[]): void {
    const editors = new Map<string, ReturnType<Tree<Doc>["edit"]>>();
    for (const { space, key, value } of batch) {
      if (space === LABEL_SPACE) continue;
      let editor = editors.get(space);
      if (editor === undefined) {
        const partition = this.#partitions.get(this.#layout.partitionOf(space))!;
        partition.dirty = true;
        editor = (partition.trees.get(space) ?? EMPTY).edit();
        editors.set(space, editor);
      }
      if (value === undefined) editor.delete(key);
      else editor.set(key, value);
    }
    this.#pinned.clear();
    for (const [space, editor] of editors) {
      const { trees } = this.#partitions.get(this.#layout.partitionOf(space))!;
      const tree = editor.freeze();
      if (tree.size === 0) trees.delete(space);
      else trees.set(space, tree);
    }
  }

  async #newJournal(): Promise<void> {
    const { files } = this.#settings;
    const replayed = await Journal.create(files, this.#layout.log, 0, 0);
    this.#journal = await Journal.open(files, this.#layout.log, this.#journalOptions, replayed);
    this.#sequence = 0;
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
    const changed = new Map<string, Trees>();
    for (const [name, partition] of this.#partitions) {
      if (partition.dirty) changed.set(name, new Map(partition.trees));
      partition.dirty = false;
    }
    const treesOf = async (name: string): Promise<Trees> => (await this.#partition(name))?.trees ?? new Map();
    try {
      const changes: FileChange[] = changed.size === 0 ? [] : await this.#layout.render(changed, treesOf);
      const written = new Set(changes.map(({ path }) => path));
      for (const path of this.#stale) if (!written.has(path)) changes.push({ path, bytes: null });
      if (dropLog) changes.push({ path: this.#layout.log, bytes: null });
      await applyTogether(this.#settings.files, this.#layout.intent, changes, (change) => this.#layout.apply(change));
      this.#stale.clear();
      for (const [name, trees] of changed) if (trees.size === 0 && name !== "") this.#forgetEmpty(name);
      this.#evict(null);
    } catch (error) {
      this.#poison ??= error;
      throw error;
    }
  }

  #forgetEmpty(name: string): void {
    const partition = this.#partitions.get(name);
    if (partition !== undefined && !partition.dirty && partition.trees.size === 0) this.#partitions.delete(name);
  }

  /** Forgets the partitions used longest ago, as far as they are on the disk. */
  #evict(except: string | null): void {
    const limit = this.#settings.maxCacheSize;
    if (limit <= 0) return;
    const counting = [...this.#partitions].filter(([name]) => this.#layout.counts(name));
    let excess = counting.length - limit;
    let waiting = false;
    for (const [name, { dirty }] of counting) {
      if (excess <= 0) return;
      if (name === except || this.#pinned.has(name)) continue;
      if (dirty) waiting = true;
      else this.#partitions.delete(name);
      excess--;
    }
    if (waiting && this.#settings.log && this.#state === "open") this.#foldInBackground();
  }

  #foldIfDue(): void {
    if (this.#journal!.size > this.#settings.logBytes) this.#foldInBackground();
    else this.#evict(null);
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
      this.#check();
      await this.#folding;
      await this.#appending;
      this.#check();
      const journal = this.#journal;
      if (journal !== null) await journal.sync();
      const dropLog = journal !== null || (await this.#settings.files.size(this.#layout.log)) !== null;
      await this.#write(dropLog);
      this.#journal = null;
      await journal?.close().catch(() => {});
    });
  }

  /** Writes everything to the data files and removes the log. */
  async compact(): Promise<void> {
    this.#check();
    for (const partition of this.#partitions.values())
      partition.dirty ||= partition.trees.size > 0 && this.#stale.size > 0;
    await this.#foldAll();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    try {
      if (!wasOpen) return;
      await this.#tail;
      await this.#folding;
      await this.#appending;
      await this.#journal?.close();
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

  #check(): void {
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

function isOurs(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 8) === "TENONJNL";
}
