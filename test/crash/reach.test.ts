/**
 * A journal that ends before one of the data files: something is missing that was acknowledged. Checkpoints are stopped at every
 * call, the journal is cut at every length, and each opening, by a writer or a reader, either shows a state that was committed,
 * whole and to the end, or is refused at once with every byte left as it was.
 */
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../src/base/errors.js";
import type { Doc } from "../../src/schema/model.js";
import { file } from "../../src/storage/file/file.js";
import type { Files } from "../../src/storage/files/files.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { folder } from "../../src/storage/folder/folder.js";
import { shards } from "../../src/storage/shards/shards.js";
import type { Mutation, Space, Store } from "../../src/storage/store.js";
import { dump, meta, posts, put, users } from "../storage/support.js";

type Open = (files: Files, readOnly?: boolean) => Store;

const split: Space = { ...posts, partition: { field: "part", of: (doc: Doc) => String(doc.part) } };
const SPACES: readonly Space[] = [split, { ...users, derive: [] }, meta];
const JOURNAL_HEADER = 28;

const CASES: Readonly<Record<string, Open>> = {
  file: (files, readOnly) => file("/data/db.json", { files, readOnly }),
  "file, gzip": (files, readOnly) => file("/data/db.json", { files, readOnly, compression: true }),
  folder: (files, readOnly) => folder("/data", { files, readOnly }),
  "folder, gzip": (files, readOnly) => folder("/data", { files, readOnly, compression: true }),
  shards: (files, readOnly) => shards("/data", { files, readOnly }),
  "shards, gzip": (files, readOnly) => shards("/data", { files, readOnly, compression: true }),
};

/** Of the same length whatever the number: a file that was written anew has the size that its list names. */
const round = (n: number): Mutation[] => [
  put("posts", 1, { part: 1, n }),
  put("posts", 2, { part: 2, n }),
  put("users", 1, { n }),
];

interface Stopped {
  readonly disk: MemoryDisk;
  readonly where: string;
}

/** Rounds 1 and 2 are in the files, 3 to 5 in the journal, and a checkpoint is stopped at each call. */
async function stopped(
  open: Open,
): Promise<{ readonly images: readonly Stopped[]; readonly states: readonly string[] }> {
  const images: Stopped[] = [];
  let watching = false;
  const disk: MemoryDisk = new MemoryDisk({
    fault: ({ operation, path }) => {
      if (watching) images.push({ disk: disk.crash(null), where: `${operation} ${path}` });
      return null;
    },
  });
  const store = open(disk.files);
  await store.open(SPACES);
  const states: string[] = [await textOf(store)];
  for (let n = 1; n <= 5; n++) {
    await store.commit(round(n));
    states.push(await textOf(store));
    if (n === 2) await store.compact();
  }
  watching = true;
  await store.compact();
  watching = false;
  await store.close();
  return { images, states };
}

async function textOf(store: Store): Promise<string> {
  return JSON.stringify(await dump(store, SPACES));
}

/** Locks come and go with the process. */
function bytesOf(disk: MemoryDisk): ReadonlyMap<string, string> {
  const paths = disk.paths().filter((path) => !/\.(lock|claim)$/.test(path));
  return new Map(paths.map((path) => [path, Buffer.from(disk.peek(path)!).toString("hex")]));
}

/** What the opener sees, or null when it is refused. */
async function seen(open: Open, disk: MemoryDisk, readOnly: boolean): Promise<string | null> {
  const before = bytesOf(disk);
  const store = open(disk.files, readOnly);
  try {
    await store.open(SPACES);
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    expect(error.meta.file).toBeTypeOf("string");
    expect(bytesOf(disk), `refused (${error.message}), but changed`).toEqual(before);
    return null;
  }
  try {
    return await textOf(store);
  } finally {
    await store.close();
    if (readOnly) expect(bytesOf(disk)).toEqual(before);
  }
}

describe.each(Object.entries(CASES))("%s", (name, open) => {
  test("a journal cut short beside a checkpoint that was stopped", { timeout: 120_000 }, async () => {
    const { images, states } = await stopped(open);
    let refused = 0;
    for (const { disk, where } of images) {
      const journal = disk.paths().find((path) => path.endsWith(".journal"))!;
      const whole = disk.peek(journal)!;
      for (const length of new Set([
        whole.length,
        whole.length - 1,
        whole.length - 200,
        JOURNAL_HEADER + 1,
        JOURNAL_HEADER,
      ])) {
        if (length < JOURNAL_HEADER || length > whole.length) continue;
        const at = `${where}, journal of ${length} bytes out of ${whole.length}`;
        const damaged = (): MemoryDisk => {
          const copy = disk.crash(null);
          copy.put(journal, whole.slice(0, length));
          return copy;
        };
        const asReader = await seen(open, damaged(), true);
        const asWriter = await seen(open, damaged(), false);
        expect(asReader, at).toEqual(asWriter);
        if (asWriter === null) refused++;
        else expect(states, at).toContain(asWriter);
        if (length === whole.length) expect(asWriter, at).toBe(states.at(-1));
      }
    }
    // One file holds all or nothing of a checkpoint: nothing can be newer than the rest.
    if (!name.startsWith("file")) expect(refused).toBeGreaterThan(5);
  });
});
