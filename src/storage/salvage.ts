/**
 * Reading what can be read of damaged files, and listing what cannot. Nothing here writes. A data file whose checksum fails is
 * taken line by line: a line that still parses may have changed all the same, so the file is called suspect.
 */
import { createGunzip } from "node:zlib";
import { CorruptionError } from "../base/errors.js";
import { isPlainObject } from "../base/plain.js";
import { decodeJson } from "../schema/doc-codec.js";
import type { Json } from "../schema/model.js";
import type { Files } from "./files/files.js";
import { replayJournal } from "./journal.js";
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

/** One commit as it stands in the journal: `[space, puts, deletes, partition]` each. */
export interface SalvagedCommit {
  readonly sequence: number;
  readonly groups: readonly (readonly [string, Json[], Key[], string?])[];
}

/** The documents of one collection, or of one partition of it, from one file. */
export interface SalvagedPart {
  readonly file: string;
  readonly collection: string;
  /** Null: each document tells its own. */
  readonly partition: string | null;
  /** Every commit up to this one is in the file; 0 where that cannot be known. */
  readonly sequence: number;
  readonly docs: readonly Json[];
  /** The keys that may be in it, where a file that is damaged itself is listed with its keys. */
  readonly keys: ReadonlySet<Key> | null;
  /** The file is damaged, or may be of another time. */
  readonly isSuspect: boolean;
}

/** What is left of a database. */
export interface Salvaged {
  readonly meta: readonly (readonly [Key, Json])[];
  readonly parts: readonly SalvagedPart[];
  /** Every commit up to this one is in the files; 0 where that cannot be known. */
  readonly base: number;
  /** The same by collection, where it is more. */
  readonly bases: ReadonlyMap<string, number>;
  readonly commits: readonly SalvagedCommit[];
  /** Every file that belongs to the database. */
  readonly files: readonly string[];
}

/** Whose files they are: what the registry says, and how to find the same in `$meta`. */
export interface Ownership {
  readonly database: string;
  databaseOf(meta: readonly (readonly [Key, Json])[]): string;
}

export interface SalvagedData {
  readonly sequence: number;
  /** Number of the database; 0: not known. */
  readonly store: number;
  readonly collections: ReadonlyMap<string, readonly Json[]>;
  readonly meta: readonly (readonly [Key, Json])[];
}

const JOURNAL_HEADER = 28;

/** Adds damage; true when the error is one that tells of damage. */
export function noted(damage: Damage[], error: unknown, path: string): void {
  if (!(error instanceof CorruptionError)) throw error;
  const { file, offset, what } = error.meta;
  add(damage, {
    file: typeof file === "string" ? file : path,
    offset: typeof offset === "number" ? offset : null,
    what: typeof what === "string" ? what : error.message.split("\n")[0]!,
  });
}

export function add(damage: Damage[], one: Damage): void {
  const known = damage.some(
    ({ file, offset, what }) => file === one.file && offset === one.offset && what === one.what,
  );
  if (!known) damage.push(one);
}

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
      add(damage, { file, offset: null, what: `it can be unpacked in part only (${error.message})` });
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
  let store = 0;
  /** The collection whose documents are being read; null between collections. */
  let into: ((value: Json) => void) | null = null;
  let at = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.toString("utf8", at, end);
    const bad = (what: string): void => add(damage, { file, offset: at, what });
    const opening = /^("(?:[^"\\]|\\.)*"):\{"__stats":.*"default":\[$/.exec(line);
    if (line.startsWith(HEAD_START)) {
      const found = /"sequence":(\d+)[,}]/.exec(line);
      if (found !== null) sequence = Number(found[1]);
      else bad("the head cannot be read");
      store = Number(/"store":(\d+)[,}]/.exec(line)?.[1] ?? 0);
    } else if (line === '"$meta":[') {
      into = (value) => {
        const entry = metaEntry(value);
        if (entry === null) bad("an entry of $meta cannot be read");
        else meta.push(entry);
      };
    } else if (opening !== null) {
      const name = parsed(opening[1]!);
      const docs: Json[] = [];
      if (typeof name === "string") collections.set(unescapeName(name), docs);
      else bad("the name of a collection cannot be read; its documents are left out");
      into = (value) => void docs.push(value);
    } else if (line === "]," || line === "]},") into = null;
    else if (line.startsWith(TRAILER_START) || line === "") {
      // The checksum was compared before.
    } else if (into !== null) {
      const value = parsed(line.endsWith(",") ? line.slice(0, -1) : line);
      if (typeof value === "object" && value !== null) into(value);
      else bad(`a document cannot be read: ${line.slice(0, 60)}`);
    } else bad(`a line cannot be read: ${line.slice(0, 60)}`);
    at = end + 1;
  }
  return { sequence, store, collections, meta };
}

export function metaEntry(value: Json): [Key, Json] | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [key, content] = value as [Json, Json];
  if (!isPlainObject(content)) return null;
  if (typeof key === "string") return [key, content];
  return Array.isArray(key) ? [encodeKey(key as Json[]), content] : null;
}

/** Undefined: it is no JSON. */
export function parsed(text: string): Json | undefined {
  try {
    return decodeJson(text) as Json;
  } catch {
    return undefined;
  }
}

export interface JournalHead {
  readonly store: number;
  readonly base: number;
  readonly bytes: Buffer;
}

/** Looks at a journal; null when there is none. `store` and `base` are 0 where the header is damaged. */
export async function journalHead(path: string, files: Files, damage: Damage[]): Promise<JournalHead | null> {
  const content = await files.read(path);
  if (content === null) return null;
  let bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let isWhole = bytes.length >= JOURNAL_HEADER;
  try {
    // What a power cut left behind them are no commits.
    bytes = bytes.subarray(0, replayJournal(path, bytes).intact);
  } catch (error) {
    noted(damage, error, path);
    isWhole &&= !(error instanceof CorruptionError && error.meta.offset === 0);
  }
  return isWhole
    ? { store: bytes.readUInt32LE(12), base: bytes.readDoubleLE(16), bytes }
    : { store: 0, base: 0, bytes };
}

/** Every commit of an intact record of the database with this number, whatever stands between them. */
export function salvageJournal(
  file: string,
  bytes: Buffer,
  store: number,
  base: number,
  damage: Damage[],
): readonly SalvagedCommit[] {
  const commits: SalvagedCommit[] = [];
  let at = JOURNAL_HEADER;
  while (at < bytes.length) {
    const next = nextRecord(bytes, at, store);
    if (next !== at) {
      const end = next < 0 ? bytes.length : next;
      add(damage, { file, offset: at, what: `${end - at} bytes hold no intact record` });
      at = end;
      continue;
    }
    const head = decodeHead(bytes, at, store)!;
    const lines = decodePayload(bytes, at, head)!.toString("utf8").split("\n");
    for (const [i, text] of lines.entries()) {
      commits.push({ sequence: head.sequence + i, groups: decodeJson(text) as [string, Json[], Key[], string?][] });
    }
    at += HEAD_BYTES + head.length;
  }
  // Swapped or repeated records are no reason to apply an older commit after a newer one.
  const ordered = [...new Map(commits.map((commit) => [commit.sequence, commit])).values()];
  ordered.sort((a, b) => a.sequence - b.sequence);
  let expected = base + 1;
  for (const { sequence } of ordered) {
    if (sequence < expected) continue;
    if (sequence > expected) {
      const lost = expected === sequence - 1 ? `commit ${expected}` : `commits ${expected} to ${sequence - 1}`;
      add(damage, { file, offset: null, what: `${lost} cannot be read` });
    }
    expected = sequence + 1;
  }
  return ordered;
}

/** A file's claim to belong to the database. */
export interface Claim {
  readonly file: string;
  /** 0: not known. */
  readonly store: number;
  /** What its `$meta` says; "": nothing. */
  readonly database: string;
}

/**
 * The number of the database, from the data file or top manifest and the journal; where they disagree, the registry decides
 * which of them is a stranger. 0: unknown, everything is taken. Throws when the registry is the stranger.
 */
export function storeOf(data: Claim | null, journal: Claim | null, owner: Ownership, registry: string): number {
  const isOurs = (claim: Claim): boolean =>
    claim.database === "" || owner.database === "" || claim.database === owner.database;
  const known = [data, journal].filter((claim): claim is Claim => claim !== null && claim.store !== 0);
  const [first, second] = known;
  if (first === undefined) return 0;
  if (second === undefined || first.store === second.store) {
    if (data === null || isOurs(data)) return first.store;
    throw new CorruptionError("CORRUPTION.FORMAT", `${registry} belongs to another database than ${data.file}`, {
      meta: { file: registry, what: "it belongs to another database" },
      fix: "put the registry back that belongs to these files, then repair",
    });
  }
  return isOurs(first) ? first.store : second.store;
}
