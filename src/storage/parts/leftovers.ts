/**
 * What a crash between the manifests of a checkpoint and its last removal left: files that nothing lists any more, and temporary
 * ones. They count as gone when the database is opened; they are removed once it is known that it can be.
 */
import { dirname, join } from "node:path";
import { type Manifest, readManifest } from "./manifest.js";
import { fileName } from "./names.js";
import type { PartDisk } from "./part-disk.js";

const TEMPORARY = /\.(json|json\.gz|journal)\.[0-9a-f]{16}\.tmp$/;

/** Files that the top manifest wanted removed. */
export async function leftoversOf(disk: PartDisk, top: Manifest): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const file of top.head.removing ?? []) {
    // A crash inside the checkpoint after it may have left one that was written anew, and that its collection's manifest lists.
    if (!(await isListedAgain(disk, file))) found.add(file);
  }
  return found;
}

async function isListedAgain(disk: PartDisk, file: string): Promise<boolean> {
  if (disk.settings.layout !== "shards") return false;
  const meta = await readManifest(disk.files, disk.path(join(dirname(file), "meta.json")));
  return meta?.lines.some((line) => (JSON.parse(line.toString("utf8")) as { file?: unknown }).file === file) ?? false;
}

/** For the holder of the lock. */
export async function removeLeftovers(disk: PartDisk): Promise<void> {
  for (const file of disk.leftovers) await disk.files.remove(disk.path(file));
  disk.leftovers = new Set();
  const dirs = [disk.settings.folder];
  if (disk.settings.layout === "shards") {
    for (const collection of new Set([...disk.collections.keys(), ...disk.listed]))
      dirs.push(disk.path(fileName(collection)));
  }
  for (const dir of dirs) {
    for (const name of await disk.files.list(dir)) if (TEMPORARY.test(name)) await disk.files.remove(join(dir, name));
  }
}
