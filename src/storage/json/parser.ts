/**
 * The parser of the JSON file (see format.ts): it is fed whole lines and makes one JSON.parse of each run of documents, right
 * from the bytes: the two bytes around a run become its brackets, so that no text is put together.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { CorruptionError } from "../../base/errors.js";
import { freezeJson, mayHoldTags, reviveJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { encodeKey } from "../key.js";
import { documentsOf } from "./foreign.js";
import { type FileContent, FORMAT_VERSION, format, HEAD_START, type ReadOptions, unescapeName } from "./format.js";

const LINE_END = 10;
const DOLLAR = 36;
const COMMA = 44;
const OPEN = 91;
const CLOSE = 93;
const ARRAY_END = Buffer.from("\n]");

/** The array of one entry, whose lines come next. */
interface Into {
  readonly docs: unknown[];
  readonly keep: boolean;
}

export class Parser {
  readonly #options: ReadOptions;
  #bytes: Buffer = Buffer.alloc(0);
  #decode: "latin1" | "utf8" = "latin1";
  /** Bytes consumed. */
  offset = 0;
  #sequence = -1;
  #store = 0;
  #complete = true;
  #into: Into | null = null;
  #inMeta = false;
  #other: { readonly name: string; readonly start: string } | null = null;
  readonly #meta: [string, unknown][] = [];
  readonly #documents = new Map<string, unknown[]>();
  readonly #others = new Map<string, unknown>();

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  /** Takes the lines in `bytes` from `from` to `to`. There is a byte before them; it and they are written to. */
  push(bytes: Buffer, from: number, to: number): void {
    const all = bytes.subarray(from, to);
    const ascii = isAscii(all);
    if (!ascii && !isUtf8(all)) throw format(this.#options.path, this.offset, "it holds bytes that are no UTF-8");
    this.#decode = ascii ? "latin1" : "utf8";
    this.#bytes = bytes.subarray(0, to);
    let at = from;
    while (at < to) {
      const next = this.#into === null ? this.#entry(at) : this.#run(at);
      if (next < 0) {
        this.#complete = false;
        return;
      }
      this.offset += next - at;
      at = next;
    }
  }

  finish(): FileContent {
    if (!this.#complete || this.#into !== null || this.#sequence < 0) {
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

  #text(from: number, to: number): string {
    return this.#bytes.toString(this.#decode, from, to);
  }

  /** Where the line that begins at `at` ends, or -1. */
  #lineEnd(at: number): number {
    return this.#bytes.indexOf(LINE_END, at);
  }

  /** Consumes one line between arrays; returns the position behind it, or -1 when it is not all there. */
  #entry(at: number): number {
    const end = this.#lineEnd(at);
    if (end < 0) return -1;
    const line = this.#text(at, end);
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

  /** Consumes lines of an array, as many as there are, and its end. */
  #run(at: number): number {
    const bytes = this.#bytes;
    let closing = at;
    if (bytes[at] !== CLOSE) {
      const found = bytes.indexOf(ARRAY_END, at);
      closing = found < 0 ? bytes.length : found + 1;
    }
    if (closing > at) this.#values(at, closing);
    if (closing === bytes.length) return closing;
    const end = this.#lineEnd(closing);
    if (end < 0) return -1;
    if (this.#text(closing, end) !== (this.#inMeta ? "]," : "]},"))
      throw format(this.#options.path, this.offset, "a collection does not end");
    this.#close();
    return end + 1;
  }

  #values(from: number, to: number): void {
    const bytes = this.#bytes;
    if (bytes[to - 1] !== LINE_END) throw format(this.#options.path, this.offset, "a line does not end");
    const tags = bytes.subarray(from, to).includes(DOLLAR);
    // Either the lines go on, and the comma at the end has to go, or these are the last ones.
    const last = to - from > 1 && bytes[to - 2] === COMMA ? to - 2 : to - 1;
    bytes[from - 1] = OPEN;
    bytes[last] = CLOSE;
    const text = this.#text(from - 1, last + 1);
    const values = JSON.parse(text) as Json[];
    const into = this.#into!;
    if (into.keep) {
      const revive = tags && mayHoldTags(text);
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
