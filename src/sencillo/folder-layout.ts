/**
 * A file per collection: `users.json`, `users.json.gz`. A collection that lies there in shards, or packed the other way, or
 * under the name that SencilloDB gave it, is read all the same and written as configured with its next change.
 */
import { join } from "node:path";
import type { Files } from "../storage/files/files.js";
import { buildCollection } from "./collection.js";
import { parseSpace, RECORD_KEY, spaces } from "./keys.js";
import type { FileChange, Layout, Loaded, Trees } from "./layout.js";
import { fileNameOf, rawFileName } from "./names.js";
import { loadShards } from "./shard-files.js";
import { addTrees, writeEntries } from "./single-layout.js";
import { removeTemporary } from "./temporary.js";
import { HEAD, malformed, packed, readText, sealed, TextWriter } from "./text.js";

export interface FolderSettings {
  readonly files: Files;
  readonly folder: string;
  readonly compression: boolean;
}

/** Where a collection's file may be: as it would be written now comes first. */
export function candidates(folder: string, name: string, compression: boolean): string[] {
  const raw = rawFileName(name);
  const stems = [fileNameOf(name), ...(raw === null || raw === fileNameOf(name) ? [] : [raw])];
  const suffixes = compression ? [".json.gz", ".json"] : [".json", ".json.gz"];
  return stems.flatMap((stem) => suffixes.map((suffix) => join(folder, `${stem}${suffix}`)));
}

/** The whole collection from its one file, or null. */
export async function loadWhole(
  { files, folder, compression }: FolderSettings,
  name: string,
): Promise<{ readonly trees: Trees; readonly path: string } | null> {
  for (const path of candidates(folder, name, compression)) {
    const content = (await files.size(path)) === null ? null : await files.read(path);
    if (content === null) continue;
    const { entries, ours } = await readText(path, content);
    if (!(entries instanceof Map)) throw malformed(path, "it is a list, not a collection");
    const trees: Trees = new Map();
    addTrees(trees, name, buildCollection(entries, ours, path));
    return { trees, path };
  }
  return null;
}

export function folderLayout(settings: FolderSettings): Layout {
  return new FolderLayout(settings);
}

class FolderLayout implements Layout {
  readonly name: string;
  readonly lock: string;
  readonly log: string;
  readonly intent: string;
  readonly #settings: FolderSettings;

  constructor(settings: FolderSettings) {
    const { folder } = settings;
    this.#settings = settings;
    this.name = folder;
    this.lock = join(folder, "log.lock");
    this.log = join(folder, "log.aof");
    this.intent = join(folder, "log.intent");
  }

  async prepare(): Promise<void> {
    const { files, folder } = this.#settings;
    await files.makeDir(folder);
    await removeTemporary(files, folder);
  }

  partitionOf(space: string): string {
    return parseSpace(space).collection;
  }

  before(): null {
    return null;
  }

  counts(): boolean {
    return true;
  }

  async load(collection: string): Promise<Loaded | null> {
    const { files, folder, compression } = this.#settings;
    const whole = await loadWhole(this.#settings, collection);
    if (whole !== null) {
      const wanted = candidates(folder, collection, compression)[0]!;
      const foreign = whole.path !== wanted;
      return { partitions: new Map([[collection, whole.trees]]), foreign, stale: foreign ? [whole.path] : [] };
    }
    const sharded = await loadShards(files, folder, collection);
    if (sharded === null) return null;
    return { partitions: new Map([[collection, sharded.trees]]), foreign: true, stale: sharded.paths };
  }

  async render(changed: ReadonlyMap<string, Trees>): Promise<FileChange[]> {
    const { folder, compression } = this.#settings;
    const changes: FileChange[] = [];
    for (const [collection, trees] of changed) {
      const path = candidates(folder, collection, compression)[0]!;
      if (trees.get(spaces.meta(collection))?.has(RECORD_KEY) !== true) {
        changes.push({ path, bytes: null });
        continue;
      }
      const out = new TextWriter();
      await out.add(HEAD);
      await writeEntries(out, collection, trees, ",\n");
      changes.push({ path, bytes: await packed(sealed(out.bytes()), compression) });
    }
    return changes;
  }

  async apply({ path, bytes }: FileChange): Promise<void> {
    const { files } = this.#settings;
    if (bytes === null) await files.remove(path);
    else await files.replace(path, [bytes]);
  }
}
