/**
 * The readable JSON file. It is JSON, laid out in lines so that it diffs well and loads in pieces:
 *
 *   file       = head meta? collection* trailer
 *   head       = `{"$tenon":{"format":1,"sequence":N,"store":S},` LF      every commit up to N is inside; S: see journal.ts
 *   meta       = `"$meta":[` LF lines `],` LF                   a line: [key, value], key = tuple or raw string
 *   collection = name `:{"__stats":{"inserted":N,"total":N},"default":[` LF lines `]},` LF      a line: one document
 *              | name `:` value `,` LF                          a collection that no model names, kept as it was
 *   lines      = (value (`,` LF value)* LF)?
 *   trailer    = `"$checksum":"crc32 HHHHHHHH length N"}` LF    of the N bytes before this line
 *
 * Values are written by doc-codec.ts; a collection's name that begins with "$" gets one more "$". A file that has neither the
 * head nor the trailer was made by others ("foreign"): SencilloDB's files and plain `{ collection: [documents] }` are read.
 */
import { CorruptionError } from "../../base/errors.js";

export const FORMAT_VERSION = 1;
export const HEAD_START = '{"$tenon":';
export const TRAILER_START = '"$checksum":';

export function trailerLine(checksum: number, length: number): string {
  return `${TRAILER_START}"crc32 ${checksum.toString(16).padStart(8, "0")} length ${length}"}\n`;
}

/** Longest possible trailer line. */
export const TRAILER_BYTES = 80;

export function escapeName(name: string): string {
  return name.startsWith("$") ? `$${name}` : name;
}

export function unescapeName(name: string): string {
  return name.startsWith("$$") ? name.slice(1) : name;
}

/** Names inside a collection of a foreign file that hold no documents. */
export const NOT_DOCUMENTS: ReadonlySet<string> = new Set(["__stats", "__id_map", "__secondary_indexes"]);

export interface ReadOptions {
  readonly path: string;
  /** Collections whose documents are wanted. */
  readonly wanted: ReadonlySet<string>;
}

/** Bytes of the file in order, uncompressed. Read twice only when the file is foreign. */
export type Source = () => AsyncIterable<Uint8Array>;

/** What a data file holds. */
export interface FileContent {
  readonly sequence: number;
  /** Whether it was made by others, so that it has no checksum and no sequence. */
  readonly foreign: boolean;
  /** The number that all files of one database share; 0: not known. */
  readonly store: number;
  readonly meta: readonly (readonly [key: string, value: unknown])[];
  /** Documents of the wanted collections. */
  readonly documents: ReadonlyMap<string, readonly unknown[]>;
  /** Collections that nobody asked for, as parsed: they are written back unchanged. */
  readonly others: ReadonlyMap<string, unknown>;
}

export function format(path: string, offset: number, what: string, fix?: string): CorruptionError {
  return new CorruptionError("CORRUPTION.FORMAT", `${path} cannot be read as a database: ${what}`, {
    meta: { file: path, offset, what },
    fix: fix ?? "keep a copy, look at it with `tenon db verify`, then restore a backup or run `tenon db repair`",
  });
}
