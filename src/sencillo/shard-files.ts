/** The files of a sharded collection: `<folder>/<collection>/meta.json`, `shard_<bucket>.json` or `.json.gz`. */
import { join } from "node:path";
import type { Files } from "../storage/files/files.js";
import { buildCollection, escapeBucket, keptOf } from "./collection.js";
import type { Trees } from "./layout.js";
import { fileNameOf, nameOf, rawFileName } from "./names.js";
import { addTrees } from "./single-layout.js";
import { type Entries, malformed, readText } from "./text.js";

const SHARD = /^shard_(.*)\.json(\.gz)?$/s;

/** The folder in which a collection's shards are, or would be. */
export async function shardFolder(files: Files, folder: string, collection: string): Promise<string> {
  const own = join(folder, fileNameOf(collection));
  const raw = rawFileName(collection);
  if (raw === null || raw === fileNameOf(collection)) return own;
  const theirs = join(folder, raw);
  return (await files.size(join(own, "meta.json"))) === null && (await files.size(join(theirs, "meta.json"))) !== null
    ? theirs
    : own;
}

/** meta.json, or null when the collection has none. */
export async function readMeta(
  files: Files,
  dir: string,
): Promise<{ readonly entries: Entries; readonly ours: boolean } | null> {
  const path = join(dir, "meta.json");
  if ((await files.size(path)) === null) return null;
  const content = await files.read(path);
  if (content === null) return null;
  const { entries, ours } = await readText(path, content);
  if (!(entries instanceof Map)) throw malformed(path, "it is a list");
  return { entries, ours };
}

export interface ShardFile {
  readonly bucket: string;
  readonly path: string;
}

export async function shardFiles(files: Files, dir: string): Promise<ShardFile[]> {
  const found: ShardFile[] = [];
  for (const name of await files.list(dir)) {
    const match = SHARD.exec(name);
    if (match !== null) found.push({ bucket: nameOf(match[1]!), path: join(dir, name) });
  }
  return found;
}

/** The documents of a shard; `check`: its checksum by meta.json. */
export async function readShard(files: Files, path: string, check?: string): Promise<readonly unknown[] | null> {
  if ((await files.size(path)) === null) return null;
  const content = await files.read(path);
  if (content === null) return null;
  const { entries } = await readText(path, content, check);
  if (entries instanceof Map) throw malformed(path, "a shard is a list of documents");
  return entries;
}

/** A sharded collection as a whole; null: there is none. Shards written under two names count once, the newer way first. */
export async function loadShards(
  files: Files,
  folder: string,
  collection: string,
): Promise<{ readonly trees: Trees; readonly paths: string[] } | null> {
  const dir = await shardFolder(files, folder, collection);
  const meta = await readMeta(files, dir);
  if (meta === null) return null;
  const entries: Entries = new Map();
  for (const name of ["__stats", "__secondary_indexes"]) {
    if (meta.entries.has(name)) entries.set(name, meta.entries.get(name));
  }
  const paths: string[] = [];
  const kept = meta.ours ? keptOf(meta.entries) : {};
  const numbers = new Map(kept.buckets ?? []);
  for (const { bucket, path } of await shardFiles(files, dir)) {
    paths.push(path);
    const no = numbers.get(bucket);
    if (meta.ours && no === undefined) continue;
    const docs = await readShard(files, path, no === undefined ? undefined : kept.shards?.[no]);
    const written = meta.ours ? escapeBucket(bucket) : bucket;
    if (docs !== null && !entries.has(written)) entries.set(written, docs);
  }
  const trees: Trees = new Map();
  addTrees(trees, collection, buildCollection(entries, meta.ours, dir));
  // meta.json goes first: without it the shards are no longer a collection.
  return { trees, paths: [join(dir, "meta.json"), ...paths] };
}
