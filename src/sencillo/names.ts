/**
 * Names of collections and buckets as file names: readable, one to one, and never a way out of the folder.
 *
 *   file = (plain | `%` HH)*        HH: a byte of the name's UTF-8
 *   plain = any character but / \ : * ? " < > | % and control characters; no dot in front, no dot or space at the end
 */
import { nameOf as nameOfFile } from "../storage/parts/names.js";

const UNSAFE = /[/\\:*?"<>|%\p{Cc}\p{Cs}]|^\.|[. ]$/u;
const LONGEST = 200;

function encoded(character: string): string {
  let out = "";
  for (const byte of Buffer.from(character, "utf8")) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return out;
}

export function fileNameOf(name: string): string {
  if (name === "") return "%";
  if (!UNSAFE.test(name)) return name;
  let out = "";
  const characters = [...name];
  characters.forEach((character, at) => {
    const edge =
      (at === 0 && character === ".") || (at === characters.length - 1 && (character === "." || character === " "));
    out +=
      edge || UNSAFE.test(character === "." || character === " " ? "x" : character) ? encoded(character) : character;
  });
  return out;
}

/** Whether a file system takes it. */
export function isTooLong(name: string): boolean {
  return Buffer.byteLength(fileNameOf(name), "utf8") > LONGEST;
}

/** The name that a file is named after. A file of SencilloDB's may hold a "%" that is no escape. */
export function nameOf(fileName: string): string {
  return fileName === "%" ? "" : (nameOfFile(fileName) ?? fileName);
}

/** Names under which SencilloDB itself would have stored it, when that is a plain file name. */
export function rawFileName(name: string): string | null {
  return name === "" || name === "." || name === ".." || /[/\\\0]/.test(name) ? null : name;
}
