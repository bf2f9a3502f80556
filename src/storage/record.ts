/**
 * A framed record of a journal.
 *
 *   record  = head payload
 *   head    = magic length check sequence synced count kind headcrc      40 bytes, little-endian
 *   magic   = "TNRC"
 *   length  = u32, bytes of payload
 *   check   = u32, crc32 of payload
 *   sequence= f64, number of the first commit inside
 *   synced  = f64, the last commit that was known to be on disk when this record was written
 *   count   = u32, commits inside
 *   kind    = u32, 1 = commits
 *   headcrc = u32, crc32 of the 36 bytes before it, continued from the store's number
 *
 * The two checksums tell a damaged length from a damaged payload; `synced` tells loss by a power cut (the record was not yet
 * synced) from loss by a failing disk (it was). The store's number, random and the same in all files of a database, is part
 * of the checksum so that a record of another database is none of this one.
 */
import { crc32 } from "node:zlib";

export const HEAD_BYTES = 40;
const MAGIC = 0x43524e54;
const MAGIC_BYTES = Buffer.from("TNRC", "latin1");
const KIND_COMMITS = 1;
/** Most bytes of a UTF-16 code unit. */
const UTF8_MOST = 3;

export interface RecordHead {
  readonly length: number;
  readonly check: number;
  readonly sequence: number;
  readonly synced: number;
  readonly count: number;
}

export interface RecordFields {
  readonly sequence: number;
  readonly synced: number;
  readonly count: number;
  readonly store?: number;
}

/** A record; its payload may be given in parts. */
export function encodeRecord(parts: readonly Uint8Array[], fields: RecordFields): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const record = Buffer.allocUnsafe(HEAD_BYTES + length);
  let at = HEAD_BYTES;
  for (const part of parts) {
    record.set(part, at);
    at += part.length;
  }
  return withHead(record, fields);
}

/** A record whose payload is a text. `space`: where it may be put if there is room enough; the record is a part of it then. */
export function encodeText(text: string, fields: RecordFields, space: Buffer): Uint8Array {
  const fits = HEAD_BYTES + text.length * UTF8_MOST <= space.length;
  const record = fits ? space : Buffer.allocUnsafe(HEAD_BYTES + Buffer.byteLength(text));
  const length = record.write(text, HEAD_BYTES, "utf8");
  return withHead(record.subarray(0, HEAD_BYTES + length), fields);
}

function withHead(record: Buffer, fields: RecordFields): Buffer {
  record.writeUInt32LE(MAGIC, 0);
  record.writeUInt32LE(record.length - HEAD_BYTES, 4);
  record.writeUInt32LE(crc32(record.subarray(HEAD_BYTES)), 8);
  record.writeDoubleLE(fields.sequence, 12);
  record.writeDoubleLE(fields.synced, 20);
  record.writeUInt32LE(fields.count, 28);
  record.writeUInt32LE(KIND_COMMITS, 32);
  record.writeUInt32LE(crc32(record.subarray(0, 36), fields.store ?? 0), 36);
  return record;
}

/** The head at an offset, or null when there is none that is intact. */
export function decodeHead(bytes: Buffer, offset: number, store = 0): RecordHead | null {
  if (offset + HEAD_BYTES > bytes.length || bytes.readUInt32LE(offset) !== MAGIC) return null;
  if (crc32(bytes.subarray(offset, offset + 36), store) !== bytes.readUInt32LE(offset + 36)) return null;
  if (bytes.readUInt32LE(offset + 32) !== KIND_COMMITS) return null;
  return {
    length: bytes.readUInt32LE(offset + 4),
    check: bytes.readUInt32LE(offset + 8),
    sequence: bytes.readDoubleLE(offset + 12),
    synced: bytes.readDoubleLE(offset + 20),
    count: bytes.readUInt32LE(offset + 28),
  };
}

/** The payload behind an intact head, or null when it is cut off or damaged. */
export function decodePayload(bytes: Buffer, offset: number, head: RecordHead): Buffer | null {
  const start = offset + HEAD_BYTES;
  if (start + head.length > bytes.length) return null;
  const payload = bytes.subarray(start, start + head.length);
  return crc32(payload) === head.check ? payload : null;
}

/** Offset of the next intact record at or after `offset`, or -1. */
export function nextRecord(bytes: Buffer, offset: number, store = 0): number {
  for (let at = bytes.indexOf(MAGIC_BYTES, offset); at >= 0; at = bytes.indexOf(MAGIC_BYTES, at + 1)) {
    const head = decodeHead(bytes, at, store);
    if (head !== null && decodePayload(bytes, at, head) !== null) return at;
  }
  return -1;
}

/** Whether the bytes at an offset are the beginning of a head, or zeros where it has not arrived. */
export function mayBeginHead(bytes: Buffer, offset: number): boolean {
  for (let i = 0; i < MAGIC_BYTES.length && offset + i < bytes.length; i++) {
    const byte = bytes[offset + i];
    if (byte !== MAGIC_BYTES[i] && byte !== 0) return false;
  }
  return true;
}
