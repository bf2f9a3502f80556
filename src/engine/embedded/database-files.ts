/** Which storage the files at a path belong to, for the tools that look at them. */
import { join } from "node:path";
import { StorageError } from "../../base/errors.js";
import { file } from "../../storage/file/file.js";
import { pathsOf } from "../../storage/file/file-persistence.js";
import { salvageFile } from "../../storage/file/salvage.js";
import type { Files } from "../../storage/files/files.js";
import { folder } from "../../storage/folder/folder.js";
import { layoutOf, salvageFolder } from "../../storage/parts/salvage.js";
import type { Damage, Ownership, Salvaged } from "../../storage/salvage.js";
import { shards } from "../../storage/shards/shards.js";
import type { Store } from "../../storage/store.js";

/** The collections that models name, and the fields that they are split by. */
export type Collections = ReadonlyMap<string, string | null>;

export type Layout = "file" | "folder" | "shards";

const STORES = { file, folder, shards } as const;
const IN_FOLDER = new Set(["tenon.json", "tenon.journal", "registry.json"]);

/** The database at a path: a JSON file, or a folder. */
export class DatabaseFiles {
  readonly path: string;
  readonly files: Files;
  readonly isFolder: boolean;

  private constructor(path: string, files: Files, isFolder: boolean) {
    this.path = path;
    this.files = files;
    this.isFolder = isFolder;
  }

  static async at(path: string, files: Files): Promise<DatabaseFiles> {
    const names = await namesIn(path, files);
    return new DatabaseFiles(
      path,
      files,
      names.some((name) => IN_FOLDER.has(name)),
    );
  }

  get registry(): string {
    return this.isFolder ? join(this.path, "registry.json") : pathsOf(this.path).registry;
  }

  /** The files that every database of its kind has. */
  get main(): readonly string[] {
    if (this.isFolder) return [...IN_FOLDER].map((name) => join(this.path, name));
    const { data, journal, registry } = pathsOf(this.path);
    return [data, journal, registry];
  }

  async layout(collections: Collections): Promise<Layout> {
    return this.isFolder ? layoutOf(this.path, this.files, [...collections.keys()]) : "file";
  }

  salvage(collections: Collections, owner: Ownership, damage: Damage[]): Promise<Salvaged> {
    const { path, files } = this;
    return (this.isFolder ? salvageFolder : salvageFile)(path, files, collections, owner, damage);
  }
}

/** Files that are there where a new database would be made. */
export async function filesInTheWay(path: string, layout: Layout, files: Files): Promise<readonly string[]> {
  if (layout !== "file") return (await namesIn(path, files)).map((name) => join(path, name));
  const { data, journal, registry } = pathsOf(path);
  const found: string[] = [];
  for (const each of [data, journal, registry]) if ((await files.size(each)) !== null) found.push(each);
  return found;
}

export function storeAt(path: string, layout: Layout, files: Files, readOnly: boolean): Store {
  return STORES[layout](path, { files, readOnly });
}

async function namesIn(path: string, files: Files): Promise<readonly string[]> {
  try {
    return await files.list(path);
  } catch (error) {
    if (error instanceof StorageError && error.meta.errno === "ENOTDIR") return [];
    throw error;
  }
}
