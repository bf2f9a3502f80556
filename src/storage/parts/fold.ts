/**
 * A checkpoint: the files become what a version holds. In this order, so that a crash anywhere leaves what recovery completes:
 * journal synced (no file may know a commit that a power cut takes from the journal), changed files, manifests, removals,
 * and only then the journal is cut.
 */
import type { Journal } from "../journal.js";
import type { PartLoader } from "./loader.js";
import type { PartDisk } from "./part-disk.js";
import { partsOf, type Version } from "./version.js";

export interface FoldContext {
  readonly disk: PartDisk;
  readonly journal: Journal;
  readonly loader: PartLoader;
}

export async function fold({ disk, journal, loader }: FoldContext, version: Version): Promise<void> {
  await journal.sync();
  for (const space of version.spaces.values()) {
    for (const { slot, content } of partsOf(space)) {
      if (content.clean || content.docs === null) continue;
      await disk.write(space, slot, content.docs, version.sequence);
      content.clean = true;
      if (!content.superseded) loader.settled(content);
    }
  }
  const [meta] = version.meta.values();
  await disk.list(version.sequence, meta ?? null);
  await journal.rotate(version.sequence);
}
