/**
 * A Store of persistent trees in memory, made durable by a Persistence (or by none). `published` is what readers see; a
 * commit is durable first, then applied and so published, then resolved. In between it is in flight. When one cannot be
 * made durable the store is poisoned: readers go on, whatever is in flight is dropped, every later write is refused.
 * Commits change the trees in place as far as no snapshot holds them (pins.ts).
 */
import type { StorageError } from "../../base/errors.js";
import type { CallOptions } from "../../base/options.js";
import { KeptShapes } from "../../base/shapes.js";
import { closedError, poisonedError } from "../refusals.js";
import type { Maybe, Mutation, PointValue, Snapshot, Space, Store, StoredValue } from "../store.js";
import { Groups } from "./groups.js";
import { LateIndexes } from "./late-indexes.js";
import { Newest } from "./newest.js";
import type { HeldRoots, Persistence, Versions } from "./persistence.js";
import { Pins } from "./pins.js";
import { Points } from "./points.js";
import { applyBatch, checkSpaces, EMPTY_ROOTS, type Roots, reshapeRoots } from "./roots.js";
import { RootsSnapshot } from "./snapshot.js";

export class MapStore implements Store {
  readonly name: string;
  readonly durable: boolean;
  readonly #persistence: Persistence | null;
  #state: "new" | "open" | "closed" = "new";
  #spaces: readonly Space[] = [];
  #published: Roots = EMPTY_ROOTS;
  /** Appended, not yet published; oldest first. */
  #inFlight: (readonly Mutation[])[] = [];
  readonly #pins = new Pins();
  readonly #newest = new Newest(EMPTY_ROOTS);
  readonly #late = new LateIndexes(this.#pins, EMPTY_ROOTS);
  readonly #points = new Points(EMPTY_ROOTS, this.#late);
  readonly #groups = new Groups(EMPTY_ROOTS);
  readonly #made = new KeptShapes();
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
    const stored =
      this.#persistence === null ? EMPTY_ROOTS : await this.#persistence.open(spaces, this.#versions, options);
    this.#use(reshapeRoots(stored, spaces), spaces);
    this.#state = "open";
  }

  async reshape(spaces: readonly Space[]): Promise<void> {
    this.#checkWritable();
    await this.#exclusive(async () => {
      const trees = new Map(this.#published.trees);
      for (const space of spaces) {
        const found = trees.has(space.id) ? undefined : await this.#persistence?.adopt(space);
        if (found !== undefined) trees.set(space.id, found);
      }
      const roots = reshapeRoots({ sequence: this.#published.sequence, trees }, spaces);
      await this.#persistence?.checkpoint(roots, spaces);
      this.#use(roots, spaces);
    });
  }

  #use(roots: Roots, spaces: readonly Space[]): void {
    this.#spaces = spaces;
    this.#published = roots;
    this.#newest.reset(roots);
    this.#points.reset(roots, spaces);
    this.#groups.reset(roots);
    this.#late.reset(roots);
  }

  snapshot(): Snapshot {
    this.#checkReadable();
    const made = new RootsSnapshot(this.#published, this.#newest, this.#groups, this.#late, this.#pins, this.#readable);
    this.#made.keep(made);
    return made;
  }

  point(space: string, value: PointValue): Maybe<StoredValue | undefined> {
    this.#checkReadable();
    return this.#points.get(this.#published, space, value);
  }

  commit(batch: readonly Mutation[]): Promise<void> {
    return this.#barrier !== null || this.#delayed > 0 ? this.#inLine(batch) : this.#commitNow(batch);
  }

  /** Takes its number, and its place in the journal, before it first waits. */
  async #commitNow(batch: readonly Mutation[]): Promise<void> {
    this.#checkWritable();
    const persistence = this.#persistence;
    if (persistence === null) {
      this.#publish(batch);
      return;
    }
    // Encoding comes first: what cannot be stored (a cycle, a function) is refused before anything has changed.
    const encoded = persistence.encode(batch);
    checkSpaces(this.#published, batch);
    this.#inFlight.push(batch);
    const appended = persistence.append(encoded, this.#published.sequence + this.#inFlight.length);
    this.#pending = appended.catch(() => {});
    try {
      await appended;
    } catch (error) {
      this.#poison ??= error;
      this.#inFlight = [];
      throw error;
    }
    if (this.#inFlight[0] === batch) {
      this.#inFlight.shift();
      this.#publish(batch);
    }
  }

  /** Runs a commit once nothing exclusive runs, first come, first served: a later one must not overtake one that waits. */
  async #inLine(batch: readonly Mutation[]): Promise<void> {
    this.#checkWritable();
    this.#delayed++;
    const started = this.#line.then(async () => {
      while (this.#barrier !== null) await this.#barrier;
      this.#delayed--;
      // Wrapped, so that the line goes on once this one has its number, and need not wait until it is durable.
      return { done: this.#commitNow(batch) };
    });
    this.#line = started.then(() => {});
    await (await started).done;
  }

  #publish(batch: readonly Mutation[]): void {
    checkSpaces(this.#published, batch);
    const roots = applyBatch(this.#published, batch, this.#published.sequence + 1, this.#pins.limit);
    this.#published = roots;
    this.#newest.advance(roots, batch);
    this.#points.advance(roots, batch);
    this.#groups.advance(roots, batch);
    this.#late.advance(roots, batch);
  }

  /** For the persistence: versions that it may read while commits go on. */
  readonly #versions: Versions = {
    published: () => this.#held(this.#published),
    head: () => {
      let roots = this.#published;
      const held = this.#held(roots);
      for (const batch of this.#inFlight) roots = applyBatch(roots, batch, roots.sequence + 1, this.#pins.limit);
      return { roots, release: held.release };
    },
  };

  #held(roots: Roots): HeldRoots {
    const pin = this.#pins.take();
    return { roots, release: () => this.#pins.release(pin) };
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
      await this.#persistence?.checkpoint(this.#published, this.#spaces, options);
    });
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    if (!wasOpen || this.#persistence === null) return;
    while (this.#barrier !== null) await this.#barrier;
    await this.#pending;
    await this.#persistence.close(this.#poison === undefined ? this.#published : null);
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
    throw poisonedError(this.name, this.#poison);
  }

  #closedError(): StorageError {
    return closedError(this.name, this.#state);
  }
}
