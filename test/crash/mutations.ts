/** Ways to damage the files of a database. Each gives the files afterwards, and says whether it may look like a power cut. */

import { HEAD_BYTES, nextRecord } from "../../src/storage/record.js";
import type { Random } from "../differential/random.js";

export type FileSet = ReadonlyMap<string, Uint8Array>;

export interface Victim {
  /** Everything in the directory but the lock. */
  readonly files: FileSet;
  /** The same database some commits earlier. */
  readonly older: FileSet;
  /** Another database of the same storage. */
  readonly other: FileSet;
}

export interface Damage {
  readonly file: string;
  readonly files: FileSet;
  /**
   * The newest commits may be missing without a report: the end of the journal was cut off, or all of it was taken away or
   * replaced by an older version of itself (where there is no journal: the data file was). No file can tell that from a
   * power cut, or from a backup put back. Nothing else is ever excused.
   */
  readonly mayEndEarly: boolean;
}

type Change = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

function flip(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[random.int(0, copy.length - 1)]! ^= 1 << random.int(0, 7);
  return copy;
}

/** Random pieces between the line ends of a text, or the records of a journal. */
function pieces(bytes: Buffer): Buffer[] {
  const cuts: number[] = [];
  if (bytes.toString("latin1", 0, 8) === "TENONJNL") {
    const store = bytes.length < 16 ? 0 : bytes.readUInt32LE(12);
    for (let at = nextRecord(bytes, 0, store); at >= 0; at = nextRecord(bytes, at + HEAD_BYTES, store)) cuts.push(at);
  } else for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) cuts.push(at + 1);
  const parts: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from) parts.push(bytes.subarray(from, cut));
    from = cut;
  }
  return parts;
}

const CHANGES: Readonly<Record<string, Change>> = {
  flip,
  flips: (bytes, random) => {
    let copy = bytes;
    for (let left = random.int(2, 9); left > 0; left--) copy = flip(copy, random);
    return copy;
  },
  byte: (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[random.int(0, copy.length - 1)] = random.int(0, 255);
    return copy;
  },
  noise: (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.int(0, copy.length);
    for (let i = at; i < Math.min(copy.length, at + random.int(2, 200)); i++) copy[i] = random.int(1, 255);
    return copy;
  },
  appended: (bytes, random) => join(bytes, Buffer.from(random.list(1, 200, () => random.int(1, 255)))),
  random: (_, random) => Buffer.from(random.list(0, 500, () => random.int(0, 255))),
  cut: (bytes, random) => {
    const at = random.int(0, bytes.length);
    return join(bytes.subarray(0, at), bytes.subarray(at + random.int(1, 200)));
  },
  repeat: (bytes, random) => {
    const at = random.int(0, bytes.length);
    const end = random.int(at, bytes.length);
    return join(bytes.subarray(0, end), bytes.subarray(at));
  },
  truncate: (bytes, random) => bytes.subarray(0, random.int(0, Math.max(0, bytes.length - 1))),
  zeros: (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.int(0, copy.length);
    return copy.fill(0, at, Math.min(copy.length, at + random.int(1, 600)));
  },
  swapPieces: (bytes, random) => {
    const parts = pieces(bytes);
    const [a, b] = [random.int(0, parts.length - 1), random.int(0, parts.length - 1)];
    [parts[a], parts[b]] = [parts[b]!, parts[a]!];
    return parts.length === 0 ? bytes : join(...parts);
  },
  repeatPiece: (bytes, random) => {
    const parts = pieces(bytes);
    if (parts.length > 0) parts.splice(random.int(0, parts.length), 0, random.pick(parts));
    return join(...parts);
  },
  dropPiece: (bytes, random) => {
    const parts = pieces(bytes);
    parts.splice(random.int(0, parts.length - 1), random.int(1, 2));
    return join(...parts);
  },
  otherPiece: (bytes, random, other) => {
    const parts = pieces(bytes);
    const others = pieces(other);
    if (others.length > 0) parts.splice(random.int(0, parts.length), random.int(0, 1), random.pick(others));
    return join(...parts);
  },
  otherEnd: (bytes, random, other) => {
    const at = random.int(0, bytes.length);
    return join(bytes.subarray(0, at), other.subarray(Math.min(at, other.length)));
  },
};

/** Damage that may leave a journal which ends early and is whole up to there. */
const CUTTING = new Set(["truncate", "zeros", "cut", "dropPiece", "swapPieces", "random", "otherEnd"]);
const isJournal = (path: string): boolean => path.endsWith(".journal");

export const KINDS: readonly string[] = [...Object.keys(CHANGES), "remove", "older", "other"];

const NEVER_REWRITES = new Set([
  "truncate",
  "zeros",
  "swapPieces",
  "repeatPiece",
  "dropPiece",
  "remove",
  "older",
  "other",
]);
/** In the middle of packed bytes these change what comes out. */
const REWRITES_PACKED = new Set(["zeros", "swapPieces", "repeatPiece", "dropPiece"]);

/** Whether a damage leaves every line that can still be read as it was. */
export function neverRewrites(kind: string, isPacked: boolean): boolean {
  return NEVER_REWRITES.has(kind) && !(isPacked && REWRITES_PACKED.has(kind));
}

/** Leaves so many of the zeros at the end. */
function withoutZeros(bytes: Buffer, kept: number): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, Math.min(bytes.length, end + kept));
}

/** The files after one damage of this kind; null when it would change nothing. */
export function damage(kind: string, victim: Victim, journaled: boolean, random: Random): Damage | null {
  const names = [...victim.files.keys()].sort();
  if (names.length === 0) return null;
  const file = random.pick(names);
  const whole = Buffer.from(victim.files.get(file)!);
  // Most damage would hit nothing but the zeros behind the records; how many there are tells a reader nothing.
  const bytes = isJournal(file) ? withoutZeros(whole, random.int(0, 600)) : whole;
  const files = new Map(victim.files);
  const wholesale = kind === "remove" || kind === "older" || kind === "other";
  if (kind === "remove") files.delete(file);
  else if (kind === "older" || kind === "other") {
    const found = victim[kind].get(file);
    if (found === undefined) return null;
    files.set(file, found);
  } else files.set(file, CHANGES[kind]!(bytes, random, Buffer.from(victim.other.get(file) ?? bytes)));
  const now = files.get(file);
  if (now !== undefined && Buffer.from(now).equals(bytes)) return null;
  const excused = wholesale ? kind !== "other" : CUTTING.has(kind);
  const last = isJournal(file) || (!journaled && kind === "older");
  return { file, files, mayEndEarly: excused && last };
}
