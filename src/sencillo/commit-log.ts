/**
 * The log beside the data: a journal of commits. It is made by the first commit after it was folded, and goes when the data
 * files hold everything. Before that there may be one that SencilloDB itself wrote, which is told apart and left alone.
 */
import type { Files } from "../storage/files/files.js";
import { type Durability, encodeHeader, Journal, type Replayed, replayJournal } from "../storage/journal.js";

const SYNC_INTERVAL_MS = 100;
const MAGIC = Buffer.from(encodeHeader(0, 0)).toString("latin1", 0, 8);

export class CommitLog {
  readonly path: string;
  readonly #files: Files;
  readonly #durability: Durability;
  #journal: Journal | null = null;
  #sequence = 0;

  constructor(files: Files, path: string, durability: Durability) {
    this.#files = files;
    this.path = path;
    this.#durability = durability;
  }

  get exists(): Promise<boolean> {
    return this.#files.size(this.path).then((size) => size !== null);
  }

  /** Whether commits can be appended without waiting. */
  get ready(): boolean {
    return this.#journal !== null;
  }

  get size(): number {
    return this.#journal?.size ?? 0;
  }

  async #read(): Promise<Buffer | null> {
    if (!(await this.exists)) return null;
    const content = await this.#files.read(this.path);
    return content === null ? null : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  }

  /** The commits of our own log, in order; null: there is none. */
  async replay(): Promise<Replayed | null> {
    const bytes = await this.#read();
    return bytes === null || !isOurs(bytes) ? null : replayJournal(this.path, bytes);
  }

  /** The log that SencilloDB itself left, or null. */
  async foreign(): Promise<Buffer | null> {
    const bytes = await this.#read();
    return bytes === null || isOurs(bytes) ? null : bytes;
  }

  /** Goes on with the log that was replayed, or with a new one. */
  async open(replayed: Replayed | null): Promise<void> {
    const options = { durability: this.#durability, syncIntervalMs: SYNC_INTERVAL_MS };
    const before = replayed ?? (await Journal.create(this.#files, this.path, 0, 0));
    this.#journal = await Journal.open(this.#files, this.path, options, before);
    this.#sequence = before.base + before.commits.length;
  }

  /** Settles as the durability says. Only while `ready`. */
  append(commit: string): Promise<void> {
    return this.#journal!.append(++this.#sequence, commit);
  }

  async sync(): Promise<void> {
    await this.#journal?.sync();
  }

  /** Its file is gone. */
  async forget(): Promise<void> {
    const journal = this.#journal;
    this.#journal = null;
    await journal?.close().catch(() => {});
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }
}

function isOurs(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, MAGIC.length) === MAGIC;
}
