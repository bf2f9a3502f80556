/** The bytes of a stored file in pieces, unpacked when they are gzip; and packing them. */
import { Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { CorruptionError } from "../../base/errors.js";
import type { Files } from "../files/files.js";
import type { Source } from "../json/format.js";

const PIECE = 1024 * 1024;

/** Compressed or not is seen from the file, so switching the option never hides data. */
export function fileSource(files: Files, path: string, size: number): Source {
  return async function* () {
    const magic = await files.readAt(path, 0, 2);
    const raw = pieces(files, path, size);
    yield* magic[0] === 0x1f && magic[1] === 0x8b ? unpacked(raw, path) : raw;
  };
}

async function* pieces(files: Files, path: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < size; at += PIECE) {
    const piece = await files.readAt(path, at, Math.min(PIECE, size - at));
    if (piece.length === 0) return;
    yield piece;
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
