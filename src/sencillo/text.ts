/**
 * The text of data files: SencilloDB's JSON, laid out in lines, with a head and a checksum around it.
 *
 *   file    = head (entry `,` LF)* trailer              a collection (folder), its meta.json, or, with one level more, all
 *   entry   = name `:` value                            one line
 *           | name `:{` LF (entry `,` LF)* entry LF `}`  a collection in a single file; its last entry has no comma
 *           | name `:[` LF lines `]`                    a bucket: a document a line
 *   shard   = `[` LF lines `]` LF                       its checksum stands in meta.json
 *   lines   = (doc (`,` LF doc)* LF)?
 *   head    = `{"$tenon":{"format":1,"kind":"sencillo"},` LF
 *   trailer = `"$checksum":"crc32 HHHHHHHH length N"}` LF
 *
 * Documents are written by doc-codec.ts. Text without the head is SencilloDB's own or somebody else's: plain JSON. A program
 * that reads such a file and writes it again leaves neither lines nor a checksum that fits: its text is read as JSON, too.
 */
import { isUtf8 } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { CorruptionError, TenonError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { freezeJson, mayHoldTags, reviveJson } from "../schema/doc-codec.js";
import type { Json } from "../schema/model.js";
import { compressed, unpacked } from "../storage/file/source.js";
import { parseForeign } from "../storage/json/foreign.js";
import { HEAD_START, TRAILER_BYTES, TRAILER_START, trailerLine } from "../storage/json/format.js";
import { Pace } from "../storage/pace.js";

export const HEAD = `${HEAD_START}{"format":1,"kind":"sencillo"},\n`;
const PIECE = 256 * 1024;
/** JSON of others up to this size is parsed in one go, which is many times quicker than in pieces. */
const AT_ONCE = 256 * 1024 * 1024;

/** Entries by name; a nested map is an object, an array a list of frozen documents, anything else as parsed. */
export type Entries = Map<string, unknown>;

export interface ReadText {
  readonly entries: Entries | readonly unknown[];
  /** Written by us (maybe written again by another program): names are escaped, values tagged. */
  readonly ours: boolean;
}

export function damaged(path: string, what: string, cause?: unknown): CorruptionError {
  return new CorruptionError("CORRUPTION.CHECKSUM", `${path} is damaged: ${what}`, {
    cause,
    meta: { file: path, offset: 0, what },
    fix: "keep a copy and restore a backup; to use the file as it is, remove its first and its last line's $ entries",
  });
}

export function malformed(path: string, what: string, cause?: unknown): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} cannot be read as a database: ${what}`, {
    cause,
    meta: { file: path, offset: 0, what },
    fix: "correct the file, or restore a backup",
  });
}

export async function packed(bytes: Buffer, compression: boolean): Promise<Buffer> {
  return compression ? whole(compressed([bytes])) : bytes;
}

async function unpackedBytes(path: string, content: Uint8Array): Promise<Buffer> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? whole(unpacked(piecesOf(bytes), path)) : bytes;
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

/** Gathers text; `bytes()` has the whole. */
export class TextWriter {
  readonly #pieces: Buffer[] = [];
  readonly #pace = new Pace();
  #text = "";

  /** Resolves at once mostly; now and then it lets the event loop have its turn. */
  add(text: string): Promise<void> | undefined {
    this.#text += text;
    if (this.#text.length >= PIECE) this.#flush();
    return this.#pace.due() ? this.#pace.turn() : undefined;
  }

  /** Text that is encoded already. */
  append(bytes: Buffer): void {
    this.#flush();
    this.#pieces.push(bytes);
  }

  #flush(): void {
    if (this.#text !== "") this.#pieces.push(Buffer.from(this.#text, "utf8"));
    this.#text = "";
  }

  bytes(): Buffer {
    this.#flush();
    return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
  }
}

/** Puts the trailer behind text that begins with the head. */
export function sealed(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.from(trailerLine(crc32(body), body.length))]);
}

/** `check`: the checksum and length that a shard has according to meta.json. */
export async function readText(path: string, content: Uint8Array, check?: string): Promise<ReadText> {
  const bytes = await unpackedBytes(path, content);
  if (!isUtf8(bytes)) throw damaged(path, "it holds bytes that are no UTF-8");
  const end = bytes.length - TRAILER_BYTES;
  const trailer = bytes.lastIndexOf(`\n${TRAILER_START}`, undefined, "latin1");
  const hasTrailer = trailer >= 0 && trailer >= end;
  const hasHead = bytes.toString("latin1", 0, HEAD.length) === HEAD;
  if (hasHead || hasTrailer) {
    if (!hasHead) throw damaged(path, "its first line is not as it was written");
    if (!hasTrailer) throw damaged(path, "its end is missing");
    const body = bytes.subarray(0, trailer + 1);
    if (bytes.toString("latin1", trailer + 1) !== trailerLine(crc32(body), body.length)) {
      throw damaged(path, "its checksum does not fit its contents");
    }
    return { entries: await new LineReader(body.toString("utf8"), path).file(), ours: true };
  }
  if (bytes.toString("latin1", 0, 2) === "[\n") {
    if (check !== undefined && checkOf(bytes) !== check) throw damaged(path, "its checksum in meta.json does not fit");
    if (check !== undefined) return { entries: await new LineReader(bytes.toString("utf8"), path).shard(), ours: true };
  }
  return readJson(path, bytes, check !== undefined);
}

export function checkOf(bytes: Buffer): string {
  return `crc32 ${crc32(bytes).toString(16).padStart(8, "0")} length ${bytes.length}`;
}

async function readJson(path: string, bytes: Buffer, ours: boolean): Promise<ReadText> {
  if (bytes.length === 0) throw malformed(path, "it is empty");
  const root = await parseForeign(() => piecesOf(bytes), { path, wanted: new Set(), atOnce: AT_ONCE });
  if (Array.isArray(root)) return { entries: root.map((doc) => document(doc as Json, ours)), ours };
  if (!isPlainObject(root)) throw malformed(path, "it holds no object of collections");
  const tagged = ours || Object.hasOwn(root, "$tenon");
  return { entries: entriesOf(root, tagged), ours: tagged };
}

function document(value: Json, tagged: boolean): unknown {
  return tagged ? reviveJson(value, false) : freezeJson(value);
}

function entriesOf(object: Record<string, unknown>, tagged: boolean): Entries {
  const entries: Entries = new Map();
  for (const [name, value] of Object.entries(object)) {
    if (tagged && (name === "$tenon" || name === "$checksum")) continue;
    entries.set(name, Array.isArray(value) ? value.map((doc) => document(doc as Json, tagged)) : value);
  }
  return entries;
}

/** An entry that is an object of entries itself; null: it is none. */
export function nestedEntries(value: unknown, tagged: boolean): Entries | null {
  if (value instanceof Map) return value as Entries;
  return isPlainObject(value) ? entriesOf(value, tagged) : null;
}

/** Reads our lines, many at a time, with a turn for the event loop between. */
class LineReader {
  readonly #text: string;
  readonly #path: string;
  #at = 0;

  constructor(text: string, path: string) {
    this.#text = text;
    this.#path = path;
  }

  async file(): Promise<Entries> {
    this.#at = HEAD.length;
    return this.#guarded(() => this.#entries(""));
  }

  async shard(): Promise<unknown[]> {
    this.#at = 2;
    return this.#guarded(() => this.#documents());
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof TenonError) throw cause;
      throw malformed(this.#path, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  #line(): string {
    const end = this.#text.indexOf("\n", this.#at);
    if (end < 0) throw malformed(this.#path, "a line has no end");
    const line = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return line.endsWith(",") ? line.slice(0, -1) : line;
  }

  async #entries(closing: string): Promise<Entries> {
    const entries: Entries = new Map();
    while (this.#at < this.#text.length) {
      const line = this.#line();
      if (closing !== "" && line === closing) return entries;
      if (line.endsWith(":[")) entries.set(nameIn(line), await this.#documents());
      else if (line.endsWith(":{")) entries.set(nameIn(line), await this.#entries("}"));
      else {
        const [entry] = Object.entries(JSON.parse(`{${line}}`) as Record<string, unknown>);
        if (entry === undefined) throw malformed(this.#path, "a line says nothing");
        entries.set(entry[0], entry[1]);
      }
    }
    return entries;
  }

  async #documents(): Promise<unknown[]> {
    const text = this.#text;
    const documents: unknown[] = [];
    const closing = text[this.#at] === "]" ? this.#at : text.indexOf("\n]", this.#at) + 1;
    if (closing === 0) throw malformed(this.#path, "a list has no end");
    while (this.#at < closing) {
      let end = closing - this.#at <= PIECE ? closing : text.indexOf("\n", this.#at + PIECE) + 1;
      if (end > closing || end === 0) end = closing;
      const lines = text.slice(this.#at, end).replace(/,?\n$/, "");
      const tagged = mayHoldTags(lines);
      for (const value of JSON.parse(`[${lines}]`) as Json[]) {
        documents.push(tagged ? reviveJson(value, true) : freezeJson(value));
      }
      this.#at = end;
      if (end < closing) await setImmediate();
    }
    this.#line();
    return documents;
  }
}

/** The name in front of `:[` or `:{`. */
function nameIn(line: string): string {
  return JSON.parse(line.slice(0, -2)) as string;
}
