/**
 * A folder per collection, a file per bucket. `meta.json` says which buckets there are, where each `_id` is and what the
 * indexes hold, so that only the buckets that are needed are loaded; it is written last. A collection that SencilloDB wrote,
 * or that is one file, is loaded as a whole once, and written in this form with its next change.
 */
import { dirname, join } from "node:path";
import type { Files } from "../storage/files/files.js";
import { buildMeta, keptOf, type Order, placed, treeOf } from "./collection.js";
import { bucketsOf, fieldsText, idMapText, orderOf, statsText, writeDocuments } from "./collection-text.js";
import { type FolderSettings, loadWhole } from "./folder-layout.js";
import { parseSpace, RECORD_KEY, spaces } from "./keys.js";
import type { FileChange, Layout, Loaded, Trees } from "./layout.js";
import { fileNameOf } from "./names.js";
import { loadShards, readMeta, readShard, shardFiles, shardFolder } from "./shard-files.js";
import { emptyTree } from "./single-layout.js";
import { removeTemporary } from "./temporary.js";
import { checkOf, HEAD, packed, sealed, TextWriter } from "./text.js";

/** Moves of a shard that was edited by hand are numbered above those that meta.json counts. */
const MANY = 2 ** 40;

/** What meta.json says of the shards, loaded or not. */
interface Known {
  readonly checks: Map<string, string>;
  readonly orders: Map<string, Order>;
}

export function shardLayout(settings: FolderSettings): Layout {
  return new ShardLayout(settings);
}

const metaPartition = (collection: string): string => `m${collection}`;
const shardPartition = (collection: string, no: string): string => `d${no}:${collection}`;

class ShardLayout implements Layout {
  readonly name: string;
  readonly lock: string;
  readonly log: string;
  readonly intent: string;
  readonly #settings: FolderSettings;
  readonly #files: Files;
  readonly #known = new Map<string, Known>();
  /** Names of buckets by number, as meta.json has them. */
  readonly #names = new Map<string, ReadonlyMap<string, string>>();
  /** Collections in whose folder nothing is left over: what was there has been looked for. */
  readonly #tidy = new Set<string>();
  /** Folders that are there. */
  readonly #made = new Set<string>();

  constructor(settings: FolderSettings) {
    const { folder, files } = settings;
    this.#settings = settings;
    this.#files = files;
    this.name = folder;
    this.lock = join(folder, "log.lock");
    this.log = join(folder, "log.aof");
    this.intent = join(folder, "log.intent");
  }

  async prepare(): Promise<void> {
    const { folder } = this.#settings;
    await this.#files.makeDir(folder);
    await removeTemporary(this.#files, folder);
  }

  partitionOf(space: string): string {
    const { collection, no } = parseSpace(space);
    return no === null ? metaPartition(collection) : shardPartition(collection, no);
  }

  /** meta.json is small beside its shards; but a collection without any is an entry, too. */
  counts(partition: string): boolean {
    return partition.startsWith("d");
  }

  before(partition: string): string | null {
    return partition.startsWith("d") ? metaPartition(parseSpace(partition).collection) : null;
  }

  async load(partition: string): Promise<Loaded | null> {
    if (partition.startsWith("d")) return this.#loadShard(partition);
    const collection = partition.slice(1);
    const { folder } = this.#settings;
    const dir = await shardFolder(this.#files, folder, collection);
    const meta = await readMeta(this.#files, dir);
    if (meta === null) {
      const whole = await loadWhole(this.#settings, collection);
      if (whole === null) return null;
      return { partitions: this.#split(collection, whole.trees), foreign: true, stale: [whole.path] };
    }
    if (!meta.ours || keptOf(meta.entries).shards === undefined) {
      const sharded = (await loadShards(this.#files, folder, collection))!;
      return { partitions: this.#split(collection, sharded.trees), foreign: true, stale: sharded.paths };
    }
    const { shards, order, buckets } = keptOf(meta.entries);
    this.#names.set(collection, new Map((buckets ?? []).map(([name, no]) => [no, name])));
    this.#known.set(collection, {
      checks: new Map(Object.entries(shards ?? {})),
      orders: new Map(Object.entries(order ?? {})),
    });
    const built = buildMeta(meta.entries);
    const trees: Trees = new Map([
      [spaces.meta(collection), built.meta],
      [spaces.ids(collection), built.ids],
      [spaces.indexes(collection), built.indexes],
    ]);
    return { partitions: new Map([[partition, trees]]), foreign: false, stale: [] };
  }

  async #loadShard(partition: string): Promise<Loaded | null> {
    const { collection, no } = parseSpace(partition);
    const known = this.#known.get(collection);
    const name = this.#names.get(collection)?.get(no!);
    if (known === undefined || name === undefined) return null;
    const dir = await shardFolder(this.#files, this.#settings.folder, collection);
    for (const path of this.#paths(dir, name)) {
      const docs = await readShard(this.#files, path, known.checks.get(no!));
      if (docs === null) continue;
      const found = placed(docs, known.orders.get(no!) ?? [], { count: MANY }, path);
      const trees: Trees = new Map([
        [spaces.docs(collection, no!), treeOf(found.docs)],
        [spaces.places(collection, no!), treeOf(found.places)],
      ]);
      const wanted = this.#paths(dir, name)[0];
      return {
        partitions: new Map([[partition, trees]]),
        foreign: path !== wanted,
        stale: path === wanted ? [] : [path],
      };
    }
    return null;
  }

  #paths(dir: string, bucket: string): string[] {
    const suffixes = this.#settings.compression ? [".json.gz", ".json"] : [".json", ".json.gz"];
    return suffixes.map((suffix) => join(dir, `shard_${fileNameOf(bucket)}${suffix}`));
  }

  /** A whole collection as its partitions. */
  #split(collection: string, trees: Trees): Map<string, Trees> {
    const partitions = new Map<string, Trees>();
    for (const [space, tree] of trees) {
      const partition = this.partitionOf(space);
      const part = partitions.get(partition) ?? new Map();
      part.set(space, tree);
      partitions.set(partition, part);
    }
    this.#known.set(collection, { checks: new Map(), orders: new Map() });
    return partitions;
  }

  async render(
    changed: ReadonlyMap<string, Trees>,
    treesOf: (partition: string) => Promise<Trees>,
  ): Promise<FileChange[]> {
    const shards: FileChange[] = [];
    const metas: FileChange[] = [];
    const collections = new Set([...changed.keys()].map((partition) => collectionIn(partition)));
    for (const collection of collections) {
      const meta = changed.get(metaPartition(collection)) ?? (await treesOf(metaPartition(collection)));
      await this.#renderCollection(collection, meta, changed, shards, metas);
    }
    return [...shards, ...metas];
  }

  async #renderCollection(
    collection: string,
    metaTrees: Trees,
    changed: ReadonlyMap<string, Trees>,
    shards: FileChange[],
    metas: FileChange[],
  ): Promise<void> {
    const dir = join(this.#settings.folder, fileNameOf(collection));
    const meta = metaTrees.get(spaces.meta(collection)) ?? emptyTree();
    const buckets = bucketsOf(meta);
    const before = this.#known.get(collection) ?? {
      checks: new Map<string, string>(),
      orders: new Map<string, Order>(),
    };
    const known: Known = { checks: new Map(before.checks), orders: new Map(before.orders) };
    for (const { name, no } of buckets) {
      const path = this.#paths(dir, name)[0]!;
      const trees = changed.get(shardPartition(collection, no));
      if (trees === undefined && known.checks.has(no)) continue;
      const docs = trees?.get(spaces.docs(collection, no));
      const out = new TextWriter();
      await out.add("[\n");
      await writeDocuments(out, docs);
      await out.add("]\n");
      const bytes = out.bytes();
      known.checks.set(no, checkOf(bytes));
      known.orders.set(no, orderOf(docs, trees?.get(spaces.places(collection, no))));
      shards.push({ path, bytes: await packed(bytes, this.#settings.compression) });
    }
    const numbers = new Set(buckets.map(({ no }) => no));
    for (const map of [known.checks, known.orders] as Map<string, unknown>[]) {
      for (const no of [...map.keys()]) if (!numbers.has(no)) map.delete(no);
    }
    const leftOver = await this.#leftOver(collection, dir, new Set(buckets.map(({ name }) => name)));
    this.#known.set(collection, known);
    this.#names.set(collection, new Map(buckets.map(({ name, no }) => [no, name])));
    if (!meta.has(RECORD_KEY)) {
      // meta.json first: what is left of the shards without it is nothing.
      metas.push({ path: join(dir, "meta.json"), bytes: null });
      for (const path of leftOver) metas.push({ path, bytes: null });
      return;
    }
    const kept: Record<string, string> = Object.fromEntries(known.checks);
    const part = { meta, ids: metaTrees.get(spaces.ids(collection)) ?? emptyTree() };
    const fields = fieldsText({ meta, indexes: metaTrees.get(spaces.indexes(collection)) ?? emptyTree() }, true);
    const lines = [statsText(meta, [...known.orders], kept), idMapText(part), ...(fields === null ? [] : [fields])];
    metas.push({ path: join(dir, "meta.json"), bytes: sealed(Buffer.from(`${HEAD}${lines.join(",\n")},\n`)) });
    for (const path of leftOver) metas.push({ path, bytes: null });
  }

  /** Files of buckets that are no more. */
  async #leftOver(collection: string, dir: string, buckets: ReadonlySet<string>): Promise<string[]> {
    if (this.#tidy.has(collection)) {
      const names = [...(this.#names.get(collection)?.values() ?? [])];
      return names.filter((name) => !buckets.has(name)).map((name) => this.#paths(dir, name)[0]!);
    }
    this.#tidy.add(collection);
    await removeTemporary(this.#files, dir);
    const wanted = new Set([...buckets].map((name) => this.#paths(dir, name)[0]!));
    const found = await shardFiles(this.#files, dir);
    return found.filter(({ bucket, path }) => !buckets.has(bucket) && !wanted.has(path)).map(({ path }) => path);
  }

  async apply({ path, bytes }: FileChange): Promise<void> {
    if (bytes === null) await this.#files.remove(path);
    else {
      const dir = dirname(path);
      if (!this.#made.has(dir)) await this.#files.makeDir(dir);
      this.#made.add(dir);
      await this.#files.replace(path, [bytes]);
    }
  }
}

function collectionIn(partition: string): string {
  return partition.startsWith("m") ? partition.slice(1) : parseSpace(partition).collection;
}
