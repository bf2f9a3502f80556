/**
 * The journal: what was committed since the data files were last written.
 *
 *   journal = header record* zeros?
 *   header  = "TENONJNL" version store base check       28 bytes, little-endian
 *   version = u32, 1
 *   store   = u32, a random number that all files of one database share; 0: not known
 *   base    = f64: the data files hold every commit up to this one; the first record begins with base + 1
 *   check   = u32, crc32 of the 24 bytes before it
 *   record  = see record.ts; its payload is a line of text per commit, sequence numbers count on without gaps
 *
 * Commits that wait together become one record: one write, one sync. A record is written only after the one before it was
 * synced (strict), so a power cut can damage the last record only, and damage before an intact record that knows the
 * damaged one was synced is the disk's fault: CorruptionError. A torn tail is left behind, durably, before anything is appended:
 * what stands before it becomes a new file, because a power cut while it is cut off in place could leave a mixture of the two
 * that looks like damage. The zeros that are kept behind the last record while commits are strict (files.ts) are cut in place.
 */
import { crc32 } from "node:zlib";
import { CorruptionError, StorageError } from "../base/errors.js";
import type { AppendFile, Files } from "./files/files.js";
import { decodeHead, decodePayload, encodeText, HEAD_BYTES } from "./record.js";
import { damaged, isZero, refuseUnlessTorn } from "./torn.js";

const HEADER_BYTES = 28;
const VERSION = 1;
/** Commits are gathered into one record up to this length of text. */
const GROUP_LENGTH = 16 * 1024 * 1024;
/** Room for the records of small commits, so that none is made for each. */
const SPACE_BYTES = 128 * 1024;

/** Zeros kept behind the last record, where each one is synced: those of a hundred small commits. */
const AHEAD_BYTES = 64 * 1024;

/** When a commit resolves: once on disk; once with the operating system (synced soon after); once in memory. */
export type Durability = "strict" | "relaxed" | "memory";

export interface JournalOptions {
  readonly durability: Durability;
  /** relaxed and memory: the longest time between a commit and its sync. */
  readonly syncIntervalMs: number;
}

export interface Replayed {
  /** Sequence number and text of every commit, in order. */
  readonly commits: readonly { readonly sequence: number; readonly text: string }[];
  readonly base: number;
  /** The number of the database; 0: not known. */
  readonly store: number;
  /** Bytes of the file that are header and whole records. */
  readonly intact: number;
  /** Bytes of a torn tail behind them, or of zeros that were written ahead. */
  readonly torn: number;
  /** Whether these are nothing but zeros. */
  readonly zeros: boolean;
  /** First byte of the first record that ends after a given commit is found here. */
  readonly ends: readonly RecordEnd[];
}

interface RecordEnd {
  readonly first: number;
  readonly last: number;
  readonly start: number;
}

interface Waiting {
  readonly sequence: number;
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function encodeHeader(base: number, store: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("TENONJNL", 0, "latin1");
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(store, 12);
  header.writeDoubleLE(base, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return header;
}

/** Reads a journal without changing it. */
export function replayJournal(path: string, content: Uint8Array): Replayed {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.toString("latin1", 0, 8) !== "TENONJNL") {
    throw damaged(path, 0, "it does not begin with a journal header", "CORRUPTION.FORMAT");
  }
  if (crc32(bytes.subarray(0, 24)) !== bytes.readUInt32LE(24)) throw damaged(path, 0, "the header's checksum is wrong");
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) {
    throw new CorruptionError(
      "CORRUPTION.VERSION",
      `${path} has journal format ${version}; this version reads ${VERSION}`,
      {
        meta: { file: path, version },
        fix: "open it with the version of tenon that wrote it, or update tenon",
      },
    );
  }
  const store = bytes.readUInt32LE(12);
  const base = bytes.readDoubleLE(16);
  const commits: { sequence: number; text: string }[] = [];
  const ends: RecordEnd[] = [];
  let expected = base + 1;
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const head = decodeHead(bytes, at, store);
    const payload = head === null ? null : decodePayload(bytes, at, head);
    if (head === null || payload === null) {
      refuseUnlessTorn(path, bytes, at, expected, store);
      break;
    }
    if (head.sequence !== expected) throw damaged(path, at, `commit ${head.sequence} stands where ${expected} belongs`);
    const lines = payload.toString("utf8").split("\n");
    if (lines.length !== head.count)
      throw damaged(path, at, "a record has the wrong number of commits", "CORRUPTION.FORMAT");
    for (const text of lines) commits.push({ sequence: expected++, text });
    ends.push({ first: head.sequence, last: expected - 1, start: at });
    at += HEAD_BYTES + head.length;
  }
  return { commits, base, store, intact: at, torn: bytes.length - at, zeros: isZero(bytes, at, bytes.length), ends };
}

async function closeQuietly(file: AppendFile): Promise<void> {
  try {
    await file[Symbol.asyncDispose]();
  } catch {
    // Nothing depends on it any more.
  }
}

async function keepStart(files: Files, path: string, length: number): Promise<void> {
  await files.replace(path, [await files.readAt(path, 0, length)]);
}

/** In place only where a full disk has no room for the copy. */
async function withoutTail(files: Files, path: string, intact: number): Promise<void> {
  try {
    await keepStart(files, path, intact);
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== "STORAGE.FULL") throw error;
    const file = await files.append(path);
    try {
      await file.truncate(intact);
    } finally {
      await closeQuietly(file);
    }
  }
}

function acknowledge(group: readonly Waiting[]): void {
  for (let i = 0; i < group.length; i++) group[i]!.resolve();
}

function openFile(files: Files, path: string, { durability }: JournalOptions): Promise<AppendFile> {
  return files.append(path, durability === "strict" ? AHEAD_BYTES : 0);
}

export class Journal {
  readonly #files: Files;
  readonly #path: string;
  readonly #options: JournalOptions;
  #file: AppendFile;
  #records: RecordEnd[];
  /** One record is written at a time. */
  readonly #space = Buffer.allocUnsafeSlow(SPACE_BYTES);
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  /** Every commit up to here is on disk. */
  #synced: number;
  /** Last commit in the file. */
  #written: number;
  readonly #store: number;
  #poison: unknown;
  #timer: NodeJS.Timeout | null = null;

  private constructor(files: Files, path: string, options: JournalOptions, file: AppendFile, replayed: Replayed) {
    this.#files = files;
    this.#path = path;
    this.#options = options;
    this.#file = file;
    this.#records = [...replayed.ends];
    this.#store = replayed.store;
    this.#written = this.#synced = replayed.base + replayed.commits.length;
  }

  /** Makes an empty journal, replacing whatever is there. */
  static async create(files: Files, path: string, base: number, store = 0): Promise<Replayed> {
    await files.replace(path, [encodeHeader(base, store)]);
    return { commits: [], base, store, intact: HEADER_BYTES, torn: 0, zeros: true, ends: [] };
  }

  /** Opens a replayed journal for appending; leaves a torn tail behind first. */
  static async open(files: Files, path: string, options: JournalOptions, replayed: Replayed): Promise<Journal> {
    if (!replayed.zeros) await withoutTail(files, path, replayed.intact);
    const file = await openFile(files, path, options);
    try {
      // What was read may have been in the page cache only (the process was killed): it counts as there from now on.
      if (file.size > replayed.intact) await file.truncate(replayed.intact);
      else if (replayed.commits.length > 0) await file.sync();
    } catch (error) {
      await closeQuietly(file);
      throw error;
    }
    return new Journal(files, path, options, file, replayed);
  }

  get size(): number {
    return this.#file.size;
  }

  /** Keeps a commit, a line of text; settles as the durability says, in the order of calls. */
  append(sequence: number, text: string): Promise<void> {
    if (this.#poison !== undefined) return Promise.reject(this.#poisoned());
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ sequence, text, resolve, reject });
    });
    if (this.#options.durability === "memory") {
      for (const { resolve } of this.#waiting) resolve();
      this.#schedule();
    } else this.#flushing ??= this.#flush();
    return done;
  }

  async #flush(): Promise<void> {
    // Commits of the same turn go together.
    await null;
    try {
      while (this.#waiting.length > 0) {
        const written = this.#writeGroup();
        if (written !== undefined) await written;
      }
    } finally {
      this.#flushing = null;
    }
  }

  /** At once where the disk does its work at once. */
  #writeGroup(): Promise<void> | void {
    const group = this.#nextGroup();
    const start = this.#file.size;
    let written: Promise<void> | void;
    try {
      if (this.#poison !== undefined) throw this.#poisoned();
      const record = this.#encode(group);
      const put = this.#file.write(record);
      written = put === undefined ? this.#wrote(group, start) : put.then(() => this.#wrote(group, start));
    } catch (error) {
      return this.#refuse(group, error, start);
    }
    if (written !== undefined) {
      return written.then(
        () => acknowledge(group),
        (error) => this.#refuse(group, error, start),
      );
    }
    acknowledge(group);
  }

  #nextGroup(): readonly Waiting[] {
    let length = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      if (count > 0 && length + text.length > GROUP_LENGTH) break;
      length += text.length;
      count++;
    }
    if (count < this.#waiting.length) return this.#waiting.splice(0, count);
    const group = this.#waiting;
    this.#waiting = [];
    return group;
  }

  #encode(group: readonly Waiting[]): Uint8Array {
    let { text } = group[0]!;
    for (let i = 1; i < group.length; i++) text += `\n${group[i]!.text}`;
    const fields = { sequence: group[0]!.sequence, synced: this.#synced, count: group.length, store: this.#store };
    return encodeText(text, fields, this.#space);
  }

  #wrote(group: readonly Waiting[], start: number): Promise<void> | void {
    const first = group[0]!.sequence;
    this.#written = first + group.length - 1;
    this.#records.push({ first, last: this.#written, start });
    if (this.#options.durability === "strict") return this.#syncNow();
    this.#schedule();
  }

  async #refuse(group: readonly Waiting[], error: unknown, start: number): Promise<void> {
    await this.#fail(error, start);
    for (const { reject } of group) reject(error);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#poisoned());
  }

  #syncNow(): Promise<void> | void {
    const written = this.#written;
    const done = this.#file.sync();
    if (done !== undefined) {
      return done.then(() => {
        this.#synced = written;
      });
    }
    this.#synced = written;
  }

  /**
   * After a failed write or sync nobody knows what is on disk: refuse everything. A whole record that was not synced is left behind
   * if that can be done; a part of one the next opening takes for what it is.
   */
  async #fail(error: unknown, acknowledged: number): Promise<void> {
    if (this.#poison !== undefined) return;
    this.#poison = error;
    if (this.#file.size > acknowledged) await keepStart(this.#files, this.#path, acknowledged).catch(() => {});
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.sync().catch(() => {});
    }, this.#options.syncIntervalMs);
    this.#timer.unref();
  }

  /** Everything appended so far is on disk when this resolves. */
  async sync(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing;
    if (this.#waiting.length > 0) {
      this.#flushing = this.#flush();
      await this.#flushing;
    }
    if (this.#poison !== undefined) throw this.#poisoned();
    if (this.#synced === this.#written) return;
    try {
      await this.#syncNow();
    } catch (error) {
      this.#poison ??= error;
      throw error;
    }
  }

  /** Drops what the data files hold by now: every record up to commit `sequence`. Appends wait meanwhile. */
  async rotate(sequence: number): Promise<void> {
    do await this.sync();
    while (this.#flushing !== null);
    const rotation = this.#rotate(sequence);
    // Takes the place of a flush, so that appends queue up behind it.
    this.#flushing = rotation.catch(() => {}).then(() => this.#flush());
    await rotation;
  }

  async #rotate(sequence: number): Promise<void> {
    const kept = this.#records.filter((record) => record.last > sequence);
    const from = kept[0]?.start ?? this.#file.size;
    const base = (kept[0]?.first ?? this.#written + 1) - 1;
    try {
      const tail = await this.#files.readAt(this.#path, from, this.#file.size - from);
      await this.#files.replace(this.#path, [encodeHeader(base, this.#store), tail]);
      const file = await openFile(this.#files, this.#path, this.#options);
      const old = this.#file;
      this.#file = file;
      this.#records = kept.map((record) => ({ ...record, start: record.start - from + HEADER_BYTES }));
      this.#synced = this.#written;
      await closeQuietly(old);
    } catch (error) {
      // The old file may or may not have been replaced: appending to the open handle could go nowhere.
      this.#poison ??= error;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      if (this.#poison === undefined) await this.sync();
    } finally {
      this.#poison ??= new StorageError("STORAGE.CLOSED", `${this.#path} is closed`);
      if (this.#timer !== null) clearTimeout(this.#timer);
      await this.#file[Symbol.asyncDispose]();
    }
  }

  #poisoned(): StorageError {
    return new StorageError("STORAGE.POISONED", `${this.#path} refuses writes: an earlier one failed`, {
      cause: this.#poison,
      meta: { path: this.#path },
      fix: "solve the cause, then close the database and open it again; everything acknowledged is still there",
    });
  }
}
