/**
 * Reads the JSON file in pieces: a run of lines is one JSON.parse, so it costs what JSON.parse costs, and the event loop gets
 * its turn between the pieces. Nothing is handed out before the checksum was compared. See format.ts.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import { CorruptionError, TenonError } from "../../base/errors.js";
import { freezeJson, mayHoldTags, reviveJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { encodeKey } from "../key.js";
import { documentsOf, readForeign } from "./foreign.js";
import {
  type FileContent,
  FORMAT_VERSION,
  HEAD_START,
  type ReadOptions,
  type Source,
  TRAILER_BYTES,
  TRAILER_START,
  trailerLine,
  unescapeName,
} from "./format.js";

export async function readJson(source: Source, options: ReadOptions): Promise<FileContent> {
  const head = await firstBytes(source, HEAD_START.length);
  if (head.toString("latin1") === HEAD_START) return readOwn(source, options);
  const { path } = options;
  if (head.length === 0) {
    throw format(path, 0, "it is empty", "delete it to begin with an empty database, or restore a backup");
  }
  if (head.toString("latin1").startsWith("SQLite")) {
    throw format(path, 0, "it is an SQLite database", "name a JSON file, or a new one, as the storage");
  }
  return readForeign(source, options);
}

export async function firstBytes(source: Source, count: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source()) {
    parts.push(part);
    length += part.length;
    if (length >= count) break;
  }
  return Buffer.concat(parts).subarray(0, count);
}

export function format(path: string, offset: number, what: string, fix?: string): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} cannot be read as a database: ${what}`, {
    meta: { file: path, offset, what },
    fix: fix ?? "keep a copy, look at it with `tenon db verify`, then restore a backup or run `tenon db repair`",
  });
}

function checksum(path: string, offset: number, what: string): CorruptionError {
  return new CorruptionError("CORRUPTION.CHECKSUM", `${path} is damaged: ${what}`, {
    meta: { file: path, offset, what },
    fix:
      "restore a backup or run `tenon db repair`; if you edited the file by hand and mean it, " +
      'remove its first line\'s "$tenon" and its last line\'s "$checksum" entries so that it is read as a new file',
  });
}

async function readOwn(source: Source, options: ReadOptions): Promise<FileContent> {
  const parser = new Parser(options);
  let crc = 0;
  let length = 0;
  let failure: unknown;
  const feed = (bytes: Buffer): void => {
    crc = crc32(bytes, crc);
    length += bytes.length;
    if (failure !== undefined) return;
    try {
      parser.push(textOf(bytes, options.path, parser.offset));
    } catch (error) {
      // Damage is named by the checksum where it can be; the first thing that made no sense says where it is.
      failure = error;
    }
  };
  // Whole lines are fed, so that no character is cut; the trailer must not be: hold back as many bytes as it can have.
  let held: Buffer = Buffer.alloc(0);
  for await (const part of source()) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const cut = all.length <= TRAILER_BYTES ? 0 : all.lastIndexOf(10, all.length - TRAILER_BYTES) + 1;
    if (cut > 0) feed(all.subarray(0, cut));
    held = all.subarray(cut);
  }
  const at = held.lastIndexOf(`\n${TRAILER_START}`, undefined, "latin1");
  const end = at < 0 ? held.length : at + 1;
  feed(held.subarray(0, end));
  const { path } = options;
  if (failure instanceof TenonError && failure.code === "CORRUPTION.VERSION") throw failure;
  if (at < 0) throw checksum(path, length, "its end is missing");
  if (held.subarray(end).toString("latin1") !== trailerLine(crc, length)) {
    const where = failure === undefined ? "" : ` (first trouble at byte ${parser.offset})`;
    throw checksum(path, failure === undefined ? 0 : parser.offset, `its checksum does not fit its contents${where}`);
  }
  if (failure !== undefined) {
    if (failure instanceof TenonError) throw failure;
    throw format(path, parser.offset, failure instanceof Error ? failure.message : String(failure));
  }
  return parser.finish();
}

function textOf(bytes: Buffer, path: string, offset: number): string {
  if (isAscii(bytes)) return bytes.toString("latin1");
  if (!isUtf8(bytes)) throw format(path, offset, "it holds bytes that are no UTF-8");
  return bytes.toString("utf8");
}

/** Where the parser is: between entries, or inside the array of one. */
type Into = { readonly docs: unknown[]; readonly keep: boolean };

class Parser {
  readonly #options: ReadOptions;
  #text = "";
  /** Characters consumed; bytes where the file is ASCII. */
  offset = 0;
  #sequence = -1;
  #store = 0;
  #into: Into | null = null;
  #inMeta = false;
  #other: { readonly name: string; readonly start: string } | null = null;
  readonly #meta: [string, unknown][] = [];
  readonly #documents = new Map<string, unknown[]>();
  readonly #others = new Map<string, unknown>();

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  push(text: string): void {
    this.#text = this.#text.length === 0 ? text : this.#text + text;
    let at = 0;
    for (;;) {
      const next = this.#into === null ? this.#entry(at) : this.#run(at);
      if (next < 0) break;
      this.offset += next - at;
      at = next;
    }
    this.#text = at === 0 ? this.#text : this.#text.slice(at);
  }

  finish(): FileContent {
    if (this.#text.length > 0 || this.#into !== null || this.#sequence < 0) {
      throw format(this.#options.path, this.offset, "an entry is not complete");
    }
    return {
      sequence: this.#sequence,
      foreign: false,
      store: this.#store,
      meta: this.#meta,
      documents: this.#documents,
      others: this.#others,
    };
  }

  /** Consumes one line between arrays; returns the position behind it, or -1 when it is not all there. */
  #entry(at: number): number {
    const end = this.#text.indexOf("\n", at);
    if (end < 0) return -1;
    const line = this.#text.slice(at, end);
    if (line.endsWith("[")) this.#begin(line);
    else {
      if (!line.endsWith(",")) throw format(this.#options.path, this.offset, "an entry has no comma at its end");
      const isHead = line.startsWith(HEAD_START);
      const entry = JSON.parse(isHead ? `${line.slice(0, -1)}}` : `{${line.slice(0, -1)}}`) as Record<string, unknown>;
      const [name] = Object.keys(entry);
      if (isHead) this.#head(entry.$tenon);
      else if (name !== undefined) this.#whole(unescapeName(name), entry[name]);
    }
    return end + 1;
  }

  #head(head: unknown): void {
    const { format: version, sequence, store } = (head ?? {}) as Record<string, unknown>;
    if (typeof version === "number" && version > FORMAT_VERSION) {
      throw new CorruptionError(
        "CORRUPTION.VERSION",
        `${this.#options.path} has format ${version}; this version reads ${FORMAT_VERSION}`,
        {
          meta: { file: this.#options.path, version },
          fix: "open it with the version of tenon that wrote it, or update tenon",
        },
      );
    }
    if (version !== FORMAT_VERSION || typeof sequence !== "number") {
      throw format(this.#options.path, 0, "its head makes no sense");
    }
    this.#sequence = sequence;
    this.#store = typeof store === "number" ? store : 0;
  }

  #begin(line: string): void {
    if (line === '"$meta":[') {
      this.#inMeta = true;
      this.#into = { docs: [], keep: true };
      return;
    }
    const entry = JSON.parse(`{${line}]}}`) as Record<string, unknown>;
    const name = unescapeName(Object.keys(entry)[0] ?? "");
    const wanted = this.#options.wanted.has(name);
    this.#other = wanted ? null : { name, start: line };
    this.#into = { docs: [], keep: wanted };
    if (wanted) this.#documents.set(name, this.#into.docs);
  }

  /** A collection on one line: one that no model named when the file was written. */
  #whole(name: string, value: unknown): void {
    if (!this.#options.wanted.has(name)) {
      this.#others.set(name, value);
      return;
    }
    this.#documents.set(
      name,
      documentsOf(value, this.#options.path, name).map((doc) => reviveJson(doc as Json, false)),
    );
  }

  /** Consumes lines of an array, as many as there are. */
  #run(at: number): number {
    const text = this.#text;
    const closing = text[at] === "]" ? at : text.indexOf("\n]", at) + 1;
    const complete = closing > 0 || text[at] === "]";
    if (complete && text.indexOf("\n", closing) < 0) {
      // The closing line may go on in the next piece; what stands before it can be consumed.
      if (closing > at) this.#values(text.slice(at, closing));
      return closing > at ? closing : -1;
    }
    if (!complete) {
      const last = text.lastIndexOf("\n");
      if (last < at) return -1;
      this.#values(text.slice(at, last + 1));
      return last + 1;
    }
    if (closing > at) this.#values(text.slice(at, closing));
    const end = text.indexOf("\n", closing);
    const line = text.slice(closing, end);
    if (line !== (this.#inMeta ? "]," : "]},"))
      throw format(this.#options.path, this.offset, "a collection does not end");
    this.#close();
    return end + 1;
  }

  #values(lines: string): void {
    // Either the lines go on, and the comma at the end has to go, or these are the last ones.
    const values = JSON.parse(lines.endsWith(",\n") ? `[${lines.slice(0, -2)}]` : `[${lines}]`) as Json[];
    const into = this.#into!;
    if (into.keep) {
      const revive = mayHoldTags(lines);
      for (const value of values) into.docs.push(revive ? reviveJson(value, true) : freezeJson(value));
    } else for (const value of values) into.docs.push(value);
  }

  #close(): void {
    const { docs } = this.#into!;
    if (this.#inMeta) {
      for (const line of docs as [string | readonly Json[], unknown][]) {
        this.#meta.push([typeof line[0] === "string" ? line[0] : encodeKey(line[0]), line[1]]);
      }
    } else if (this.#other !== null) {
      const entry = JSON.parse(`{${this.#other.start}]}}`) as Record<string, Record<string, unknown>>;
      const value = Object.values(entry)[0]!;
      value.default = docs;
      this.#others.set(this.#other.name, value);
    }
    this.#inMeta = false;
    this.#other = null;
    this.#into = null;
  }
}
