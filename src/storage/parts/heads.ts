/**
 * The first line of a file says which database wrote it and which commits it holds (json/format.ts). It is read at opening, of
 * files whose documents are read later or never, because of the invariant that opening checks before it changes anything:
 *
 *   a file holds the commits up to the number that its list gives, or more; none that the journal does not reach
 *
 * A checkpoint that was stopped leaves files that are newer than the list; the journal has their commits, as it was synced before
 * the first of them was written. Where it ends earlier, the partitions would be of several times.
 */
import { constants, gunzipSync } from "node:zlib";
import { CorruptionError } from "../../base/errors.js";
import type { Files } from "../files/files.js";
import { HEAD_START } from "../json/format.js";
import { readManifest } from "./manifest.js";
import type { PartDisk } from "./part-disk.js";

export interface PartHead {
  /** Size of the file. */
  readonly bytes: number;
  /** Null: the first line is none of ours, or damaged. */
  readonly sequence: number | null;
  readonly store: number;
}

/** Far more than a head takes, packed or not. */
const HEAD_BYTES = 512;

/** Null: there is no such file. */
export async function readHead(files: Files, path: string): Promise<PartHead | null> {
  const bytes = await files.size(path);
  if (bytes === null) return null;
  const head = lineOf(await files.readAt(path, 0, Math.min(bytes, HEAD_BYTES)));
  const sequence = typeof head?.sequence === "number" ? head.sequence : null;
  return { bytes, sequence, store: typeof head?.store === "number" ? head.store : 0 };
}

function lineOf(bytes: Uint8Array): { readonly sequence?: unknown; readonly store?: unknown } | null {
  try {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const plain = isPacked ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : Buffer.from(bytes);
    const text = plain.toString("latin1", 0, plain.indexOf(10));
    if (!text.startsWith(HEAD_START)) return null;
    const { $tenon } = JSON.parse(`${text.slice(0, -1)}}`) as { readonly $tenon: object };
    return $tenon;
  } catch {
    return null;
  }
}

/** Throws when a file holds a commit after `end`, the last one of the journal. */
export async function refuseBeyond(disk: PartDisk, journal: string, end: number): Promise<void> {
  const check = ({ file, sequence }: { readonly file: string; readonly sequence: number }): void => {
    if (sequence <= end) return;
    const what = `it ends with commit ${end}, but ${disk.path(file)} holds commit ${sequence}`;
    throw new CorruptionError("CORRUPTION.FORMAT", `${journal} is not as it was written: ${what}`, {
      meta: { file: journal, what },
      fix: "put the whole journal back, or all files of one time; to go on with what is left run `tenon db repair`",
    });
  };
  for (const known of disk.known()) check(known);
  for (const line of disk.unnamed) {
    for (const file of await filesOf(disk, fileOf(line))) {
      const head = await readHead(disk.files, disk.path(file));
      if (head?.sequence != null && head.store === disk.store) check({ file, sequence: head.sequence });
    }
  }
}

/** What one line of the top manifest stands for. Whether a damaged list matters is not asked: no model names the collection. */
async function filesOf(disk: PartDisk, file: string): Promise<readonly string[]> {
  if (disk.settings.layout === "folder") return [file];
  try {
    const meta = await readManifest(disk.files, disk.path(file));
    return [file, ...(meta?.lines ?? []).map(fileOf)];
  } catch (error) {
    if (error instanceof CorruptionError) return [];
    throw error;
  }
}

/** The file that a line of a manifest is about; the lists of keys behind it can be long. */
export function fileOf(line: Buffer): string {
  const keys = line.indexOf(',"keys":[');
  const text = keys < 0 ? line.toString("utf8") : `${line.toString("utf8", 0, keys)}}`;
  return (JSON.parse(text) as { readonly file: string }).file;
}
