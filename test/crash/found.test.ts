/** What the campaigns found, each as the smallest case that shows it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, CorruptionError, LockedError } from "../../src/base/errors.js";
import { embedded } from "../../src/engine/embedded/engine.js";
import type { Doc } from "../../src/schema/model.js";
import { file } from "../../src/storage/file/file.js";
import { acquireLock } from "../../src/storage/files/lock.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { nodeFiles } from "../../src/storage/files/node.js";
import { folder } from "../../src/storage/folder/folder.js";
import { HEAD_BYTES } from "../../src/storage/record.js";
import { shards } from "../../src/storage/shards/shards.js";
import { insert } from "../engine/support.js";
import { dump, key, meta, posts, put, spaces } from "../storage/support.js";
import { FIRST_SHAPE, opsBetween, versionOf } from "./schemas.js";

describe("crash", () => {
  test("relaxed: the registry is never newer than the commits before it", async () => {
    const options = { durability: "relaxed", syncIntervalMs: 60_000 } as const;
    const disk = new MemoryDisk();
    const store = file("/db.json", { ...options, files: disk.files });
    await store.open(spaces);
    await store.commit([put("posts", 1, { text: "before the change of schema" })]);
    await store.writeRegistry("new schema");
    for (let seed = 1; seed <= 50; seed++) {
      const again = file("/db.json", { ...options, files: disk.crash(seed).files });
      await again.open(spaces);
      expect(await again.readRegistry(), `seed ${seed}`).toBe("new schema");
      expect((await dump(again)).posts, `seed ${seed}`).toHaveLength(1);
    }
    await store.close();
  });

  test.each(["unlink", "open"])(
    "a lock that could not be given back (%s fails) does not lock its own process out",
    async (operation) => {
      let failing = false;
      const disk = new MemoryDisk({ fault: (call) => (failing && call.operation === operation ? "EIO" : null) });
      const lock = await acquireLock(disk, "/db.lock");
      failing = true;
      await lock[Symbol.asyncDispose]();
      failing = false;
      const again = await acquireLock(disk, "/db.lock");
      await expect(acquireLock(disk, "/db.lock")).rejects.toThrow(LockedError);
      await again[Symbol.asyncDispose]();
      expect(disk.paths()).toEqual([]);
    },
  );
});

test.each(["/data", "/data/inner"])(
  "%s: a directory whose parent could not be synced is made durable by the next attempt",
  async (dir) => {
    for (let failing = 1; failing <= 2; failing++) {
      let syncs = 0;
      const disk = new MemoryDisk({
        fault: ({ operation }) => (operation === "syncDir" && ++syncs === failing ? "ENOSPC" : null),
      });
      await disk.files.makeDir(dir).catch(() => {});
      await disk.files.makeDir(dir);
      await disk.files.replace(`${dir}/file`, [Buffer.from("here")]).catch(() => {});
      await disk.files.replace(`${dir}/file`, [Buffer.from("here")]);
      for (let seed = 1; seed <= 50; seed++) {
        expect(disk.crash(seed).peek(`${dir}/file`)?.length, `sync ${failing}, seed ${seed}`).toBe(4);
      }
    }
  },
);

describe("fuzz", () => {
  const PATHS = { data: "/db.json", journal: "/db.journal" };

  /** A database of three commits, the first two in the data file; `text` fills the last one. */
  async function database(text: string): Promise<MemoryDisk> {
    const disk = new MemoryDisk();
    const store = file(PATHS.data, { files: disk.files });
    await store.open(spaces);
    await store.commit([put("posts", 1, { text: "one" })]);
    await store.compact();
    await store.commit([put("posts", 2, { text })]);
    return disk.crash(null);
  }

  /** A journal with so many of the zeros that are kept behind its last record, and where that begins and ends. */
  function journalOf(disk: MemoryDisk, zeros: number): { journal: Uint8Array; start: number; end: number } {
    const bytes = Buffer.from(disk.crash(null).peek(PATHS.journal)!);
    const start = bytes.lastIndexOf("TNRC");
    const end = start + HEAD_BYTES + bytes.readUInt32LE(start + 4);
    expect(bytes.length).toBeGreaterThan(end + zeros);
    return { journal: Uint8Array.from(bytes.subarray(0, end + zeros)), start, end };
  }

  const open = async (disk: MemoryDisk) => {
    const store = file(PATHS.data, { files: disk.files });
    await store.open(spaces);
    return dump(store);
  };

  test.each([PATHS.data, PATHS.journal])("%s of another database is refused", async (path) => {
    const disk = await database("two");
    const other = await database("other");
    disk.put(path, other.peek(path)!);
    await expect(open(disk)).rejects.toThrow(CorruptionError);
  });

  test("a record of another database's journal is refused", async () => {
    const disk = await database("two");
    const other = await database("other");
    const [mine, theirs] = [disk.peek(PATHS.journal)!, other.peek(PATHS.journal)!];
    disk.put(PATHS.journal, Buffer.concat([mine.subarray(0, 28), theirs.subarray(28)]));
    await expect(open(disk)).rejects.toThrow(CorruptionError);
  });

  const ZEROS = [0, 700];

  test.each(ZEROS)(
    "no flipped bit of the last record makes it look interrupted, wherever the sectors end; %i zeros behind",
    async (zeros) => {
      for (let before = 0; before < 56; before += 5) {
        const disk = new MemoryDisk();
        const store = file(PATHS.data, { files: disk.files });
        await store.open(spaces);
        const commits = [
          put("posts", 1, { text: "x".repeat(350 + before) }),
          put("posts", 2, { text: " @".repeat(20) }),
        ];
        for (const commit of commits) await store.commit([commit]);
        const { journal, start, end } = journalOf(disk, zeros);
        for (let bit = start * 8; bit < end * 8; bit++) {
          const copy = journal.slice();
          copy[bit >> 3]! ^= 1 << (bit & 7);
          const damaged = disk.crash(null);
          damaged.put(PATHS.journal, copy);
          await expect(open(damaged), `bit ${bit}, sector ends ${before}`).rejects.toThrow(CorruptionError);
        }
      }
    },
  );

  test.each(ZEROS)(
    "the last record with any of its sectors missing or torn is cut off, wherever the sectors end; %i zeros behind",
    async (zeros) => {
      const SECTOR = 512;
      for (let before = 0; before < 60; before++) {
        const disk = new MemoryDisk();
        const store = file(PATHS.data, { files: disk.files });
        await store.open(spaces);
        for (const id of [1, 2])
          await store.commit([put("posts", id, { text: "x".repeat(id === 1 ? 330 + before : 600) })]);
        const { journal, start, end } = journalOf(disk, zeros);
        for (let sector = Math.floor(start / SECTOR); sector * SECTOR < end; sector++) {
          const from = Math.max(start, sector * SECTOR);
          const to = Math.min((sector + 1) * SECTOR, end);
          // A short write may have ended anywhere in the payload.
          const short = [to - 1, to - 2, to - 7].filter((at) => at >= start + HEAD_BYTES);
          for (const torn of [from, Math.ceil((from + 1) / 16) * 16, to - 16 - (to % 16), ...short]) {
            if (torn < start || torn >= to) continue;
            const cut = disk.crash(null);
            cut.put(PATHS.journal, Uint8Array.from(journal).fill(0, torn, to));
            const found = await open(cut);
            expect(found.posts, `record at ${start}, zeros from ${torn} to ${to}`).toHaveLength(1);
          }
        }
      }
    },
  );

  test.each(ZEROS)(
    "noise over the end of a record and the head of the next, or parts of a head in a record, are damage wherever the sectors end; %i zeros behind",
    async (zeros) => {
      for (let before = 0; before < 512; before += 7) {
        const disk = new MemoryDisk();
        const store = file(PATHS.data, { files: disk.files });
        await store.open(spaces);
        await store.commit([put("posts", 1, { text: "x".repeat(before) })]);
        await store.commit([put("posts", 2, { text: " @".repeat(20) })]);
        await store.commit([put("posts", 3, { text: " @".repeat(20) })]);
        const { journal, start: last } = journalOf(disk, zeros);
        const heads = [Buffer.from(journal).lastIndexOf("TNRC", last - 1), last];
        for (let twice = 2; twice < 40; twice += 3) {
          const repeated = disk.crash(null);
          const end = last + HEAD_BYTES;
          repeated.put(PATHS.journal, Buffer.concat([journal.subarray(0, end), journal.subarray(end - twice)]));
          await expect(open(repeated), `${twice} bytes twice, sector ends ${before}`).rejects.toThrow(CorruptionError);
        }
        for (const head of heads) {
          for (let from = head - 20; from < head + 30; from += 2) {
            for (const length of [3, 12, 30, 60]) {
              const copy = journal.slice();
              for (let at = from; at < Math.min(from + length, copy.length); at++) copy[at] = 0x81 + (at % 97);
              if (Buffer.from(copy).equals(journal)) continue;
              const damaged = disk.crash(null);
              damaged.put(PATHS.journal, copy);
              await expect(open(damaged), `noise at ${from} (${length}), sector ends ${before}`).rejects.toThrow(
                CorruptionError,
              );
            }
          }
        }
      }
    },
  );

  test("a flipped bit in one of several unsynced records is damage, not a power cut", async () => {
    const disk = new MemoryDisk();
    const options = { durability: "relaxed", syncIntervalMs: 60_000 } as const;
    const store = file(PATHS.data, { ...options, files: disk.files });
    await store.open(spaces);
    for (let id = 1; id <= 3; id++) await store.commit([put("posts", id, { text: "text" })]);
    const damaged = disk.crash(null);
    const journal = damaged.peek(PATHS.journal)!;
    journal[Buffer.from(journal).indexOf("text")]! ^= 1;
    damaged.put(PATHS.journal, journal);
    await expect(open(damaged)).rejects.toThrow(CorruptionError);
    await store.close();
  });

  describe("the registry", () => {
    const REGISTRY = "/db.registry.json";
    async function engineOn(disk: MemoryDisk) {
      const engine = embedded({ storage: file(PATHS.data, { files: disk.files }) });
      await engine.open(versionOf(FIRST_SHAPE).schema);
      return engine;
    }
    async function built(): Promise<{ readonly disk: MemoryDisk; readonly older: Uint8Array }> {
      const disk = new MemoryDisk();
      const engine = await engineOn(disk);
      await engine.admin.apply([], versionOf(FIRST_SHAPE).schema);
      await engine.write(insert("Item", { id: 1, n: 1, text: "kept" }));
      const older = disk.peek(REGISTRY)!;
      const renamed = { ...FIRST_SHAPE, renamed: true };
      await engine.admin.apply(opsBetween(FIRST_SHAPE, renamed), versionOf(renamed).schema);
      await engine.close();
      return { disk: disk.crash(null), older };
    }

    test("of another database, of an earlier time, missing, or with a flipped bit is refused", async () => {
      const { disk, older } = await built();
      const other = (await built()).disk.peek(REGISTRY)!;
      const flipped = disk.peek(REGISTRY)!;
      flipped[Buffer.from(flipped).indexOf('"history"') + 3]! ^= 1;
      for (const content of [other, older, flipped, null]) {
        const damaged = disk.crash(null);
        if (content === null) await damaged.unlink(REGISTRY);
        else damaged.put(REGISTRY, content);
        await expect(engineOn(damaged)).rejects.toThrow(CorruptionError);
      }
      await (await engineOn(disk)).close();
    });

    test("without its data is refused", async () => {
      const { disk } = await built();
      await disk.unlink(PATHS.data);
      await disk.unlink(PATHS.journal);
      await expect(engineOn(disk)).rejects.toThrow(CorruptionError);
    });
  });
});

describe.runIf(process.platform === "linux")("processes", () => {
  test("a lock whose process has ended is free although nobody asked for its exit code", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenon-zombie-"));
    // The shell becomes `sleep`, which never asks for the exit code of its child: that one has to last until then.
    const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const pid = Number(String((await once(parent.stdout, "data"))[0]));
      const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      await expect.poll(() => stat()[0], { timeout: 20_000 }).toBe("Z");
      const path = join(folder, "db.lock");
      const mine = await nodeFiles.lock(path);
      const holder = JSON.parse(readFileSync(path, "utf8")) as object;
      await mine[Symbol.asyncDispose]();
      writeFileSync(path, JSON.stringify({ ...holder, id: "dead", pid, start: stat()[19] }));
      await (await nodeFiles.lock(path))[Symbol.asyncDispose]();
    } finally {
      parent.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.each(["file", "folder", "shards"] as const)("%s: readers beside the writer", (layout) => {
  const STORES = {
    file: { path: "/db.json", open: file, made: ["/db.json"] },
    folder: { path: "/", open: folder, made: ["/posts.json", "/tenon.json"] },
    shards: { path: "/", open: shards, made: ["/posts/meta.json", "/posts/shard_default.json", "/tenon.json"] },
  };
  const { path, open: storeOf, made } = STORES[layout];

  test("see the newest commit, keep it, write nothing and take no lock", async () => {
    const disk = new MemoryDisk();
    const open = async (readOnly: boolean) => {
      const store = storeOf(path, { files: disk.files, readOnly });
      await store.open(spaces);
      return store;
    };
    await expect(open(true)).rejects.toThrow(ConfigError);
    const writer = await open(false);
    await writer.commit([put("posts", 1, { text: "one" })]);
    const before = disk.paths();
    const reader = await open(true);
    await writer.commit([put("posts", 2, { text: "two" })]);
    await writer.compact();
    expect((await dump(reader)).posts).toHaveLength(1);
    const later = await open(true);
    expect((await dump(later)).posts).toHaveLength(2);
    const readOnly = { code: "STORAGE.READ_ONLY" };
    await expect(later.commit([put("posts", 3, { text: "no" })])).rejects.toMatchObject(readOnly);
    await expect(later.writeRegistry("{}")).rejects.toMatchObject(readOnly);
    await expect(later.reshape(spaces)).rejects.toMatchObject(readOnly);
    await expect(later.compact()).rejects.toMatchObject(readOnly);
    await reader.close();
    await later.close();
    expect(disk.paths()).toEqual([...before, ...made].sort());
    await writer.close();
  });
});

test("shards: a partition that became empty and was filled again survives a crash between the two manifests", async () => {
  const partition = { field: "part", of: (doc: Doc) => String(doc.part) };
  const split = [{ ...posts, partition }, meta];
  const contents = async (disk: MemoryDisk): Promise<readonly unknown[]> => {
    const store = shards("/data", { files: disk.files });
    await store.open(split);
    const all = await dump(store, split);
    await store.close();
    return all.posts!.map(([, value]) => value);
  };
  const images: MemoryDisk[] = [];
  let watching = false;
  const disk: MemoryDisk = new MemoryDisk({
    fault: () => {
      if (watching) images.push(disk.crash(null));
      return null;
    },
  });
  const store = shards("/data", { files: disk.files });
  await store.open(split);
  await store.commit([put("posts", 1, { part: 1 }), put("posts", 2, { part: 2 })]);
  await store.compact();
  await store.commit([{ space: "posts", key: key(2), value: undefined }]);
  await store.compact();
  await store.commit([put("posts", 2, { part: 2 })]);
  watching = true;
  await store.compact();
  watching = false;
  await store.close();
  for (const [at, image] of images.entries()) expect(await contents(image), `crash ${at}`).toHaveLength(2);
});

test("shards: what was deleted does not come back after a crash between the two manifests that emptied a collection", async () => {
  const split = [{ ...posts, partition: { field: "part", of: (doc: Doc) => String(doc.part) } }, meta];
  const images: MemoryDisk[] = [];
  let watching = false;
  const disk: MemoryDisk = new MemoryDisk({
    fault: () => {
      if (watching) images.push(disk.crash(null));
      return null;
    },
  });
  const opened = async (files: MemoryDisk["files"]) => {
    const store = shards("/data", { files });
    await store.open(split);
    return store;
  };
  const store = await opened(disk.files);
  await store.commit([put("posts", 1, { part: 1 })]);
  await store.compact();
  await store.commit([{ space: "posts", key: key(1), value: undefined }]);
  watching = true;
  await store.compact();
  watching = false;
  await store.close();
  expect(images.length).toBeGreaterThan(10);
  for (const [at, image] of images.entries()) {
    for (const time of ["first", "second", "third"]) {
      const again = await opened(image.files);
      expect((await dump(again, split)).posts, `crash ${at}, opened for the ${time} time`).toEqual([]);
      await again.close();
    }
    expect(
      image.paths().filter((path) => path.includes("shard_")),
      `crash ${at}`,
    ).toEqual([]);
  }
});

test("shards: a file of another database is refused although no list names it yet", async () => {
  const split = [{ ...posts, partition: { field: "part", of: (doc: Doc) => String(doc.part) } }, meta];
  /** Killed in its first checkpoint, with the file of the collection written and no list. */
  const killed = async (id: number): Promise<MemoryDisk> => {
    const images: MemoryDisk[] = [];
    const disk: MemoryDisk = new MemoryDisk({
      fault: ({ operation, path }) => {
        if (operation === "rename" && path.includes("meta.json")) images.push(disk.crash(null));
        return null;
      },
    });
    const store = shards("/data", { files: disk.files });
    await store.open(split);
    await store.commit([put("posts", id, { part: 1 })]);
    await store.close();
    return images[0]!;
  };
  const mine = await killed(1);
  const file = mine.paths().find((path) => path.includes("shard_1.json"))!;
  const opened = async (disk: MemoryDisk) => {
    const store = shards("/data", { files: disk.files });
    await store.open(split);
    const all = await dump(store, split);
    await store.close();
    return all.posts!.map(([, value]) => value.id);
  };
  expect(await opened(mine.crash(null))).toEqual([1]);
  mine.put(file, (await killed(2)).peek(file)!);
  await expect(opened(mine)).rejects.toMatchObject({ code: "CORRUPTION.FORMAT", meta: { file } });
});

test("folder: a file whose first and last line are damaged does not pass for one that others made", async () => {
  const disk = new MemoryDisk();
  const store = folder("/data", { files: disk.files });
  await store.open(spaces);
  await store.commit([put("posts", 1, { text: "as it was" })]);
  await store.close();
  const text = Buffer.from(disk.peek("/data/posts.json")!).toString();
  const damaged = text.replace("$tenon", "$uenon").replace("$checksum", "$xheosem").replace("as it was", "as it wat");
  expect(damaged).not.toBe(text);
  disk.put("/data/posts.json", Buffer.from(damaged));
  const again = folder("/data", { files: disk.files });
  const read = async () => {
    await again.open(spaces);
    return dump(again);
  };
  await expect(read()).rejects.toThrow(CorruptionError);
  await again.close();
  // Edited by hand on purpose, it holds nothing but the collection.
  const { posts: own } = JSON.parse(text) as { posts: unknown };
  disk.put("/data/posts.json", Buffer.from(JSON.stringify({ posts: own }).replace("as it was", "by hand")));
  const edited = folder("/data", { files: disk.files });
  await edited.open(spaces);
  expect((await dump(edited)).posts!.map(([, value]) => value)).toEqual([{ id: 1, text: "by hand" }]);
  await edited.close();
});
