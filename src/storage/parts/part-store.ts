/**
 * A Store over files in a folder, of which only what is used is in memory. `published` is what readers see, `head` what the
 * next commit builds on; a commit is in the journal first, then published, then resolved. Commits are sorted by partition
 * and applied in the order of their calls; one whose partitions must be loaded keeps those behind it waiting.
 */
import { randomInt } from "node:crypto";
import { checkAborted } from "../../base/abort.js";
import { ConfigError, type StorageError, TenonError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import { type Durability, Journal, type Replayed, replayJournal } from "../journal.js";
import { encodeKey } from "../key.js";
import { closedError, poisonedError, readOnlyError } from "../refusals.js";
import type { Mutation, PointValue, Snapshot, Space, Store, StoredValue } from "../store.js";
import { PartCache } from "./cache.js";
import { applyChanges, type Changes, encodeChanges, partFor, sortChanges } from "./changes.js";
import { fold } from "./fold.js";
import { refuseBeyond } from "./heads.js";
import { leftoversOf, removeLeftovers } from "./leftovers.js";
import { PartLoader } from "./loader.js";
import { readManifest } from "./manifest.js";
import { type DiskSettings, missing, PartDisk } from "./part-disk.js";
import { recover } from "./recovery.js";
import { reshapeVersion } from "./reshape.js";
import { PartSnapshot, type SnapshotHost } from "./snapshot.js";
import { type IndexOf, indexesOf, partsOf, spaceOf, type Version } from "./version.js";

export interface PartSettings extends DiskSettings {
  readonly durability: Durability;
  readonly checkpoint: "auto" | "commit";
  readonly syncIntervalMs: number;
  /** A checkpoint is due when the journal is larger than this, or when changed partitions take half of the cache. */
  readonly checkpointBytes: number;
  readonly cacheBytes: number;
  /** Most clean partitions in memory; 0: only bytes count. */
  readonly maxCached: number;
  /** Writes are refused, and closing leaves the files alone. */
  readonly readOnly: boolean;
}

const NOTHING: Version = { sequence: 0, meta: new Map(), spaces: new Map() };

export class PartStore implements Store {
  readonly name: string;
  readonly durable: boolean;
  readonly splits: boolean;
  readonly #settings: PartSettings;
  readonly #disk: PartDisk;
  readonly #cache: PartCache;
  readonly #loader: PartLoader;
  #state: "new" | "open" | "closed" = "new";
  #lock: AsyncDisposable | null = null;
  #journal: Journal | null = null;
  #spaces: readonly Space[] = [];
  #indexes: ReadonlyMap<string, IndexOf> = new Map();
  #published: Version = NOTHING;
  #head: Version = NOTHING;
  #poison: unknown;
  readonly #snapshots = new Set<PartSnapshot>();
  /** Everything that changes the head, one after the other. */
  #line: Promise<unknown> = Promise.resolve();
  #inLine = 0;
  /** Settles when every append so far has settled; never rejects. */
  #pending: Promise<unknown> = Promise.resolve();
  #folding: Promise<unknown> = Promise.resolve();
  #background: Promise<void> | null = null;
  #retryAt = 0;
  /** Last commit that the files listed in the manifest hold; -1: there is no manifest. */
  #checkpointed = -1;
  /** Estimated memory of what a checkpoint would write. */
  #dirty = 0;

  constructor(name: string, settings: PartSettings) {
    this.name = name;
    this.#settings = settings;
    this.#disk = new PartDisk(settings);
    this.#cache = new PartCache(settings.cacheBytes, settings.maxCached);
    this.#loader = new PartLoader(this.#disk, this.#cache);
    this.durable = settings.durability === "strict";
    this.splits = settings.layout === "shards";
  }

  /** Partitions read from disk since the store was opened. */
  get loads(): number {
    return this.#loader.loads;
  }

  async open(spaces: readonly Space[], options?: CallOptions): Promise<void> {
    if (this.#state !== "new") throw this.#closedError();
    checkAborted(options?.signal);
    const { files } = this.#disk;
    await files.makeDir(this.#settings.folder);
    this.#lock = await files.lock(this.#disk.path("tenon.lock"));
    try {
      await this.#load(spaces);
    } catch (error) {
      await this.#unlock();
      throw error;
    }
    this.#state = "open";
  }

  async #load(spaces: readonly Space[]): Promise<void> {
    const { files, manifest, settings } = this.#disk;
    const journal = this.#disk.path("tenon.journal");
    const top = await readManifest(files, manifest);
    if (top !== null && top.head.layout !== settings.layout) {
      throw new ConfigError("CONFIG.INVALID", `${settings.folder} was written by ${top.head.layout}()`, {
        fix: `open it with ${top.head.layout}("${settings.folder}")`,
      });
    }
    const bytes = await files.read(journal);
    const replayed = bytes === null ? null : replayJournal(journal, bytes);
    if (replayed !== null && replayed.base > (top?.head.sequence ?? 0)) {
      throw missing(manifest, `the journal begins after commit ${replayed.base}, which is not in it`);
    }
    if (top !== null && replayed !== null && top.head.store !== replayed.store) {
      throw missing(journal, `it belongs to another database than ${manifest}`);
    }
    this.#disk.store = top?.head.store ?? replayed?.store ?? 0;
    if (top !== null) {
      this.#disk.use(top);
      this.#disk.leftovers = await leftoversOf(this.#disk, top);
    }
    const version = await recover({ disk: this.#disk, journal, top, replayed }, spaces);
    // A new database takes over whatever lies there.
    this.#disk.store ||= randomInt(1, 2 ** 32);
    this.#checkpointed = top?.head.sequence ?? -1;
    const end = replayed === null ? version.sequence : replayed.base + replayed.commits.length;
    await refuseBeyond(this.#disk, journal, end);
    // Nothing was changed up to here: what is refused stays as it was found.
    await removeLeftovers(this.#disk);
    const usable: Replayed =
      replayed === null || end < version.sequence
        ? await Journal.create(files, journal, version.sequence, this.#disk.store)
        : replayed;
    this.#journal = await Journal.open(files, journal, this.#settings, usable);
    this.#use(version, spaces);
  }

  #use(version: Version, spaces: readonly Space[]): void {
    this.#published = this.#head = version;
    this.#spaces = spaces;
    this.#indexes = indexesOf(spaces);
    this.#weigh();
  }

  async reshape(spaces: readonly Space[]): Promise<void> {
    this.#checkWritable();
    await this.#exclusive(async () => {
      const held = this.#snapshots.size > 0;
      const context = { disk: this.#disk, loader: this.#loader, held };
      const version = await reshapeVersion(context, this.#head, spaces);
      this.#use(version, spaces);
      await this.#fold(true);
    });
  }

  snapshot(): Snapshot {
    this.#checkReadable();
    const snapshot = new PartSnapshot(this.#published, this.#host());
    this.#snapshots.add(snapshot);
    return snapshot;
  }

  async point(space: string, value: PointValue): Promise<StoredValue | undefined> {
    const snapshot = new PartSnapshot(this.#published, this.#host());
    const key = encodeKey([value]);
    if (!this.#indexes.has(space)) return (await snapshot.getMany(space, [key]))[0];
    const [found] = await snapshot.ranges(space, [{ gte: key, lt: `${key}\xff` }], 1);
    return found?.values[0];
  }

  #host(): SnapshotHost {
    return {
      loader: this.#loader,
      disk: this.#disk,
      scanBytes: this.#settings.cacheBytes / 4,
      indexes: this.#indexes,
      check: () => this.#checkReadable(),
      ended: (snapshot) => this.#snapshots.delete(snapshot),
    };
  }

  commit(batch: readonly Mutation[]): Promise<void> {
    if (this.#inLine === 0 && this.#isWritable && !this.#crowded) {
      let changes: Changes;
      try {
        changes = sortChanges(this.#head, batch, this.#indexes);
        if (changes.parts.every((change) => isLoaded(this.#head, change))) return this.#apply(changes);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.#later(batch);
  }

  /** More is changed than a checkpoint that runs can keep up with. */
  get #crowded(): boolean {
    return this.#background !== null && this.#dirty > this.#settings.cacheBytes;
  }

  async #later(batch: readonly Mutation[]): Promise<void> {
    this.#checkWritable();
    const { done } = await this.#queue(async () => {
      while (this.#crowded) await this.#background;
      this.#checkWritable();
      const changes = sortChanges(this.#head, batch, this.#indexes);
      const unpin = await this.#bring(changes);
      try {
        this.#checkWritable();
        return { done: this.#apply(changes) };
      } finally {
        unpin();
      }
    });
    await done;
  }

  /** Loads what a commit changes; it stays in memory until the function returned is called. */
  async #bring(changes: Changes): Promise<() => void> {
    const parts = changes.parts.flatMap((change) => partFor(this.#head, change) ?? []);
    const unpin = (): void => {
      for (const { content } of parts) {
        content.pins--;
        if (content.clean) this.#loader.settled(content);
      }
    };
    for (const { content } of parts) content.pins++;
    try {
      for (const part of parts) await this.#loader.docs(spaceOf(this.#head, part.slot.space).space, part);
    } catch (error) {
      unpin();
      throw error;
    }
    return unpin;
  }

  /** Takes its number and its place in the journal at once. */
  async #apply(changes: Changes): Promise<void> {
    const encoded = encodeChanges(changes);
    const before = this.#head;
    const version = applyChanges(before, changes, before.sequence + 1, encoded.length);
    for (const change of changes.parts) {
      const old = partFor(before, change)?.content;
      const now = partFor(version, change)!.content;
      if (old !== undefined) this.#cache.release(old);
      this.#dirty += now.weight - (old === undefined || old.clean ? 0 : old.weight);
    }
    this.#head = version;
    const appended = this.#durably(version, encoded);
    this.#pending = appended.catch(() => {});
    try {
      await appended;
    } catch (error) {
      this.#poison ??= error;
      this.#head = this.#published;
      throw error;
    }
    if (version.sequence > this.#published.sequence) this.#published = version;
    this.#foldIfDue();
  }

  async #durably(version: Version, encoded: string): Promise<void> {
    await this.#journal!.append(version.sequence, encoded);
    if (this.#settings.checkpoint === "commit") await this.#fold(false, version);
  }

  #foldIfDue(): void {
    const { checkpoint, checkpointBytes, cacheBytes } = this.#settings;
    const { size } = this.#journal!;
    if (checkpoint === "commit" || this.#background !== null || size < this.#retryAt) return;
    if (size < checkpointBytes && this.#dirty < cacheBytes / 2) return;
    this.#background = this.#fold(false)
      .then(
        () => {
          this.#retryAt = 0;
        },
        () => {
          // The commits are safe in the journal; the next attempt, compact() or close() reports what is wrong.
          this.#retryAt = (this.#journal?.size ?? 0) * 2;
        },
      )
      .finally(() => {
        this.#background = null;
      });
  }

  /** Brings the files up to what is durable; one at a time. */
  #fold(always: boolean, least: Version = this.#published): Promise<void> {
    const run = this.#folding.then(async () => {
      const version = least.sequence > this.#published.sequence ? least : this.#published;
      if (!always && version.sequence <= this.#checkpointed && !this.#disk.stale) return;
      await fold({ disk: this.#disk, journal: this.#journal!, loader: this.#loader }, version);
      this.#checkpointed = version.sequence;
      this.#weigh();
    });
    this.#folding = run.catch(() => {});
    return run;
  }

  #weigh(): void {
    this.#dirty = 0;
    for (const space of this.#head.spaces.values()) {
      for (const { content } of partsOf(space)) if (!content.clean) this.#dirty += content.weight;
    }
  }

  async readRegistry(): Promise<string | null> {
    if (this.#state === "closed") throw this.#closedError();
    const bytes = await this.#disk.files.read(this.#disk.path("registry.json"));
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  async writeRegistry(text: string): Promise<void> {
    this.#checkWritable();
    // Or a power cut could leave a change of schema without the commits that were made before it.
    await this.#journal!.sync();
    await this.#disk.files.replace(this.#disk.path("registry.json"), [Buffer.from(text, "utf8")]);
  }

  async compact(): Promise<void> {
    this.#checkWritable();
    await this.#exclusive(() => this.#fold(true));
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    if (!wasOpen) return;
    await this.#line;
    await this.#pending;
    await this.#folding;
    let failure: unknown;
    const attempt = async (work: () => Promise<unknown> | undefined): Promise<void> => {
      try {
        await work();
      } catch (error) {
        failure ??= error;
      }
    };
    if (this.#poison === undefined && !this.#settings.readOnly && this.#published.sequence > 0)
      await attempt(() => this.#fold(false));
    await attempt(() => this.#journal?.close());
    await attempt(() => this.#unlock());
    if (failure instanceof TenonError && failure.code === "STORAGE.POISONED") return;
    if (failure !== undefined) throw failure;
  }

  async #unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = null;
    await lock?.[Symbol.asyncDispose]();
  }

  /** Runs work when everything before has its place; what comes after waits. */
  #queue<T>(work: () => Promise<T>): Promise<T> {
    this.#inLine++;
    const run = this.#line.then(work).finally(() => {
      this.#inLine--;
    });
    this.#line = run.catch(() => {});
    return run;
  }

  /** Runs work while no commit is under way. */
  #exclusive(work: () => Promise<void>): Promise<void> {
    return this.#queue(async () => {
      await this.#pending;
      this.#checkWritable();
      await work();
    });
  }

  #checkReadable(): void {
    if (this.#state !== "open") throw this.#closedError();
  }

  get #isWritable(): boolean {
    return this.#state === "open" && this.#poison === undefined && !this.#settings.readOnly;
  }

  #checkWritable(): void {
    if (this.#isWritable) return;
    if (this.#state !== "open") throw this.#closedError();
    if (this.#settings.readOnly) throw readOnlyError(this.#settings.folder);
    throw poisonedError(this.name, this.#poison);
  }

  #closedError(): StorageError {
    return closedError(this.name, this.#state);
  }
}

function isLoaded(version: Version, change: Changes["parts"][number]): boolean {
  const part = partFor(version, change);
  return part === undefined || part.content.docs !== null;
}
