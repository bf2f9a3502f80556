/**
 * Reads the file of a partition in key order, some lines at a time, so that a scan over more than the memory holds parses each
 * document once. The first read goes through the whole file and compares its checksum; each later one sees to it that the file
 * is still the same. Whatever is not as expected (packed, edited, replaced meanwhile) ends in `null`: then the partition has to
 * be loaded as a whole, which knows how to report what is wrong.
 */
import { isAscii } from "node:buffer";
import { crc32 } from "node:zlib";
import { asDoc, decodeJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import type { HeldFile } from "../files/files.js";
import { HEAD_START, TRAILER_BYTES, TRAILER_START, trailerLine } from "../json/format.js";
import { Pace } from "../pace.js";
import type { Key, Range, Space, StoredValue } from "../store.js";
import type { PartDisk } from "./part-disk.js";
import type { Part } from "./version.js";

const PIECE = 256 * 1024;
const LEAST = 4096;
const HEAD_BYTES = 4096;
const LINE_END = 10;
/** What stands between the last document and the trailer. */
const END = "]},\n";

export interface Slice {
  readonly keys: Key[];
  readonly values: StoredValue[];
  /** Nothing comes after it. */
  readonly last: boolean;
}

/** The lines of a file that are not read yet. */
interface Rest {
  readonly size: number;
  readonly trailer: string;
  from: number;
  to: number;
}

export class SliceReader {
  readonly #disk: PartDisk;
  readonly #space: Space;
  readonly #part: Part;
  readonly #range: Range;
  readonly #bytes: number;
  #rest: Rest | null = null;
  #previous: Key | null = null;
  #failed = false;

  /** `bytes`: about how much of the text is read at a time. */
  constructor(disk: PartDisk, space: Space, part: Part, range: Range, bytes: number) {
    this.#disk = disk;
    this.#space = space;
    this.#part = part;
    this.#range = range;
    this.#bytes = Math.max(LEAST, Math.floor(bytes));
  }

  /** The next entries of the range, one at least unless it is the last slice; null: they cannot be read this way. */
  async next(): Promise<Slice | null> {
    if (this.#failed) return null;
    try {
      const slice = await this.#next();
      if (slice !== null) return slice;
    } catch {
      // Loading the partition meets the same trouble and says what it is.
    }
    this.#failed = true;
    return null;
  }

  async #next(): Promise<Slice | null> {
    const { slot, content } = this.#part;
    const { stored } = slot;
    // What is in memory need not be read, and what was changed since must not be.
    if (stored === null || content.docs !== null || !content.clean || content.superseded) return null;
    const held = await this.#disk.files.hold(this.#disk.path(stored.file));
    if (held === null) return null;
    try {
      this.#rest ??= await this.#verified(held, stored.sequence);
      const rest = this.#rest;
      if (rest === null || slot.stored !== stored || !(await isSame(held, rest))) return null;
      for (;;) {
        const slice = await this.#read(held, rest);
        if (slice === null || slice.last || slice.keys.length > 0) return slice;
      }
    } finally {
      await held[Symbol.asyncDispose]();
    }
  }

  /** Where the documents are, in a file that is whole and the one that the manifest lists. */
  async #verified(held: HeldFile, sequence: number): Promise<Rest | null> {
    const { size } = held;
    const head = textOf(await held.readAt(0, Math.min(HEAD_BYTES, size)));
    const [first, second] = head.split("\n", 2);
    if (first === undefined || second === undefined || !first.startsWith(HEAD_START) || !second.endsWith("["))
      return null;
    const { $tenon } = JSON.parse(`${first.slice(0, -1)}}`) as { $tenon: { sequence: unknown; store: unknown } };
    if ($tenon.sequence !== sequence || $tenon.store !== this.#disk.store) return null;
    const tail = textOf(await held.readAt(Math.max(0, size - TRAILER_BYTES), TRAILER_BYTES));
    const at = tail.lastIndexOf(`\n${TRAILER_START}`);
    if (at < 0) return null;
    const trailer = tail.slice(at + 1);
    const length = size - trailer.length;
    const pace = new Pace();
    let checksum = 0;
    for (let from = 0; from < length; ) {
      const piece = await held.readAt(from, Math.min(PIECE, length - from));
      if (piece.length === 0) return null;
      checksum = crc32(piece, checksum);
      from += piece.length;
      if (pace.due()) await pace.turn();
    }
    if (trailer !== trailerLine(checksum, length)) return null;
    if (textOf(await held.readAt(length - END.length, END.length)) !== END) return null;
    return { size, trailer, from: Buffer.byteLength(first) + Buffer.byteLength(second) + 2, to: length - END.length };
  }

  async #read(held: HeldFile, rest: Rest): Promise<Slice | null> {
    const reverse = this.#range.reverse === true;
    let lines: Buffer;
    for (let length = this.#bytes; ; length *= 2) {
      const whole = length >= rest.to - rest.from;
      const from = reverse && !whole ? rest.to - length : rest.from;
      const bytes = bufferOf(await held.readAt(from, whole ? rest.to - rest.from : length));
      // Cut to whole lines; a line that is longer than the slice makes it longer.
      if (whole) lines = bytes;
      else if (reverse) lines = bytes.subarray(bytes.indexOf(LINE_END) + 1 || bytes.length);
      else lines = bytes.subarray(0, bytes.lastIndexOf(LINE_END) + 1);
      if (whole || lines.length > 0) break;
    }
    if (reverse) rest.to -= lines.length;
    else rest.from += lines.length;
    const docs = lines.length === 0 ? [] : documents(lines);
    return this.#inRange(reverse ? docs.reverse() : docs, rest.from >= rest.to);
  }

  #inRange(docs: readonly Json[], end: boolean): Slice | null {
    const { gte, lt, reverse } = this.#range;
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    for (const value of docs) {
      const doc = asDoc(value, this.#part.slot.name);
      const key = this.#space.keyOf(doc);
      const previous = this.#previous;
      if (previous !== null && (reverse === true ? key >= previous : key <= previous)) return null;
      this.#previous = key;
      const before = reverse === true ? lt !== undefined && key >= lt : gte !== undefined && key < gte;
      if (before) continue;
      const behind = reverse === true ? gte !== undefined && key < gte : lt !== undefined && key >= lt;
      if (behind) return { keys, values, last: true };
      keys.push(key);
      values.push(doc);
    }
    return { keys, values, last: end };
  }
}

async function isSame(held: HeldFile, { size, trailer }: Rest): Promise<boolean> {
  return held.size === size && textOf(await held.readAt(size - trailer.length, trailer.length)) === trailer;
}

function documents(lines: Buffer): Json[] {
  let text = lines.toString(isAscii(lines) ? "latin1" : "utf8", 0, lines.length - 1);
  if (text.endsWith(",")) text = text.slice(0, -1);
  return [...(decodeJson(`[${text}]`) as readonly Json[])];
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("utf8");
}
