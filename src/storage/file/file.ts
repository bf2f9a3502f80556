/** Storage in one JSON file. */
import { ConfigError } from "../../base/errors.js";
import type { Files } from "../files/files.js";
import { nodeFiles } from "../files/node.js";
import type { Durability } from "../journal.js";
import { MapStore } from "../map/map-store.js";
import type { Store } from "../store.js";
import { FilePersistence, type FileSettings } from "./file-persistence.js";
import { ReadOnlyFile } from "./read-only.js";

export interface FileOptions {
  /**
   * When a write resolves. `"strict"` (default): once it is on disk. `"relaxed"`: once the operating system has it; it is on
   * disk at most `syncIntervalMs` later. `"memory"`: at once; it is written and synced that much later.
   */
  readonly durability?: Durability | undefined;
  /** `"auto"` (default): the JSON file is rewritten when the journal has grown, and on close. `"commit"`: after every commit. */
  readonly checkpoint?: "auto" | "commit" | undefined;
  /** Packs the JSON file with gzip. An existing file is read either way. */
  readonly compression?: boolean | undefined;
  /** For `"relaxed"` and `"memory"`: milliseconds until what was written is synced. Default 100. */
  readonly syncIntervalMs?: number | undefined;
  /** The journal is folded in once it is larger than this and than the JSON file. Default 4 MB. */
  readonly checkpointBytes?: number | undefined;
  /** Reads what is there now, beside a process that writes; takes no lock and refuses writes. Default false. */
  readonly readOnly?: boolean | undefined;
  /** The file system; for tests. */
  readonly files?: Files | undefined;
}

const CHECKS: Readonly<Record<keyof FileOptions, (value: unknown) => boolean>> = {
  durability: (value) => value === "strict" || value === "relaxed" || value === "memory",
  checkpoint: (value) => value === "auto" || value === "commit",
  compression: (value) => typeof value === "boolean",
  syncIntervalMs: (value) => typeof value === "number" && value >= 0,
  checkpointBytes: (value) => typeof value === "number" && value >= 0,
  readOnly: (value) => typeof value === "boolean",
  files: (value) => typeof value === "object" && value !== null,
};

/** A store in the JSON file at `path`, with a journal, a registry and a lock beside it. Give each engine its own. */
export function file(path: string, options: FileOptions = {}): Store {
  if (typeof path !== "string" || path === "") {
    throw new ConfigError("CONFIG.INVALID", "file() needs a path", { fix: 'file("data/db.json")' });
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      const known = Object.keys(CHECKS).join(", ");
      throw new ConfigError("CONFIG.INVALID", `file() has no option "${name}"`, { fix: `use one of: ${known}` });
    }
    if (value !== undefined && !CHECKS[name as keyof FileOptions](value)) {
      throw new ConfigError("CONFIG.INVALID", `file(): the option "${name}" cannot be ${JSON.stringify(value)}`);
    }
  }
  const settings: FileSettings = {
    path,
    durability: options.durability ?? "strict",
    checkpoint: options.checkpoint ?? "auto",
    compression: options.compression ?? false,
    syncIntervalMs: options.syncIntervalMs ?? 100,
    checkpointBytes: options.checkpointBytes ?? 4 * 1024 * 1024,
    files: options.files ?? nodeFiles,
  };
  if (options.readOnly === true) return new MapStore(`file(${path}, read only)`, new ReadOnlyFile(settings));
  return new MapStore(`file(${path})`, new FilePersistence(settings));
}
