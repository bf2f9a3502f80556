/** The operating system may write fewer bytes than it was given: go on until all are there. */
import { StorageError } from "../../base/errors.js";
import type { Maybe } from "../store.js";
import type { DiskFile } from "./disk.js";

/** Returns the position behind the last byte; at once where the disk writes at once. */
export function writeAll(file: DiskFile, position: number, bytes: Uint8Array): Maybe<number> {
  let done = 0;
  while (done < bytes.length) {
    const written = file.write(position + done, done === 0 ? bytes : bytes.subarray(done));
    if (typeof written !== "number") return writeRest(file, position, bytes, done, written);
    done += checked(written);
  }
  return position + done;
}

async function writeRest(
  file: DiskFile,
  position: number,
  bytes: Uint8Array,
  before: number,
  first: Promise<number>,
): Promise<number> {
  let done = before + checked(await first);
  while (done < bytes.length) done += checked(await file.write(position + done, bytes.subarray(done)));
  return position + done;
}

function checked(count: number): number {
  if (count > 0) return count;
  throw new StorageError("STORAGE.IO", "The operating system wrote no bytes and gave no reason");
}
