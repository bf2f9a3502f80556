/**
 * Interrupted or damaged? A journal may end in what a power cut left of records that were not yet synced: a part of them, with
 * zeros at the end of each sector that did not arrive or not whole. Everything else is damage, and nothing acknowledged may
 * be dropped because of it.
 */
import { CorruptionError } from "../base/errors.js";
import {
  decodeHead,
  decodePayload,
  HEAD_BYTES,
  isHeadWithFlippedBit,
  mayBeginHead,
  nextRecord,
  type RecordHead,
} from "./record.js";

/** Disks write these whole, or at least from their beginning. */
const SECTOR = 512;
/** And never tear them finer than this. */
const TEAR = 16;
/** Most zeros in a row that an intact head has: a sequence number of 0. */
const HEAD_ZEROS = 8;

export function damaged(
  path: string,
  offset: number,
  what: string,
  code: "CORRUPTION.CHECKSUM" | "CORRUPTION.FORMAT" = "CORRUPTION.CHECKSUM",
) {
  return new CorruptionError(code, `${path} is damaged at byte ${offset}: ${what}`, {
    meta: { file: path, offset, what },
    fix: "keep a copy, look at it with `tenon db verify`, then restore a backup or run `tenon db repair`",
  });
}

/** Throws unless what begins at `at` is what a power cut leaves of records that were not yet synced. */
export function refuseUnlessTorn(path: string, bytes: Buffer, at: number, expected: number, store: number): void {
  let limit = bytes.length;
  for (let next = nextRecord(bytes, at + 1, store); next >= 0; next = nextRecord(bytes, next + 1, store)) {
    const head = decodeHead(bytes, next, store)!;
    // An intact record of an earlier commit has no business here; a later one may know that this one was on disk.
    if (head.sequence <= expected || head.synced >= expected)
      throw damaged(path, at, "a record is damaged, and intact ones follow");
    limit = Math.min(limit, next);
  }
  const head = decodeHead(bytes, at, store);
  const end = head === null ? limit : at + HEAD_BYTES + head.length;
  if (head === null && !mayBeginHead(bytes, at)) throw damaged(path, at, "what follows the last record is none");
  if (end > bytes.length || at + HEAD_BYTES > bytes.length) return;
  // The record is complete. Of a sector that did not arrive, or not whole, the end is zeros.
  if (head === null && !isHeadWithFlippedBit(bytes, at, store) && headEndsInZeros(bytes, at)) return;
  let torn = false;
  for (let from = at + HEAD_BYTES; from < end; ) {
    const edge = Math.min(Math.ceil((from + 1) / SECTOR) * SECTOR, bytes.length);
    const zeros = zerosIn(bytes, head, from, Math.min(edge, end));
    if (zeros >= 0) {
      // What did not arrive of a sector is its end. The sector of an intact record that follows has arrived.
      if (edge > limit || !isZero(bytes, zeros, edge)) throw damaged(path, at, "a record holds zeros");
      torn ||= zeros < edge - 1 || !mayBeFlip(bytes, at, head, zeros);
    }
    from = edge;
  }
  if (torn) return;
  throw damaged(path, at, "a record is complete but its checksum is wrong");
}

/**
 * Where the zeros of a sector's part begin, or -1. One is enough in a payload, which is text. Without a head there may be others
 * in between, with zeros of their own: then only more of them than those hold in a row, at the end.
 */
function zerosIn(bytes: Buffer, head: RecordHead | null, from: number, to: number): number {
  if (head === null) {
    const last = Math.max(from, to - HEAD_ZEROS - 1);
    return isZero(bytes, last, to) ? last : -1;
  }
  const at = bytes.indexOf(0, from);
  return at < to ? at : -1;
}

/** Whether a zero in a payload may be a byte of which one bit changed: the disk's work, never that of a power cut. */
function mayBeFlip(bytes: Buffer, at: number, head: RecordHead | null, zero: number): boolean {
  if (head === null) return bytes[zero - 1] !== 0;
  const copy = Buffer.from(bytes.subarray(at, at + HEAD_BYTES + head.length));
  for (let bit = 1; bit < 256; bit <<= 1) {
    copy[zero - at] = bit;
    if (decodePayload(copy, 0, head) !== null) return true;
  }
  return false;
}

/** Whether the first sector of a head has not arrived, or not whole. */
function headEndsInZeros(bytes: Buffer, at: number): boolean {
  const edge = Math.ceil((at + 1) / SECTOR) * SECTOR;
  return edge <= at + HEAD_BYTES && isZero(bytes, Math.max(at, edge - TEAR), edge);
}

function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
