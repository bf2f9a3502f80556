/** Checks the constructor's options, and makes the layout that they ask for. */
import { resolve } from "node:path";
import { ConfigError } from "../base/errors.js";
import { suggestion } from "../base/suggest.js";
import { nodeFiles } from "../storage/files/node.js";
import type { Durability } from "../storage/journal.js";
import { folderLayout } from "./folder-layout.js";
import type { Layout } from "./layout.js";
import { shardLayout } from "./shard-layout.js";
import { singleLayout } from "./single-layout.js";
import type { SencilloConfig } from "./types.js";

const DURABILITIES = ["strict", "relaxed", "memory"];

const CHECKS: Readonly<Record<keyof SencilloConfig, (value: unknown) => boolean>> = {
  file: (value) => typeof value === "string" && value !== "",
  folder: (value) => typeof value === "string",
  loadHook: (value) => typeof value === "function",
  saveHook: (value) => typeof value === "function",
  aof: () => true,
  compression: () => true,
  sharding: () => true,
  maxCacheSize: (value) => typeof value === "number" && value >= 0,
  durability: (value) => DURABILITIES.includes(value as string),
  stableIds: (value) => typeof value === "boolean",
  salvage: (value) => typeof value === "boolean",
  regexTimeoutMs: (value) => typeof value === "number" && value > 0,
};

export interface Settings {
  readonly file: string;
  readonly folder: string | null;
  readonly load: (() => Promise<string> | string) | null;
  readonly save: ((json: string) => Promise<void> | void) | null;
  readonly log: boolean;
  readonly compression: boolean;
  readonly sharding: boolean;
  readonly maxCacheSize: number;
  readonly durability: Durability;
  readonly stableIds: boolean;
  readonly salvage: boolean;
  readonly regexTimeoutMs: number;
}

export function settingsOf(config: SencilloConfig): Settings {
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new ConfigError("CONFIG.INVALID", `SencilloDB has no option "${name}"`, {
        fix: suggestion(name, Object.keys(CHECKS)),
      });
    }
    // null stood for "not given" in SencilloDB.
    if (value !== undefined && value !== null && !CHECKS[name as keyof SencilloConfig](value)) {
      throw new ConfigError("CONFIG.INVALID", `The option "${name}" of SencilloDB has a value that makes no sense`, {
        meta: { option: name },
      });
    }
  }
  const folder = config.folder ? resolve(config.folder) : null;
  if (config.sharding && folder === null) {
    throw new ConfigError("CONFIG.INVALID", "Sharding requires folder mode to be enabled.");
  }
  return {
    file: resolve(config.file ?? "./sencillo.json"),
    folder,
    load: folder === null ? (config.loadHook ?? null) : null,
    save: folder === null ? (config.saveHook ?? null) : null,
    log: Boolean(config.aof),
    compression: Boolean(config.compression),
    sharding: Boolean(config.sharding),
    maxCacheSize: folder === null ? 0 : (config.maxCacheSize ?? 0),
    durability: config.durability ?? "strict",
    stableIds: config.stableIds ?? false,
    salvage: config.salvage ?? false,
    regexTimeoutMs: config.regexTimeoutMs ?? 1000,
  };
}

export function layoutOf(settings: Settings): Layout {
  const { folder, file, compression, load, save, sharding } = settings;
  if (folder === null) return singleLayout({ files: nodeFiles, path: file, compression, load, save });
  return (sharding ? shardLayout : folderLayout)({ files: nodeFiles, folder, compression });
}
