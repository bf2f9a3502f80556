/**
 * Reads the JSON file in pieces: a run of lines is one JSON.parse, so it costs what JSON.parse costs, and the event loop gets
 * its turn between the pieces. Nothing is handed out before the checksum was compared. See format.ts.
 */
import { crc32 } from "node:zlib";
import { CorruptionError, TenonError } from "../../base/errors.js";
import { readForeign } from "./foreign.js";
import {
  type FileContent,
  format,
  HEAD_START,
  type ReadOptions,
  type Source,
  TRAILER_BYTES,
  TRAILER_START,
  trailerLine,
} from "./format.js";
import { Parser } from "./parser.js";

export async function readJson(source: Source, options: ReadOptions): Promise<FileContent> {
  return (await readOwnJson(source, options)) ?? readForeign(source, options);
}

/** Null: the file was made by others. */
export async function readOwnJson(source: Source, options: ReadOptions): Promise<FileContent | null> {
  const parts = source()[Symbol.asyncIterator]();
  try {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < HEAD_START.length) {
      const next = await parts.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const begin = head.toString("latin1", 0, HEAD_START.length);
    if (begin === HEAD_START) return await readOwn(head, parts, options);
    const { path } = options;
    if (head.length === 0) {
      throw format(path, 0, "it is empty", "delete it to begin with an empty database, or restore a backup");
    }
    if (begin.startsWith("SQLite")) {
      throw format(path, 0, "it is an SQLite database", "name a JSON file, or a new one, as the storage");
    }
    return null;
  } finally {
    await parts.return?.();
  }
}

function checksum(path: string, offset: number, what: string): CorruptionError {
  return new CorruptionError("CORRUPTION.CHECKSUM", `${path} is damaged: ${what}`, {
    meta: { file: path, offset, what },
    fix:
      "restore a backup or run `tenon db repair`; if you edited the file by hand and mean it, " +
      'remove its first line\'s "$tenon" and its last line\'s "$checksum" entries so that it is read as a new file',
  });
}

async function readOwn(head: Uint8Array, rest: AsyncIterator<Uint8Array>, options: ReadOptions): Promise<FileContent> {
  const parser = new Parser(options);
  let crc = 0;
  let length = 0;
  let failure: unknown;
  const feed = (from: number, to: number): void => {
    const bytes = window.subarray(from, to);
    crc = crc32(bytes, crc);
    length += bytes.length;
    if (failure !== undefined) return;
    try {
      parser.push(window, from, to);
    } catch (error) {
      // Damage is named by the checksum where it can be; the first thing that made no sense says where it is.
      failure = error;
    }
  };
  // Whole lines are fed, so that no character is cut; the trailer must not be: hold back as many bytes as it can have. What
  // is held stands at the beginning of the window, behind a byte that the parser may write to.
  let window: Buffer = Buffer.alloc(0);
  let held = 0;
  const start = 1;
  for (let part: Uint8Array | null = head; part !== null; ) {
    const end = start + held + part.length;
    if (window.length < end) {
      const wider = Buffer.allocUnsafeSlow(Math.max(end, 2 * window.length));
      wider.set(window.subarray(0, start + held));
      window = wider;
    }
    window.set(part, start + held);
    // What was held has no line end but in its last bytes.
    const from = Math.max(start, start + held - TRAILER_BYTES);
    const cut = from + window.subarray(from, Math.max(from, end - TRAILER_BYTES + 1)).lastIndexOf(10) + 1;
    if (cut > from) {
      feed(start, cut);
      window.copyWithin(start, cut, end);
      held = end - cut;
    } else held = end - start;
    const next: IteratorResult<Uint8Array> = await rest.next();
    part = next.done === true ? null : next.value;
  }
  const text = window.toString("latin1", start, start + held);
  const at = text.lastIndexOf(`\n${TRAILER_START}`);
  const end = at < 0 ? held : at + 1;
  feed(start, start + end);
  const { path } = options;
  if (failure instanceof TenonError && failure.code === "CORRUPTION.VERSION") throw failure;
  if (at < 0) throw checksum(path, length, "its end is missing");
  if (text.slice(end) !== trailerLine(crc, length)) {
    const where = failure === undefined ? "" : ` (first trouble at byte ${parser.offset})`;
    throw checksum(path, failure === undefined ? 0 : parser.offset, `its checksum does not fit its contents${where}`);
  }
  if (failure !== undefined) {
    if (failure instanceof TenonError) throw failure;
    throw format(path, parser.offset, failure instanceof Error ? failure.message : String(failure));
  }
  return parser.finish();
}
