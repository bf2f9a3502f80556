/**
 * The file that says which files a database in a folder consists of: `tenon.json`, and for shards a `meta.json` per collection.
 *
 *   manifest = head meta? list trailer
 *   head     = `{"$tenon":{"format":1,"sequence":N,` … `},` LF     every commit up to N is in the files listed, or newer
 *   meta     = `"$meta":[` LF lines `],` LF                        as in the data file (json/format.ts); tenon.json only
 *   list     = `"$files":[` LF (line (`,` LF line)* LF)? `],` LF   a line: one file as an object
 *   trailer  = `"$checksum":"crc32 HHHHHHHH length N"}` LF         of the N bytes before this line
 *
 * A line about an unchanged file is written back byte by byte: no manifest is ever parsed as a whole.
 */
import { crc32 } from "node:zlib";
import { CorruptionError } from "../../base/errors.js";
import { decodeJson, encodeJson } from "../../schema/doc-codec.js";
import type { Json } from "../../schema/model.js";
import { Tree } from "../btree.js";
import type { Files } from "../files/files.js";
import { FORMAT_VERSION, HEAD_START, TRAILER_START, trailerLine } from "../json/format.js";
import { decodeKey, encodeKey } from "../key.js";
import { paced } from "../pace.js";
import type { Key, StoredValue } from "../store.js";

export interface ManifestHead {
  readonly format: number;
  readonly sequence: number;
  /** Number of the database: files of another one are refused. */
  readonly store: number;
  readonly layout: "folder" | "shards";
  /** meta.json: the field whose value chooses the file. */
  readonly partitionBy?: string | null;
  /** Files that are no longer listed and about to be removed. */
  readonly removing?: readonly string[];
}

export interface Manifest {
  readonly head: ManifestHead;
  readonly meta: Tree<StoredValue>;
  readonly lines: readonly Buffer[];
}

const META_START = '"$meta":[';
const FILES_START = '"$files":[';
const END = "],";

export async function writeManifest(
  files: Files,
  path: string,
  head: Omit<ManifestHead, "format">,
  meta: Tree<StoredValue> | null,
  lines: readonly Buffer[],
): Promise<void> {
  await files.replace(path, paced(pieces({ format: FORMAT_VERSION, ...head }, meta, lines)));
}

function* pieces(head: ManifestHead, meta: Tree<StoredValue> | null, lines: readonly Buffer[]): Generator<Uint8Array> {
  let checksum = 0;
  let length = 0;
  const seen = (bytes: Buffer): Buffer => {
    checksum = crc32(bytes, checksum);
    length += bytes.length;
    return bytes;
  };
  let text = `${HEAD_START}${JSON.stringify(head)},\n`;
  if (meta !== null && meta.size > 0) {
    text += `${META_START}\n`;
    const keys: Key[] = [];
    const values: StoredValue[] = [];
    meta.cursor().take(meta.size, keys, values);
    for (let i = 0; i < keys.length; i++) {
      text += `[${keyForm(keys[i]!)},${encodeJson(values[i]!)}]${i < keys.length - 1 ? "," : ""}\n`;
    }
    text += `${END}\n`;
  }
  yield seen(Buffer.from(`${text}${FILES_START}\n`, "utf8"));
  for (let i = 0; i < lines.length; i++) {
    yield seen(Buffer.concat([lines[i]!, Buffer.from(i < lines.length - 1 ? ",\n" : "\n")]));
  }
  yield seen(Buffer.from(`${END}\n`, "utf8"));
  yield Buffer.from(trailerLine(checksum, length), "utf8");
}

/** Null: there is none, or it was written by others. */
export async function readManifest(files: Files, path: string): Promise<Manifest | null> {
  const content = await files.read(path);
  if (content === null) return null;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.toString("latin1", 0, HEAD_START.length) !== HEAD_START) {
    if (bytes.includes('"$tenon"') || bytes.includes('"$checksum"') || bytes.includes('"$files"')) {
      throw bad(path, 0, "its first line is damaged");
    }
    return null;
  }
  const at = bytes.lastIndexOf(`\n${TRAILER_START}`, undefined, "latin1") + 1;
  if (at === 0) throw bad(path, bytes.length, "its end is missing");
  const version = headOf(bytes);
  if (version !== null && version.format > FORMAT_VERSION) {
    throw new CorruptionError(
      "CORRUPTION.VERSION",
      `${path} has format ${version.format}; this version reads ${FORMAT_VERSION}`,
      {
        meta: { file: path, version: version.format },
        fix: "open it with the version of tenon that wrote it, or update tenon",
      },
    );
  }
  if (bytes.toString("latin1", at) !== trailerLine(crc32(bytes.subarray(0, at)), at)) {
    throw bad(path, 0, "its checksum does not fit its contents");
  }
  try {
    return parse(bytes.subarray(0, at), version, path);
  } catch (error) {
    if (error instanceof CorruptionError) throw error;
    throw bad(path, 0, error instanceof Error ? error.message : String(error));
  }
}

function headOf(bytes: Buffer): ManifestHead | null {
  const line = bytes.toString("utf8", 0, Math.max(0, bytes.indexOf(10)));
  try {
    const { $tenon } = JSON.parse(`${line.slice(0, -1)}}`) as { $tenon: ManifestHead };
    return typeof $tenon?.format === "number" ? $tenon : null;
  } catch {
    return null;
  }
}

function parse(bytes: Buffer, head: ManifestHead | null, path: string): Manifest {
  if (head === null || typeof head.sequence !== "number") throw bad(path, 0, "its head makes no sense");
  const meta: [Key, StoredValue][] = [];
  const lines: Buffer[] = [];
  let into: "none" | "meta" | "files" = "none";
  let start = bytes.indexOf(10) + 1;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    let line = bytes.subarray(start, end);
    start = end + 1;
    if (into === "none") {
      const text = line.toString("utf8");
      if (text !== META_START && text !== FILES_START) throw bad(path, start, "it has a part that is not known");
      into = text === META_START ? "meta" : "files";
    } else if (line[0] === 93) into = "none";
    else {
      if (line[line.length - 1] === 44) line = line.subarray(0, -1);
      if (into === "files") lines.push(line);
      else {
        const [key, value] = decodeJson(line.toString("utf8")) as unknown as [Json, StoredValue];
        meta.push([keyOfForm(key), value]);
      }
    }
  }
  meta.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    head,
    meta: Tree.fromSorted(
      meta.map(([key]) => key),
      meta.map(([, value]) => value),
    ),
    lines,
  };
}

/** A key as JSON: its tuple where that leads back to it, else as it is; the tuple of one string or number as that value. */
export function keyForm(key: Key): string {
  try {
    const tuple = decodeKey(key);
    if (encodeKey(tuple) === key) {
      const [one] = tuple;
      const simple =
        tuple.length === 1 && (typeof one === "string" || (typeof one === "number" && Number.isFinite(one)));
      return encodeJson(simple ? one : tuple);
    }
  } catch {
    // Not made by encodeKey.
  }
  return JSON.stringify({ raw: key });
}

export function keyOfForm(form: Json): Key {
  if (typeof form === "string" || typeof form === "number") return encodeKey([form]);
  return Array.isArray(form) ? encodeKey(form as Json[]) : (form as { readonly raw: Key }).raw;
}

function bad(path: string, offset: number, what: string): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} is damaged: ${what}`, {
    meta: { file: path, offset, what },
    fix: "restore a backup or run `tenon db repair`",
  });
}
