/** Options that `folder` and `shards` share, checked, and the store that they ask for. */
import { ConfigError } from "../../base/errors.js";
import type { Files } from "../files/files.js";
import { nodeFiles } from "../files/node.js";
import type { Durability } from "../journal.js";
import type { Store } from "../store.js";
import type { LayoutKind } from "./part-disk.js";
import { type PartSettings, PartStore } from "./part-store.js";
import { ReadOnlyParts } from "./read-only.js";

export interface FolderOptions {
  /**
   * When a write resolves. `"strict"` (default): once it is on disk. `"relaxed"`: once the operating system has it; it is on
   * disk at most `syncIntervalMs` later. `"memory"`: at once; it is written and synced that much later.
   */
  readonly durability?: Durability | undefined;
  /** `"auto"` (default): changed files are written when the journal has grown, and on close. `"commit"`: after every commit. */
  readonly checkpoint?: "auto" | "commit" | undefined;
  /** Packs the files with gzip. Existing ones are read either way. */
  readonly compression?: boolean | undefined;
  /** For `"relaxed"` and `"memory"`: milliseconds until what was written is synced. Default 100. */
  readonly syncIntervalMs?: number | undefined;
  /** A checkpoint is due once the journal is larger than this. Default 4 MB. */
  readonly checkpointBytes?: number | undefined;
  /** Memory for what was loaded and not changed since, estimated. Default 256 MB. */
  readonly cacheBytes?: number | undefined;
  /** Most files kept in memory at a time, beside changed ones. Default: only `cacheBytes` counts. */
  readonly maxCached?: number | undefined;
  /** Reads what is there now, beside a process that writes; takes no lock and refuses writes. Default false. */
  readonly readOnly?: boolean | undefined;
  /** The file system; for tests. */
  readonly files?: Files | undefined;
}

const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0;

const CHECKS: Readonly<Record<keyof FolderOptions, (value: unknown) => boolean>> = {
  durability: (value) => value === "strict" || value === "relaxed" || value === "memory",
  checkpoint: (value) => value === "auto" || value === "commit",
  compression: (value) => typeof value === "boolean",
  syncIntervalMs: isCount,
  checkpointBytes: isCount,
  cacheBytes: isCount,
  maxCached: (value) => isCount(value) && Number.isInteger(value),
  readOnly: (value) => typeof value === "boolean",
  files: (value) => typeof value === "object" && value !== null,
};

/** The store that `folder()` and `shards()` give. */
export function partStore(layout: LayoutKind, path: string, options: FolderOptions): Store {
  const settings = partSettings(layout, path, options);
  return settings.readOnly
    ? new ReadOnlyParts(`${layout}(${path}, read only)`, settings)
    : new PartStore(`${layout}(${path})`, settings);
}

function partSettings(layout: LayoutKind, path: string, options: FolderOptions): PartSettings {
  if (typeof path !== "string" || path === "") {
    throw new ConfigError("CONFIG.INVALID", `${layout}() needs the path of a folder`, { fix: `${layout}("data")` });
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      const known = Object.keys(CHECKS).join(", ");
      throw new ConfigError("CONFIG.INVALID", `${layout}() has no option "${name}"`, { fix: `use one of: ${known}` });
    }
    if (value !== undefined && !CHECKS[name as keyof FolderOptions](value)) {
      throw new ConfigError("CONFIG.INVALID", `${layout}(): the option "${name}" cannot be ${JSON.stringify(value)}`);
    }
  }
  return {
    folder: path,
    layout,
    durability: options.durability ?? "strict",
    checkpoint: options.checkpoint ?? "auto",
    compression: options.compression ?? false,
    syncIntervalMs: options.syncIntervalMs ?? 100,
    checkpointBytes: options.checkpointBytes ?? 4 * 1024 * 1024,
    cacheBytes: options.cacheBytes ?? 256 * 1024 * 1024,
    maxCached: options.maxCached ?? 0,
    readOnly: options.readOnly ?? false,
    files: options.files ?? nodeFiles,
  };
}
