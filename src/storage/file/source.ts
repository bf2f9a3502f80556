/** The bytes of a stored file in pieces, unpacked when they are gzip; and packing them. */
import { Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { CorruptionError } from "../../base/errors.js";
import type { Files, HeldFile } from "../files/files.js";
import type { Source } from "../json/format.js";

/**
 * Parsing this much takes a few milliseconds. Of more than 1,031,913 bytes Node makes a string outside of V8's heap
 * (EXTERN_APEX in its string_bytes.cc), which saves a fifth of the time: smaller ones are copied into fresh pages each time.
 */
const PIECE = 1152 * 1024;

/** Compressed or not is seen from the file, so switching the option never hides data. */
export function fileSource(files: Files, path: string): Source {
  return async function* () {
    const held = await files.hold(path);
    if (held === null) return;
    try {
      const magic = await held.readAt(0, 2);
      const raw = pieces(held);
      yield* magic[0] === 0x1f && magic[1] === 0x8b ? unpacked(raw, path) : raw;
    } finally {
      await held[Symbol.asyncDispose]();
    }
  };
}

/** While one piece is worked on the next one is read. */
async function* pieces(file: HeldFile): AsyncGenerator<Uint8Array, void, undefined> {
  const read = (at: number): Promise<Uint8Array> => {
    const piece = file.readAt(at, Math.min(PIECE, file.size - at));
    piece.catch(() => {});
    return piece;
  };
  let at = 0;
  let next: Promise<Uint8Array> | null = file.size > 0 ? read(0) : null;
  try {
    while (next !== null) {
      const piece = await next;
      at += piece.length;
      next = piece.length > 0 && at < file.size ? read(at) : null;
      if (piece.length > 0) yield piece;
    }
  } finally {
    // Nobody may read from a file that is being closed.
    await next?.catch(() => {});
  }
}

export async function* unpacked(
  raw: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(raw);
  const gunzip = createGunzip();
  input.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const piece of input.pipe(gunzip)) yield piece as Uint8Array;
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
    if (!code.startsWith("Z_")) throw error;
    throw new CorruptionError("CORRUPTION.CHECKSUM", `${path} is damaged: it cannot be unpacked (${code})`, {
      cause: error,
      meta: { file: path, offset: gunzip.bytesWritten, what: code },
      fix: "restore a backup or run `tenon db repair`",
    });
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

export async function* compressed(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gzip = createGzip({ level: 4 });
  const input = Readable.from(chunks);
  input.on("error", (error) => gzip.destroy(error));
  try {
    for await (const piece of input.pipe(gzip)) yield piece as Uint8Array;
  } finally {
    input.destroy();
    gzip.destroy();
  }
}
