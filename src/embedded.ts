/** The embedded engine and its storages: one line per storage. */
export { type EmbeddedOptions, embedded } from "./engine/embedded/engine.js";
export { memory } from "./storage/memory/memory.js";
export { type FileOptions, file } from "./storage/file/file.js";
