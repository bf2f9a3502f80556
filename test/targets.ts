/**
 * Every engine over every storage, one entry each. The conformance suite runs every spec on every target; the differential
 * campaign compares every target with the reference. A new engine or storage is one entry here (the compliance test asks for it).
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded, file, folder, hooks, memory, shards } from "../src/embedded.js";
import type { Store } from "../src/storage/store.js";
import { REFERENCE_CAPABILITIES, referenceEngine } from "./support/reference-engine.js";
import { SQL_TARGETS } from "./support/sql-targets.js";
import type { Place, Target } from "./support/target.js";

export const REFERENCE: Target = {
  name: "reference",
  factories: [],
  capabilities: { ...REFERENCE_CAPABILITIES, reopens: false },
  place: async () => ({ engine: referenceEngine, dispose: async () => undefined }),
};

const onMemory: Target = {
  name: "embedded, memory",
  factories: ["embedded", "memory"],
  capabilities: { isolation: "serializable", writers: "one", durable: false, reopens: false },
  place: async () => ({ engine: () => embedded({ storage: memory() }), dispose: async () => undefined }),
};

async function placeIn(storage: (folder: string) => Store, from?: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-test-"));
  // The lock is the running process's, and temporary files of a checkpoint go while they are copied.
  const kept = (path: string): boolean => !/\.(lock|tmp)$/.test(path);
  if (from !== undefined) await cp(from, folder, { recursive: true, filter: kept });
  return {
    engine: () => embedded({ storage: storage(folder) }),
    copy: () => placeIn(storage, folder),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The embedded engine over files in a folder of its own. */
function onFiles(name: string, factory: string, durable: boolean, storage: (folder: string) => Store): Target {
  return {
    name: `embedded, ${name}`,
    factories: ["embedded", factory],
    capabilities: { isolation: "serializable", writers: "one", durable, reopens: true },
    place: () => placeIn(storage),
  };
}

/** The embedded engine over an object that two functions load and save. */
function onHooks(name: string, compression: boolean): Target {
  const placeWith = async (from: string | Uint8Array | null): Promise<Place> => {
    let object = from;
    const save = async (saved: string | Uint8Array): Promise<void> => {
      object = saved;
    };
    return {
      engine: () => embedded({ storage: hooks({ load: async () => object, save }, { compression }) }),
      copy: () => placeWith(object),
      dispose: async () => undefined,
    };
  };
  return {
    name: `embedded, ${name}`,
    factories: ["embedded", "hooks"],
    capabilities: { isolation: "serializable", writers: "one", durable: true, reopens: true },
    place: () => placeWith(null),
  };
}

export const EMBEDDED_TARGETS: readonly Target[] = [
  REFERENCE,
  onMemory,
  onFiles("file", "file", true, (folder) => file(join(folder, "db.json"))),
  onFiles("file relaxed", "file", false, (folder) => file(join(folder, "db.json"), { durability: "relaxed" })),
  onFiles("file checkpoint on commit", "file", true, (folder) =>
    file(join(folder, "db.json"), { checkpoint: "commit" }),
  ),
  onHooks("hooks", false),
  onHooks("hooks, packed", true),
  onFiles("folder", "folder", true, (path) => folder(path)),
  onFiles("folder, one file in memory", "folder", true, (path) =>
    folder(path, { maxCached: 1, checkpointBytes: 2000, compression: true }),
  ),
  onFiles("shards", "shards", true, (path) => shards(path, { checkpointBytes: 2000 })),
  onFiles("shards, hardly any memory", "shards", true, (path) =>
    shards(path, { cacheBytes: 2000, checkpointBytes: 2000, durability: "strict" }),
  ),
];

export const TARGETS: readonly Target[] = [...EMBEDDED_TARGETS, ...SQL_TARGETS];
