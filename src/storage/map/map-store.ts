/**
 * A Store of persistent trees in memory, made durable by a Persistence (or by none). `published` is what readers see,
 * `head` is what the next commit builds on; a commit is durable first, then published, then resolved. When one cannot be
 * made durable the store is poisoned: readers go on, head falls back to what was published, every later write is refused.
 */
import { StorageError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import type { Mutation, Snapshot, Space, Store } from "../store.js";
import { Newest } from "./newest.js";
import type { Persistence } from "./persistence.js";
import { applyBatch, EMPTY_ROOTS, type Roots, reshapeRoots } from "./roots.js";
import { RootsSnapshot } from "./snapshot.js";

export class MapStore implements Store {
  readonly name: string;
  readonly durable: boolean;
  readonly #persistence: Persistence | null;
  #state: "new" | "open" | "closed" = "new";
  #spaces: readonly Space[] = [];
  #published: Roots = EMPTY_ROOTS;
  #head: Roots = EMPTY_ROOTS;
  readonly #newest = new Newest(EMPTY_ROOTS);
  #poison: unknown;
  /** Settles when everything that was called before has settled; never rejects. */
  #pending: Promise<unknown> = Promise.resolve();
  /** Commits that wait for the barrier, in a line. */
  #delayed = 0;
  #line: Promise<void> = Promise.resolve();
  /** Set while the set of spaces changes or everything is folded; commits wait for it. */
  #barrier: Promise<void> | null = null;

  constructor(name: string, persistence: Persistence | null) {
    this.name = name;
    this.#persistence = persistence;
    this.durable = persistence?.durable ?? false;
  }

  async open(spaces: readonly Space[], options?: CallOptions): Promise<void> {
    if (this.#state !== "new") throw this.#closedError();
    const stored = this.#persistence === null ? EMPTY_ROOTS : await this.#persistence.open(spaces, options);
    try {
      this.#published = this.#head = reshapeRoots(stored, spaces, true);
    } catch (error) {
      await this.#persistence?.close(null);
      throw error;
    }
    this.#newest.reset(this.#published);
    this.#spaces = spaces;
    this.#state = "open";
  }

  async reshape(spaces: readonly Space[]): Promise<void> {
    this.#checkWritable();
    await this.#exclusive(async () => {
      const trees = new Map(this.#head.trees);
      for (const space of spaces) {
        const found = trees.has(space.id) ? undefined : this.#persistence?.adopt(space);
        if (found !== undefined) trees.set(space.id, found);
      }
      const roots = reshapeRoots({ sequence: this.#head.sequence, trees }, spaces, false);
      await this.#persistence?.checkpoint(roots, spaces);
      this.#spaces = spaces;
      this.#published = this.#head = roots;
      this.#newest.reset(roots);
    });
  }

  snapshot(): Snapshot {
    this.#checkReadable();
    return new RootsSnapshot(this.#published, this.#newest, this.#readable);
  }

  async commit(batch: readonly Mutation[]): Promise<void> {
    this.#checkWritable();
    if (this.#barrier !== null || this.#delayed > 0) await this.#inLine(batch);
    else await this.#commitNow(batch);
  }

  /** Changes the head before it first waits. */
  async #commitNow(batch: readonly Mutation[]): Promise<void> {
    this.#checkWritable();
    // Encoding comes first: what cannot be stored (a cycle, a function) is refused before anything has changed.
    const encoded = this.#persistence?.encode(batch);
    const roots = applyBatch(this.#head, batch, this.#head.sequence + 1);
    this.#head = roots;
    if (this.#persistence === null || encoded === undefined) {
      this.#publish(roots, batch);
      return;
    }
    const appended = this.#persistence.append(encoded, roots);
    this.#pending = appended.catch(() => {});
    try {
      await appended;
    } catch (error) {
      this.#poison ??= error;
      this.#head = this.#published;
      throw error;
    }
    if (roots.sequence > this.#published.sequence) this.#publish(roots, batch);
  }

  /** Runs a commit once nothing exclusive runs, first come, first served: a later one must not overtake one that waits. */
  async #inLine(batch: readonly Mutation[]): Promise<void> {
    this.#delayed++;
    const started = this.#line.then(async () => {
      while (this.#barrier !== null) await this.#barrier;
      this.#delayed--;
      // Wrapped, so that the line goes on once this one has changed the head, and need not wait until it is durable.
      return { done: this.#commitNow(batch) };
    });
    this.#line = started.then(() => {});
    await (await started).done;
  }

  #publish(roots: Roots, batch: readonly Mutation[]): void {
    this.#published = roots;
    this.#newest.advance(roots, batch);
  }

  async readRegistry(): Promise<string | null> {
    if (this.#state === "closed") throw this.#closedError();
    return this.#persistence === null ? this.#registry : this.#persistence.readRegistry();
  }

  #registry: string | null = null;

  async writeRegistry(text: string): Promise<void> {
    this.#checkWritable();
    if (this.#persistence === null) this.#registry = text;
    else await this.#persistence.writeRegistry(text);
  }

  async compact(options?: CallOptions): Promise<void> {
    this.#checkWritable();
    await this.#exclusive(async () => {
      await this.#persistence?.checkpoint(this.#head, this.#spaces, options);
    });
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    if (!wasOpen || this.#persistence === null) return;
    while (this.#barrier !== null) await this.#barrier;
    await this.#pending;
    await this.#persistence.close(this.#poison === undefined ? this.#head : null);
  }

  /** Runs work while no commit is under way. */
  async #exclusive(work: () => Promise<void>): Promise<void> {
    while (this.#barrier !== null) await this.#barrier;
    this.#checkWritable();
    const run = (async () => {
      await this.#pending;
      this.#checkWritable();
      await work();
    })();
    this.#barrier = run.then(
      () => {},
      () => {},
    );
    try {
      await run;
    } finally {
      this.#barrier = null;
    }
  }

  readonly #readable = (): void => this.#checkReadable();

  #checkReadable(): void {
    if (this.#state !== "open") throw this.#closedError();
  }

  #checkWritable(): void {
    if (this.#state !== "open") throw this.#closedError();
    if (this.#poison === undefined) return;
    throw new StorageError(
      "STORAGE.POISONED",
      `${this.name} refuses writes: an earlier one could not be made durable`,
      {
        cause: this.#poison,
        fix: "solve the cause, then close the database and open it again; everything acknowledged is still there",
      },
    );
  }

  #closedError(): StorageError {
    const what = this.#state === "new" ? "is not open yet" : this.#state === "open" ? "is open already" : "is closed";
    return new StorageError("STORAGE.CLOSED", `${this.name} ${what}`, {
      fix: "use the database between createClient() and close()",
    });
  }
}
