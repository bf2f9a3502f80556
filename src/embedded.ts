/** The embedded engine and its storages: one line per storage. */
export { type EmbeddedOptions, embedded } from "./engine/embedded/engine.js";
export { type RepairReport, repairDatabase } from "./engine/embedded/repair.js";
export { type VerifyReport, verifyDatabase } from "./engine/embedded/verify.js";
export { type FileOptions, file } from "./storage/file/file.js";
export { folder } from "./storage/folder/folder.js";
export { type Hooks, type HooksOptions, hooks } from "./storage/hooks/hooks.js";
export { memory } from "./storage/memory/memory.js";
export type { FolderOptions } from "./storage/parts/options.js";
export { shards } from "./storage/shards/shards.js";
