/** Every layout and option that the campaigns run on: a new storage joins by one line. */
import { file } from "../../src/storage/file/file.js";
import type { Files } from "../../src/storage/files/files.js";
import { folder } from "../../src/storage/folder/folder.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Store } from "../../src/storage/store.js";

export interface StorageCase {
  readonly name: string;
  /** A store in the directory `dir`; without `files`, on the real disk. */
  open(dir: string, files?: Files, readOnly?: boolean): Store;
  /** Of the database in the directory `dir`, as the tools want it. */
  path(dir: string): string;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  /** Acknowledged writes may be lost at a power cut (not when the process is killed). */
  readonly lossy: boolean;
  /** Commits go to a journal first; else each writes the data files. */
  readonly journaled: boolean;
}

const SMALL = 1200;
const fileIn = (dir: string): string => `${dir}/db.json`;

export const STORAGES: readonly StorageCase[] = [
  {
    name: "file",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly }),
    weight: 5,
    lossy: false,
    journaled: true,
  },
  {
    name: "file, small journal",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, checkpointBytes: SMALL }),
    weight: 5,
    lossy: false,
    journaled: true,
  },
  {
    name: "file, checkpoint: commit",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, checkpoint: "commit" }),
    weight: 3,
    lossy: false,
    journaled: false,
  },
  {
    name: "file, gzip",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, compression: true, checkpointBytes: SMALL }),
    weight: 1,
    lossy: false,
    journaled: true,
  },
  {
    name: "file, relaxed",
    path: fileIn,
    open: (dir, files, readOnly) =>
      file(fileIn(dir), { files, readOnly, durability: "relaxed", syncIntervalMs: 1, checkpointBytes: SMALL }),
    weight: 1,
    lossy: true,
    journaled: true,
  },
  {
    name: "folder",
    path: (dir) => dir,
    open: (dir, files, readOnly) => folder(dir, { files, readOnly, checkpointBytes: SMALL }),
    weight: 3,
    lossy: false,
    journaled: true,
  },
  {
    name: "shards",
    path: (dir) => dir,
    open: (dir, files, readOnly) => shards(dir, { files, readOnly, checkpointBytes: SMALL, cacheBytes: 4000 }),
    weight: 5,
    lossy: false,
    journaled: true,
  },
  {
    name: "shards, checkpoint: commit",
    path: (dir) => dir,
    open: (dir, files, readOnly) => shards(dir, { files, readOnly, checkpoint: "commit", maxCached: 1 }),
    weight: 2,
    lossy: false,
    journaled: true,
  },
  {
    name: "shards, gzip",
    path: (dir) => dir,
    open: (dir, files, readOnly) => shards(dir, { files, readOnly, compression: true, checkpointBytes: SMALL }),
    weight: 1,
    lossy: false,
    journaled: true,
  },
  {
    name: "shards, relaxed",
    path: (dir) => dir,
    open: (dir, files, readOnly) =>
      shards(dir, { files, readOnly, durability: "relaxed", syncIntervalMs: 1, checkpointBytes: SMALL }),
    weight: 2,
    lossy: true,
    journaled: true,
  },
];

export function storageNamed(name: string): StorageCase {
  const found = STORAGES.find((each) => each.name === name);
  if (found === undefined)
    throw new RangeError(`no storage "${name}"; there are: ${STORAGES.map((each) => each.name).join("; ")}`);
  return found;
}
