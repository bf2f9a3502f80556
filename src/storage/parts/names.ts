/**
 * File names of collections and partitions: readable, and the same on every system. Letters, digits, `_` and `-` stay;
 * every other byte of the UTF-8 text is written `%hh`, dots included, so that no name can leave the folder, end in a device or
 * look like another kind of file. Long names end in a digest. Two names that differ in case only are told apart by `~2`.
 */
import { createHash } from "node:crypto";

const LONGEST = 120;
/** Names that Windows keeps for devices, and our own beside the collections. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d|tenon|registry)$/i;

export function fileName(name: string): string {
  let safe = "";
  for (const byte of Buffer.from(name, "utf8")) {
    const character = String.fromCharCode(byte);
    safe += /[A-Za-z0-9_-]/.test(character) ? character : escaped(byte);
  }
  if (RESERVED.test(safe)) safe = escaped(safe.charCodeAt(0)) + safe.slice(1);
  if (safe.length <= LONGEST) return safe;
  return `${safe.slice(0, LONGEST - 20)}~${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}

function escaped(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** The name that a file name stands for; null when it is none that `fileName` makes or leaves as it is. */
export function nameOf(file: string): string | null {
  try {
    return decodeURIComponent(file);
  } catch {
    return null;
  }
}

/** A name that is free on a file system that does not tell `a` from `A`. `taken`: lower-cased names in use. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name}~${n}`;
  return free;
}
