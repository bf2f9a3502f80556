/** Storage in a folder: a JSON file per collection, loaded when first used. */
import { type FolderOptions, partStore } from "../parts/options.js";
import type { Store } from "../store.js";

/**
 * A store of one JSON file per collection in the folder at `path`, with one journal for all of them, a registry and a lock.
 * A collection is read when it is first used; a checkpoint writes only what has changed. Give each engine its own.
 */
export function folder(path: string, options: FolderOptions = {}): Store {
  return partStore("folder", path, options);
}
