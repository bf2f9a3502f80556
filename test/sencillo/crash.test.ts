/**
 * Power cuts and kills before every call that changes the disk, in every layout, with and without a log: what is there then is
 * what some commit left, with every acknowledged one. The same after a call that the disk refused. TENON_SENCILLO_CRASHES: workloads a mode; the seed is in each message.
 */
import { describe, expect, test } from "vitest";
import { StorageError } from "../../src/base/errors.js";
import { folderLayout } from "../../src/sencillo/folder-layout.js";
import type { Layout } from "../../src/sencillo/layout.js";
import { shardLayout } from "../../src/sencillo/shard-layout.js";
import { singleLayout } from "../../src/sencillo/single-layout.js";
import { SencilloStore } from "../../src/sencillo/store.js";
import { Tx } from "../../src/sencillo/tx.js";
import type { Dynamic, Transaction } from "../../src/sencillo/types.js";
import { Work } from "../../src/sencillo/work.js";
import type { Files } from "../../src/storage/files/files.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { Random } from "../differential/random.js";

const WORKLOADS = Number(process.env.TENON_SENCILLO_CRASHES ?? 4);
const STEPS = 14;
const BUCKETS = ["a", "b", "7"];
const COLLECTIONS = ["c", "D"];
const EMPTY = JSON.stringify(COLLECTIONS.map(() => null));
const SETTINGS = { regexTimeoutMs: 1000, stableIds: false };

interface Mode {
  readonly layout: (files: Files) => Layout;
  readonly log: boolean;
  readonly maxCacheSize: number;
}

const single = (compression: boolean) => (files: Files) =>
  singleLayout({ files, path: "/data/db.json", compression, load: null, save: null });
const folder = (files: Files) => folderLayout({ files, folder: "/data", compression: false });
const shards = (compression: boolean) => (files: Files) => shardLayout({ files, folder: "/data", compression });

const MODES: Readonly<Record<string, Mode>> = {
  file: { layout: single(false), log: false, maxCacheSize: 0 },
  "file, log": { layout: single(false), log: true, maxCacheSize: 0 },
  folder: { layout: folder, log: false, maxCacheSize: 0 },
  "folder, log": { layout: folder, log: true, maxCacheSize: 0 },
  shards: { layout: shards(false), log: false, maxCacheSize: 0 },
  "shards, two in memory": { layout: shards(false), log: false, maxCacheSize: 2 },
  "shards, gzip, log": { layout: shards(true), log: true, maxCacheSize: 0 },
  "shards, log, two in memory": { layout: shards(false), log: true, maxCacheSize: 2 },
};

async function opened({ layout, log, maxCacheSize }: Mode, files: Files): Promise<SencilloStore> {
  const store = new SencilloStore({
    ...{ files, layout: layout(files), log, maxCacheSize },
    durability: "strict",
    // Folded now and then.
    logBytes: 1500,
  });
  // SencilloDB's constructor makes it.
  await files.makeDir("/data");
  await store.open();
  return store;
}

/** As SencilloDB runs it. Resolves when the changes are visible, to what is to be waited for. */
async function run(store: SencilloStore, callback: (tx: Transaction) => Promise<unknown>) {
  const work = new Work(store);
  const tx = new Tx(store, work, SETTINGS, null);
  await tx.play(callback);
  const changes = work.changes();
  await store.prepare(changes);
  return { durable: store.commit(changes, tx.operations) };
}

/** All that can be asked, as text: collections, buckets in their order, look-ups by index. */
async function textOf(store: SencilloStore): Promise<string> {
  const found: unknown[] = [];
  await run(store, async (tx) => {
    for (const collection of COLLECTIONS) {
      const all = await tx.findMany({ collection }).catch(ifDisk);
      found.push(all);
      if (all === null) continue;
      for (const index of BUCKETS) found.push(await tx.findMany({ collection, index }).catch(ifDisk));
      for (let n = 0; n < 4; n++) {
        const known = await tx.findMany({ collection, filter: { n } });
        found.push(known.map(({ _id }: Dynamic) => _id));
      }
    }
  });
  return JSON.stringify(found);
}

async function operation(tx: Transaction, random: Random): Promise<void> {
  const collection = random.pick(COLLECTIONS);
  const index = random.pick(BUCKETS);
  const data = { n: random.int(0, 3), text: "x".repeat(random.int(0, 200)) };
  const _id = random.int(1, 8);
  switch (random.int(0, 9)) {
    case 0:
      return void (await tx.update({ collection, _id, data }));
    case 1:
      return void (await tx.update({ collection, _id, data, index: { new: index } }));
    case 2:
      return void (await tx.destroy({ collection, _id }));
    case 3:
      return void (await tx.ensureIndex({ collection, field: "n" }));
    case 4:
      return random.int(0, 2) === 0 ? tx.dropCollection({ collection }) : tx.dropIndex({ collection, index });
    case 5:
      return tx.rewriteCollection({ collection, index: (doc: Dynamic) => BUCKETS[doc.n % 3]! });
    case 6:
      return void (await tx.createMany({ collection, index, data: [data, { ...data, n: 0 }] }));
    default:
      return void (await tx.create({ collection, index, data }));
  }
}

interface Image {
  readonly disk: MemoryDisk;
  readonly least: number;
  readonly most: number;
  readonly where: string;
}

interface Played {
  readonly images: readonly Image[];
  readonly states: readonly string[];
  readonly calls: number;
  /** What the disk's error became. */
  readonly error: unknown;
}

/** A workload, and the disk as it could be found at any moment of it. `failing`: the call that the disk refuses. */
async function played(mode: Mode, seed: number, failing?: number): Promise<Played> {
  const random = new Random(seed);
  const images: Image[] = [];
  let acknowledged = 0;
  let attempted = 0;
  let error: unknown = null;
  const disk: MemoryDisk = new MemoryDisk({
    fault: ({ number, operation, path }) => {
      if (number === failing) return number % 2 === 0 ? "EIO" : "ENOSPC";
      if (/^(read|list|size|close)$/.test(operation) || (failing !== undefined && number < failing)) return null;
      for (const cut of [null, number * 2, number * 2 + 1]) {
        const where = `seed ${seed}, cut ${cut} before call ${number} (${operation} ${path})`;
        images.push({ disk: disk.crash(cut), least: acknowledged, most: attempted, where });
      }
      return null;
    },
  });
  const states = [EMPTY];
  let store: SencilloStore | null = null;
  try {
    store = await opened(mode, disk.files);
    for (let step = 0; step < STEPS; step++) {
      if (random.int(0, 5) === 0) await store.compact();
      const waiting: Promise<void>[] = [];
      const together = random.int(1, 3);
      for (let n = 0; n < together; n++) {
        attempted++;
        const { durable } = await run(store, async (tx) => {
          const operations = random.int(1, 3);
          for (let each = 0; each < operations; each++) await operation(tx, random).catch(ifDisk);
        });
        durable?.catch(() => {});
        if (durable !== null) waiting.push(durable);
        states.push(await textOf(store));
      }
      await Promise.all(waiting);
      acknowledged = attempted;
    }
  } catch (thrown) {
    error = thrown;
    if (failing === undefined) throw thrown;
  }
  await store?.close().catch(() => {});
  if (failing !== undefined) {
    for (const cut of [null, 1, 2, 3]) {
      const where = `seed ${seed}, call ${failing} failed, cut ${cut} at the end`;
      images.push({ disk: disk.crash(cut), least: acknowledged, most: attempted, where });
    }
  }
  return { images, states, calls: disk.calls, error };
}

/** Operations may be refused for what they ask; the disk's errors are no such reason. */
function ifDisk(error: unknown): null {
  if (error instanceof StorageError) throw error;
  return null;
}

/** Each image holds what some commit left, with every acknowledged one. The number of different ones. */
async function judge(mode: Mode, { images, states }: Played): Promise<number> {
  const found = new Map<string, string>();
  for (const { disk, least, most, where } of images) {
    const digest = disk.digest();
    let text = found.get(digest);
    if (text === undefined) {
      const again = await opened(mode, disk.files).catch((cause: unknown) => {
        throw new TypeError(where, { cause });
      });
      text = await textOf(again);
      await again.close();
      found.set(digest, text);
    }
    const at = states.lastIndexOf(text, most);
    expect(at, `${where}: ${text}`).toBeGreaterThanOrEqual(least);
  }
  return found.size;
}

describe.each(Object.entries(MODES))("%s", (_, mode) => {
  test(`${WORKLOADS} workloads, cut before every call`, { timeout: WORKLOADS * 60_000 }, async () => {
    for (let seed = 1; seed <= WORKLOADS; seed++)
      expect(await judge(mode, await played(mode, seed))).toBeGreaterThan(20);
  });

  test(`${WORKLOADS * 5} workloads on a disk that refuses a call`, { timeout: WORKLOADS * 60_000 }, async () => {
    let refused = 0;
    for (let seed = 1; seed <= WORKLOADS * 5; seed++) {
      // The same on a sound disk says what each commit makes of it.
      const { calls, states } = await played(mode, seed, Number.POSITIVE_INFINITY);
      const failing = new Random(seed * 7 + 1).int(1, calls);
      const failed = await played(mode, seed, failing);
      if (failed.error !== null) {
        expect(failed.error, `seed ${seed}, call ${failing}`).toBeInstanceOf(StorageError);
        refused++;
      }
      await judge(mode, { ...failed, states });
    }
    expect(refused).toBeGreaterThan(WORKLOADS * 2);
  });
});
