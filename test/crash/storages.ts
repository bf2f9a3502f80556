/** Every layout and option that the campaigns run on: a new storage joins by one line. */
import { file } from "../../src/storage/file/file.js";
import type { Files } from "../../src/storage/files/files.js";
import { nodeFiles } from "../../src/storage/files/node.js";
import { folder } from "../../src/storage/folder/folder.js";
import { hooks } from "../../src/storage/hooks/hooks.js";
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
  /** When the newest acknowledged writes may be lost: never, at a power cut, or also when the process is killed. */
  readonly lost: "never" | "at a power cut" | "with the process";
  /** Commits go to a journal first; else each writes the data files. */
  readonly journaled: boolean;
  /**
   * Functions of the user keep the data, here in one file that is replaced whole: there is no lock, no reader beside the writer,
   * nothing for the tools to look at, no object is an empty database, and after a save that failed writing goes on.
   */
  readonly hooked?: true;
}

const SMALL = 1200;
const fileIn = (dir: string): string => `${dir}/db.json`;

function hooked(dir: string, files: Files = nodeFiles, compression = false): Store {
  const path = fileIn(dir);
  const load = () => files.read(path);
  const save = async (object: string | Uint8Array): Promise<void> => {
    await files.makeDir(dir);
    await files.replace(path, [Buffer.from(object as Uint8Array)]);
  };
  return hooks({ load, save }, { compression });
}

export const STORAGES: readonly StorageCase[] = [
  {
    name: "file",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly }),
    weight: 5,
    lost: "never",
    journaled: true,
  },
  {
    name: "file, small journal",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, checkpointBytes: SMALL }),
    weight: 5,
    lost: "never",
    journaled: true,
  },
  {
    name: "file, checkpoint: commit",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, checkpoint: "commit" }),
    weight: 3,
    lost: "never",
    journaled: false,
  },
  {
    name: "file, gzip",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, compression: true, checkpointBytes: SMALL }),
    weight: 1,
    lost: "never",
    journaled: true,
  },
  {
    name: "file, relaxed",
    path: fileIn,
    open: (dir, files, readOnly) =>
      file(fileIn(dir), { files, readOnly, durability: "relaxed", syncIntervalMs: 1, checkpointBytes: SMALL }),
    weight: 1,
    lost: "at a power cut",
    journaled: true,
  },
  {
    name: "file, gzip, checkpoint: commit",
    path: fileIn,
    open: (dir, files, readOnly) => file(fileIn(dir), { files, readOnly, compression: true, checkpoint: "commit" }),
    weight: 1,
    lost: "never",
    journaled: false,
  },
  {
    name: "file, memory",
    path: fileIn,
    open: (dir, files, readOnly) =>
      file(fileIn(dir), { files, readOnly, durability: "memory", syncIntervalMs: 1, checkpointBytes: SMALL }),
    weight: 1,
    lost: "with the process",
    journaled: true,
  },
  {
    name: "folder",
    path: (dir) => dir,
    open: (dir, files, readOnly) => folder(dir, { files, readOnly, checkpointBytes: SMALL }),
    weight: 3,
    lost: "never",
    journaled: true,
  },
  {
    name: "folder, gzip",
    path: (dir) => dir,
    open: (dir, files, readOnly) => folder(dir, { files, readOnly, compression: true, checkpointBytes: SMALL }),
    weight: 1,
    lost: "never",
    journaled: true,
  },
  {
    name: "folder, checkpoint: commit",
    path: (dir) => dir,
    open: (dir, files, readOnly) => folder(dir, { files, readOnly, checkpoint: "commit" }),
    weight: 2,
    lost: "never",
    journaled: true,
  },
  {
    name: "folder, relaxed",
    path: (dir) => dir,
    open: (dir, files, readOnly) =>
      folder(dir, { files, readOnly, durability: "relaxed", syncIntervalMs: 1, checkpointBytes: SMALL }),
    weight: 1,
    lost: "at a power cut",
    journaled: true,
  },
  {
    name: "shards",
    path: (dir) => dir,
    open: (dir, files, readOnly) => shards(dir, { files, readOnly, checkpointBytes: SMALL, cacheBytes: 4000 }),
    weight: 5,
    lost: "never",
    journaled: true,
  },
  {
    name: "shards, checkpoint: commit",
    path: (dir) => dir,
    open: (dir, files, readOnly) => shards(dir, { files, readOnly, checkpoint: "commit", maxCached: 1 }),
    weight: 2,
    lost: "never",
    journaled: true,
  },
  {
    name: "shards, gzip",
    path: (dir) => dir,
    open: (dir, files, readOnly) => shards(dir, { files, readOnly, compression: true, checkpointBytes: SMALL }),
    weight: 1,
    lost: "never",
    journaled: true,
  },
  {
    name: "shards, relaxed",
    path: (dir) => dir,
    open: (dir, files, readOnly) =>
      shards(dir, { files, readOnly, durability: "relaxed", syncIntervalMs: 1, checkpointBytes: SMALL }),
    weight: 2,
    lost: "at a power cut",
    journaled: true,
  },
  {
    name: "shards, memory, gzip, checkpoint: commit",
    path: (dir) => dir,
    open: (dir, files, readOnly) =>
      shards(dir, {
        files,
        readOnly,
        durability: "memory",
        syncIntervalMs: 1,
        compression: true,
        checkpoint: "commit",
        maxCached: 1,
      }),
    weight: 1,
    lost: "with the process",
    journaled: true,
  },
  {
    name: "hooks",
    path: fileIn,
    open: (dir, files) => hooked(dir, files),
    weight: 2,
    lost: "never",
    journaled: false,
    hooked: true,
  },
  {
    name: "hooks, gzip",
    path: fileIn,
    open: (dir, files) => hooked(dir, files, true),
    weight: 2,
    lost: "never",
    journaled: false,
    hooked: true,
  },
];

/** Those that know about files. */
export const IN_FILES: readonly StorageCase[] = STORAGES.filter(({ hooked }) => hooked !== true);

export function storageNamed(name: string): StorageCase {
  const found = STORAGES.find((each) => each.name === name);
  if (found === undefined)
    throw new RangeError(`no storage "${name}"; there are: ${STORAGES.map((each) => each.name).join("; ")}`);
  return found;
}

/** Whether the newest acknowledged writes may be missing after a power cut, or else after the process was killed. */
export function mayLose({ lost }: StorageCase, isPowerCut: boolean): boolean {
  return lost === "with the process" || (isPowerCut && lost === "at a power cut");
}
