/**
 * Reading what can be read of damaged files, and listing what cannot. Nothing here writes. A data file is taken line by line:
 * where its checksum fails, a line that still parses may have changed all the same, so the file is called suspect.
 */
import { createGunzip } from "node:zlib";
import { decodeJson } from "../schema/doc-codec.js";
import type { Json } from "../schema/model.js";
import { HEAD_START, TRAILER_START, unescapeName } from "./json/format.js";
import { encodeKey } from "./key.js";
import { decodeHead, decodePayload, HEAD_BYTES, nextRecord } from "./record.js";
import type { Key } from "./store.js";

/** Something that is not intact. `offset`: byte in the (unpacked) file. */
export interface Damage {
  readonly file: string;
  readonly offset: number | null;
  readonly what: string;
}

export interface SalvagedData {
  readonly sequence: number;
  readonly collections: ReadonlyMap<string, readonly Json[]>;
  readonly meta: readonly (readonly [Key, Json])[];
}

/** One commit as it stands in the journal: `[space, puts, deletes]` each. */
export interface SalvagedCommit {
  readonly sequence: number;
  readonly groups: readonly (readonly [string, Json[], Key[]])[];
}

const JOURNAL_HEADER = 28;

/** The bytes of a data file, unpacked as far as they can be. */
export async function unpackedBytes(file: string, bytes: Uint8Array, damage: Damage[]): Promise<Buffer> {
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (plain[0] !== 0x1f || plain[1] !== 0x8b) return plain;
  const gunzip = createGunzip();
  const parts: Buffer[] = [];
  await new Promise<void>((resolve) => {
    gunzip.on("data", (part: Buffer) => parts.push(part));
    gunzip.on("end", resolve);
    gunzip.on("error", (error: Error) => {
      damage.push({ file, offset: null, what: `it can be unpacked in part only (${error.message})` });
      resolve();
    });
    gunzip.end(plain);
  });
  return Buffer.concat(parts);
}

export function salvageData(file: string, bytes: Buffer, damage: Damage[]): SalvagedData {
  const collections = new Map<string, Json[]>();
  const meta: [Key, Json][] = [];
  let sequence = 0;
  /** The collection whose documents are being read; null between collections. */
  let into: ((value: Json) => void) | null = null;
  let at = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.toString("utf8", at, end);
    const bad = (what: string): void => void damage.push({ file, offset: at, what });
    const parse = (text: string): Json | undefined => {
      try {
        return decodeJson(text) as Json;
      } catch {
        return undefined;
      }
    };
    const opening = /^("(?:[^"\\]|\\.)*"):\{"__stats":.*"default":\[$/.exec(line);
    if (line.startsWith(HEAD_START)) {
      const found = /"sequence":(\d+)[,}]/.exec(line);
      if (found !== null) sequence = Number(found[1]);
      else bad("the head cannot be read");
    } else if (line === '"$meta":[') {
      into = (value) => {
        if (!Array.isArray(value) || value.length !== 2) return bad("an entry of $meta cannot be read");
        const [key, content] = value as [Json, Json];
        if (typeof key !== "string" && !Array.isArray(key)) return bad("an entry of $meta cannot be read");
        meta.push([typeof key === "string" ? key : encodeKey(key as Json[]), content]);
      };
    } else if (opening !== null) {
      const name = parse(opening[1]!);
      const docs: Json[] = [];
      if (typeof name === "string") collections.set(unescapeName(name), docs);
      else bad("the name of a collection cannot be read; its documents are left out");
      into = (value) => void docs.push(value);
    } else if (line === "]," || line === "]},") into = null;
    else if (line.startsWith(TRAILER_START) || line === "") {
      // The checksum was compared before.
    } else if (into !== null) {
      const value = parse(line.endsWith(",") ? line.slice(0, -1) : line);
      if (typeof value === "object" && value !== null) into(value);
      else bad(`a document cannot be read: ${line.slice(0, 60)}`);
    } else bad(`a line cannot be read: ${line.slice(0, 60)}`);
    at = end + 1;
  }
  return { sequence, collections, meta };
}

/** Every commit of an intact record, whatever stands between them. */
export function salvageJournal(file: string, bytes: Buffer, damage: Damage[]): readonly SalvagedCommit[] {
  const commits: SalvagedCommit[] = [];
  const store = bytes.length >= JOURNAL_HEADER ? bytes.readUInt32LE(12) : 0;
  let at = JOURNAL_HEADER;
  while (at < bytes.length) {
    const next = nextRecord(bytes, at, store);
    if (next !== at) {
      const end = next < 0 ? bytes.length : next;
      damage.push({ file, offset: at, what: `${end - at} bytes hold no intact record` });
      at = end;
      continue;
    }
    const head = decodeHead(bytes, at, store)!;
    const lines = decodePayload(bytes, at, head)!.toString("utf8").split("\n");
    for (const [i, text] of lines.entries()) {
      commits.push({ sequence: head.sequence + i, groups: decodeJson(text) as [string, Json[], Key[]][] });
    }
    at += HEAD_BYTES + head.length;
  }
  return commits;
}
