/**
 * Files that others wrote: SencilloDB's `{ collection: { "__stats": …, bucket: [documents] } }`, plain
 * `{ collection: [documents] }`, and our own after a hand edit that took out head and trailer. There is no checksum to trust.
 * Up to 32 MB one JSON.parse does it; larger files go through bfj's stream, which needs no string of the whole file and
 * leaves the event loop its turns.
 */
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { CorruptionError } from "../../base/errors.js";
import { isPlainObject } from "../../base/plain.js";
import { reviveJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { encodeKey } from "../key.js";
import { type FileContent, NOT_DOCUMENTS, type ReadOptions, type Source, unescapeName } from "./format.js";

const AT_ONCE = 32 * 1024 * 1024;

export interface ForeignOptions extends ReadOptions {
  /** Largest file that is parsed in one go. */
  readonly atOnce?: number;
}

export async function readForeign(source: Source, options: ForeignOptions): Promise<FileContent> {
  const root = await parseForeign(source, options);
  const { path } = options;
  if (!isPlainObject(root)) throw invalid(path, "it holds no object of collections");
  if (Object.hasOwn(root, "$tenon") || Object.hasOwn(root, "$checksum")) {
    throw invalid(path, "its first line is damaged, or was edited and its last line was not");
  }
  const documents = new Map<string, readonly unknown[]>();
  const others = new Map<string, unknown>();
  const meta: [string, unknown][] = [];
  for (const [written, value] of Object.entries(root)) {
    const name = unescapeName(written);
    if (written === "$meta" && Array.isArray(value)) meta.push(...metaOf(value, path));
    else if (!options.wanted.has(name)) others.set(name, value);
    else
      documents.set(
        name,
        documentsOf(value, path, name).map((doc) => reviveJson(doc as Json, false)),
      );
  }
  return { sequence: 0, foreign: true, store: 0, meta, documents, others };
}

function metaOf(value: readonly unknown[], path: string): [string, unknown][] {
  return value.map((entry) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw invalid(path, '"$meta" holds no pairs of key and value');
    const [key, content] = entry as [unknown, Json];
    if (typeof key !== "string" && !Array.isArray(key))
      throw invalid(path, 'a key in "$meta" is neither text nor a list');
    return [typeof key === "string" ? key : encodeKey(key as Json[]), reviveJson(content, false)];
  });
}

/** The documents of a collection: a list, or buckets of lists beside the bookkeeping of the file's author. */
export function documentsOf(value: unknown, path: string, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isPlainObject(value)) throw invalid(path, `the collection "${name}" is neither a list nor an object of lists`);
  const documents: unknown[] = [];
  for (const [bucket, list] of Object.entries(value)) {
    if (NOT_DOCUMENTS.has(bucket)) continue;
    if (!Array.isArray(list)) throw invalid(path, `"${bucket}" of the collection "${name}" is no list of documents`);
    for (const doc of list) documents.push(doc);
  }
  return documents;
}

function invalid(path: string, what: string, cause?: unknown): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} cannot be read as a database: ${what}`, {
    cause,
    meta: { file: path, offset: 0, what },
    fix: 'a database file is JSON of the form { "collection": [ documents ] }; name another file, or restore a backup',
  });
}

/** The parsed file: JSON.parse up to a size, bfj's stream beyond it. */
export async function parseForeign(source: Source, options: ForeignOptions): Promise<unknown> {
  const limit = options.atOnce ?? AT_ONCE;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source()) {
    parts.push(part);
    length += part.length;
    if (length > limit) return parseStream(source, options.path);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts)));
  } catch (error) {
    throw invalid(options.path, `it is no JSON (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

/** What we use of bfj, which has no types of its own. */
interface Bfj {
  readonly events: Readonly<
    Record<
      | "array"
      | "object"
      | "property"
      | "string"
      | "number"
      | "literal"
      | "endArray"
      | "endObject"
      | "end"
      | "error"
      | "dataError",
      string
    >
  >;
  walk(
    stream: Readable,
    options?: { readonly yieldRate?: number; readonly bufferLength?: number },
  ): NodeJS.EventEmitter;
}

function parseStream(source: Source, path: string): Promise<unknown> {
  // Loaded only when such a file turns up.
  const bfj = createRequire(import.meta.url)("bfj") as Bfj;
  return new Promise((resolve, reject) => {
    const stream = Readable.from(source(), { objectMode: false });
    const stack: unknown[] = [];
    const names: string[] = [];
    let root: unknown;
    const add = (value: unknown): void => {
      const parent = stack[stack.length - 1];
      if (parent === undefined) root = value;
      else if (Array.isArray(parent)) parent.push(value);
      else {
        const name = names.pop()!;
        Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
      }
    };
    const open = (value: object): void => {
      add(value);
      stack.push(value);
    };
    const fail = (error: unknown): void => {
      stream.destroy();
      reject(invalid(path, `it is no JSON (${error instanceof Error ? error.message : String(error)})`, error));
    };
    const { events } = bfj;
    const walker = bfj.walk(stream, { bufferLength: 1024 });
    walker.on(events.array, () => open([]));
    walker.on(events.object, () => open({}));
    walker.on(events.property, (name: string) => names.push(name));
    for (const event of [events.string, events.number, events.literal]) walker.on(event, add);
    for (const event of [events.endArray, events.endObject]) walker.on(event, () => stack.pop());
    walker.on(events.dataError, fail);
    walker.on(events.error, reject);
    stream.on("error", reject);
    walker.on(events.end, () => resolve(root));
  });
}
