/**
 * One writer at a time. A session is the right to write: a snapshot, the commits on their way to disk above it, and an
 * overlay for its own changes. The turn ends as soon as the batch is handed to the store, so that commits that wait for
 * the disk can share one sync; the next session sees them although readers do not yet. If one of them fails, every
 * session that saw it can only be rolled back.
 *
 * Commits become visible in their order, so that `ahead` may go on holding those that are by now, until nothing is pending
 * or it has grown too large: what it says of them is what a snapshot says, unless a later one of it says more.
 */
import { ConflictError } from "../../base/errors.js";
import { Mutex } from "../../base/mutex.js";
import type { Mutation, Snapshot, Store } from "../../storage/store.js";
import { Overlay } from "./overlay.js";
import type { View } from "./view.js";

interface PendingCommit {
  readonly mutations: readonly Mutation[];
  readonly done: Promise<void>;
}

/** Mutations that are visible by now and stay in `ahead`, beside as many as are pending. */
const SLACK = 256;

export class Writer {
  readonly #store: Pick<Store, "snapshot" | "commit">;
  readonly #turn = new Mutex();
  /** Handed to the store, not yet durable and visible; oldest first. */
  readonly #pending: PendingCommit[] = [];
  #pendingMutations = 0;
  /** The pending commits as one overlay; null when it must be built again. */
  #ahead: Overlay | null = null;
  #aheadMutations = 0;
  #failures = 0;

  constructor(store: Pick<Store, "snapshot" | "commit">) {
    this.#store = store;
  }

  /** Waits for the turn to write. */
  async begin(signal?: AbortSignal): Promise<WriteSession> {
    const release = await this.#turn.acquire(signal);
    const snapshot = this.#store.snapshot();
    const failures = this.#failures;
    return new WriteSession(snapshot, this.#base(snapshot), release, (mutations) => {
      if (this.#failures !== failures) {
        throw new ConflictError(
          "CONFLICT.SERIALIZATION",
          "An earlier commit, on which this transaction stands, could not be written; nothing of this one was written",
          { fix: "run the transaction again" },
        );
      }
      return this.#commit(mutations);
    });
  }

  /** Nobody has the turn to write, nor waits for it. */
  get free(): boolean {
    return !this.#turn.locked;
  }

  /** What the newest snapshot does not show yet of the newest state: the commits on their way to disk. Null: there are none. */
  get ahead(): Overlay | null {
    if (this.#pending.length === 0) return null;
    if (this.#ahead === null || this.#aheadMutations > SLACK + 2 * this.#pendingMutations) {
      this.#ahead = new Overlay();
      for (const commit of this.#pending) this.#ahead.absorb(commit.mutations);
      this.#aheadMutations = this.#pendingMutations;
    }
    return this.#ahead;
  }

  /**
   * Commits a batch that was built on the newest snapshot and `ahead` without a turn: only while free, and without waiting in
   * between.
   */
  commitLone(mutations: readonly Mutation[]): Promise<void> {
    return this.#commit(mutations);
  }

  /** Runs `work` while nobody writes and no commit is on its way. */
  async alone<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const release = await this.#turn.acquire(signal);
    try {
      await this.settled();
      return await work();
    } finally {
      release();
    }
  }

  /** Resolves once no commit is on its way, whether they succeeded or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending.map((commit) => commit.done));
  }

  close(error: Error): void {
    this.#turn.close(error);
  }

  #base(snapshot: Snapshot): View {
    return this.ahead?.frozenView(snapshot) ?? snapshot;
  }

  async #commit(mutations: readonly Mutation[]): Promise<void> {
    // Nothing to write, but what was read may still be on its way to disk.
    if (mutations.length === 0) {
      await Promise.all(this.#pending.map((commit) => commit.done));
      return;
    }
    const done = this.#store.commit(mutations);
    const commit: PendingCommit = { mutations, done };
    this.#pending.push(commit);
    this.#pendingMutations += mutations.length;
    if (this.#ahead !== null) {
      this.#ahead.absorb(mutations);
      this.#aheadMutations += mutations.length;
    }
    try {
      await done;
    } catch (error) {
      this.#failures++;
      this.#ahead = null;
      throw error;
    } finally {
      if (this.#pending[0] === commit) this.#pending.shift();
      else this.#pending.splice(this.#pending.indexOf(commit), 1);
      this.#pendingMutations -= mutations.length;
      if (this.#pending.length === 0) this.#ahead = null;
    }
  }
}

export class WriteSession {
  readonly overlay = new Overlay();
  readonly view: View;
  readonly #snapshot: Snapshot;
  readonly #base: View;
  readonly #release: () => void;
  readonly #submit: (mutations: readonly Mutation[]) => Promise<void>;

  constructor(
    snapshot: Snapshot,
    base: View,
    release: () => void,
    submit: (mutations: readonly Mutation[]) => Promise<void>,
  ) {
    this.#snapshot = snapshot;
    this.#base = base;
    this.#release = release;
    this.#submit = submit;
    this.view = this.overlay.view(base);
  }

  /** The view as it is now, whatever is staged later. */
  frozenView(): View {
    return this.overlay.frozenView(this.#base);
  }

  /** Ends the session; resolves once everything is durable and visible. */
  async commit(): Promise<void> {
    let done: Promise<void>;
    // Before the batch is applied: what no snapshot holds is changed in place.
    this.#snapshot[Symbol.dispose]();
    try {
      done = this.#submit(this.overlay.mutations());
    } finally {
      this.#release();
    }
    await done;
  }

  /** Ends the session without writing. Safe to call twice. */
  abandon(): void {
    this.#snapshot[Symbol.dispose]();
    this.#release();
  }
}
