/** The operating system may write fewer bytes than it was given: go on until all are there. */
import { StorageError } from "../../base/errors.js";
import type { DiskFile } from "./disk.js";

/** Returns the position behind the last byte. */
export async function writeAll(file: DiskFile, position: number, bytes: Uint8Array): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const written = file.write(position + done, done === 0 ? bytes : bytes.subarray(done));
    const count = typeof written === "number" ? written : await written;
    if (count <= 0) throw new StorageError("STORAGE.IO", "The operating system wrote no bytes and gave no reason");
    done += count;
  }
  return position + done;
}
