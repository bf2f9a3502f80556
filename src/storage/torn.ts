/**
 * Interrupted or damaged? A journal may end in what a power cut left of records that were not yet synced: a part of them, with
 * zeros at the end of each sector that did not arrive or not whole. Everything else is damage, and nothing acknowledged may
 * be dropped because of it.
 */
import { CorruptionError } from "../base/errors.js";
import { decodeHead, decodePayload, HEAD_BYTES, mayBeginHead, nextRecord, type RecordHead } from "./record.js";

/** Disks write these whole, or at least from their beginning. */
const SECTOR = 512;
/** And never tear them finer than this. */
const TEAR = 16;

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
  if (head === null ? isHeadTorn(bytes, at) : isPayloadTorn(path, bytes, at, head, limit)) return;
  throw damaged(path, at, "a record is complete but its checksum is wrong");
}

/** `limit`: where an intact record follows, which has arrived with its whole sector. */
function isPayloadTorn(path: string, bytes: Buffer, at: number, head: RecordHead, limit: number): boolean {
  const end = at + HEAD_BYTES + head.length;
  let torn = false;
  for (let from = at + HEAD_BYTES; from < end; ) {
    const edge = sectorEnd(bytes, from);
    // One zero is enough in a payload, which is text.
    const zero = bytes.indexOf(0, from);
    if (zero >= 0 && zero < Math.min(edge, end)) {
      if (edge > limit || !isZero(bytes, zero, edge)) throw damaged(path, at, "a record holds zeros");
      torn ||= zero < edge - 1 || !mayBeFlip(bytes, at, head, zero);
    }
    from = edge;
  }
  return torn;
}

/** Whether a zero in a payload may be a byte of which one bit changed: the disk's work, never that of a power cut. */
function mayBeFlip(bytes: Buffer, at: number, head: RecordHead, zero: number): boolean {
  const copy = Buffer.from(bytes.subarray(at, at + HEAD_BYTES + head.length));
  for (let bit = 1; bit < 256; bit <<= 1) {
    copy[zero - at] = bit;
    if (decodePayload(copy, 0, head) !== null) return true;
  }
  return false;
}

/**
 * Whether a head that is not intact is one of which a sector did not arrive, or not whole: the rest of that sector is zeros then,
 * beginning with the head's last byte where it ends in there.
 */
function isHeadTorn(bytes: Buffer, at: number): boolean {
  const end = at + HEAD_BYTES;
  const edge = sectorEnd(bytes, at);
  // With nothing of the record behind the head in its sector, a zero or two could be its own.
  if (edge <= end && isZero(bytes, Math.max(at, edge - TEAR), edge)) return true;
  return edge !== end && isZero(bytes, end - 1, sectorEnd(bytes, end - 1));
}

function sectorEnd(bytes: Buffer, at: number): number {
  return Math.min(Math.ceil((at + 1) / SECTOR) * SECTOR, bytes.length);
}

/** Whether a range is nothing but zeros. */
export function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
