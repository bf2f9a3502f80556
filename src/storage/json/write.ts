/** Writes the JSON file in pieces of about 64 KB, so that the event loop gets its turn between them. See format.ts. */
import { crc32 } from "node:zlib";
import { encodeJson } from "../../schema/doc-codec.js";
import type { Doc, Json } from "../../schema/model.js";
import type { Tree } from "../btree.js";
import { decodeKey, encodeKey } from "../key.js";
import type { Key, StoredValue } from "../store.js";
import { escapeName, FORMAT_VERSION, HEAD_START, trailerLine } from "./format.js";

const PIECE = 64 * 1024;
const ENTRIES = 128;

export interface FileToWrite {
  readonly sequence: number;
  /** The number that all files of one database share. */
  readonly store?: number;
  readonly meta: Tree<StoredValue> | null;
  readonly collections: readonly {
    readonly name: string;
    readonly inserted: number;
    readonly docs: Tree<StoredValue>;
  }[];
  readonly others: ReadonlyMap<string, unknown>;
}

export function* writeJson(file: FileToWrite): Generator<Uint8Array, void, undefined> {
  let checksum = 0;
  let length = 0;
  let text = "";
  const flush = (): Uint8Array => {
    const bytes = Buffer.from(text, "utf8");
    checksum = crc32(bytes, checksum);
    length += bytes.length;
    text = "";
    return bytes;
  };
  text = `${HEAD_START}{"format":${FORMAT_VERSION},"sequence":${file.sequence},"store":${file.store ?? 0}},\n`;
  if (file.meta !== null && file.meta.size > 0) {
    text += '"$meta":[\n';
    for (const piece of lines(file.meta, metaLine)) {
      text += piece;
      if (text.length >= PIECE) yield flush();
    }
    text += "],\n";
  }
  for (const { name, inserted, docs } of file.collections) {
    const stats = `{"__stats":{"inserted":${Math.max(inserted, docs.size)},"total":${docs.size}},"default":[\n`;
    text += `${JSON.stringify(escapeName(name))}:${stats}`;
    for (const piece of lines(docs, docLine)) {
      text += piece;
      if (text.length >= PIECE) yield flush();
    }
    text += "]},\n";
  }
  for (const [name, value] of file.others) {
    text += `${JSON.stringify(escapeName(name))}:${JSON.stringify(value)},\n`;
    yield flush();
  }
  if (text.length > 0) yield flush();
  yield Buffer.from(trailerLine(checksum, length), "utf8");
}

type Line = (key: Key, value: StoredValue) => string;

const docLine: Line = (_, value) => encodeJson(value as Doc);

const metaLine: Line = (key, value) => `[${keyText(key)},${encodeJson(value as Json)}]`;

/** A key as its tuple where that leads back to it, else as it is. */
function keyText(key: Key): string {
  try {
    const tuple = decodeKey(key);
    if (encodeKey(tuple) === key) return encodeJson(tuple);
  } catch {
    // Not made by encodeKey.
  }
  return JSON.stringify(key);
}

function* lines(tree: Tree<StoredValue>, line: Line): Generator<string, void, undefined> {
  const cursor = tree.cursor();
  let left = tree.size;
  while (left > 0) {
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    left -= cursor.take(ENTRIES, keys, values);
    let text = "";
    for (let i = 0; i < keys.length; i++) {
      text += line(keys[i]!, values[i]!);
      text += i < keys.length - 1 || left > 0 ? ",\n" : "\n";
      // Large documents: no need to gather a whole run of them.
      if (text.length >= PIECE) {
        yield text;
        text = "";
      }
    }
    yield text;
  }
}
