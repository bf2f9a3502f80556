/** Storage in a folder: collections are split into files by the value of a field, and only the files needed are loaded. */
import { type FolderOptions, partStore } from "../parts/options.js";
import type { Store } from "../store.js";

/**
 * A store of one JSON file per collection and value of its model's `partitionBy` field, in the folder at `path`, with one
 * journal for all of them, a registry and a lock. A query that fixes that field loads only the files of its values. Files are
 * kept in memory as far as `cacheBytes` allow. Give each engine its own.
 */
export function shards(path: string, options: FolderOptions = {}): Store {
  return partStore("shards", path, options);
}
