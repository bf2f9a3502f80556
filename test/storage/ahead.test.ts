/** Zeros written ahead of a strict journal's records: what a sync of the next record finds there already. */
import { describe, expect, test } from "vitest";
import { file } from "../../src/storage/file/file.js";
import { type DiskCall, MemoryDisk } from "../../src/storage/files/memory.js";
import { replayJournal } from "../../src/storage/journal.js";
import { nextRecord } from "../../src/storage/record.js";
import { dump, put, spaces } from "./support.js";

const PATH = "/db.json";
const JOURNAL = "/db.journal";

async function opened(disk: MemoryDisk, durability: "strict" | "relaxed" = "strict") {
  const store = file(PATH, { files: disk.files, durability });
  await store.open(spaces);
  return store;
}

const commitOf = (id: number, text = "x".repeat(50)) => [put("posts", id, { text })];
/** Bytes behind the last record. They are not told by being zero: the header's checksum ends in a zero as often as in any byte. */
const zerosOf = (disk: MemoryDisk): number => {
  const { torn, zeros } = replayJournal(JOURNAL, disk.peek(JOURNAL)!);
  expect(zeros).toBe(true);
  return torn;
};

describe("zeros ahead of the records", () => {
  test("strict commits find room in the file, which grows now and then only; the end is cut off at closing", async () => {
    const disk = new MemoryDisk();
    const store = await opened(disk);
    const sizes = new Set<number>();
    for (let id = 1; id <= 100; id++) {
      await store.commit(commitOf(id));
      sizes.add(disk.peek(JOURNAL)!.length);
    }
    expect(sizes.size).toBe(1);
    for (let id = 101; id <= 1000; id++) {
      await store.commit(commitOf(id));
      sizes.add(disk.peek(JOURNAL)!.length);
    }
    expect(sizes.size).toBeGreaterThan(1);
    expect(sizes.size).toBeLessThan(10);
    await store.close();
    expect(zerosOf(disk)).toBe(0);
  });

  test("behind a journal that has grown there are more of them, and it is read as any other after a kill", async () => {
    const disk = new MemoryDisk();
    const store = await opened(disk);
    let most = 0;
    for (let id = 1; id <= 140; id++) {
      await store.commit(commitOf(id, "x".repeat(20_000)));
      most = Math.max(most, zerosOf(disk));
    }
    expect(most).toBeGreaterThan(400 * 1024);
    expect(most).toBeLessThan(520 * 1024);
    const again = await opened(disk.crash(null));
    expect((await dump(again)).posts).toHaveLength(140);
    await store.close();
    expect(zerosOf(disk)).toBe(0);
  });

  test("there are none where commits are not synced one by one, nor behind large ones", async () => {
    const relaxed = new MemoryDisk();
    const store = await opened(relaxed, "relaxed");
    await store.commit(commitOf(1));
    expect(zerosOf(relaxed)).toBe(0);
    const large = new MemoryDisk();
    await (await opened(large)).commit(commitOf(1, "x".repeat(100_000)));
    expect(zerosOf(large)).toBe(0);
  });

  test("after a kill everything is there, and what is written next stands where the zeros began", async () => {
    const disk = new MemoryDisk();
    const store = await opened(disk);
    await store.commit(commitOf(1));
    const killed = disk.crash(null);
    expect(zerosOf(killed)).toBeGreaterThan(10_000);
    const again = await opened(killed);
    expect(zerosOf(killed)).toBe(0);
    await again.commit(commitOf(2));
    const bytes = Buffer.from(killed.peek(JOURNAL)!);
    const store32 = bytes.readUInt32LE(12);
    const second = nextRecord(bytes, nextRecord(bytes, 0, store32) + 1, store32);
    expect(bytes.subarray(0, second).includes(Buffer.alloc(64))).toBe(false);
    const last = await opened(killed.crash(null));
    expect((await dump(last)).posts).toHaveLength(2);
  });

  test("a disk without room for them has room for the commits", async () => {
    let writes = 0;
    const disk = new MemoryDisk({
      fault: ({ operation, path }: DiskCall) =>
        operation === "write" && path === JOURNAL && ++writes === 2 ? "ENOSPC" : null,
    });
    const store = await opened(disk);
    for (const id of [1, 2, 3]) await store.commit(commitOf(id));
    expect(writes).toBe(4);
    expect(zerosOf(disk)).toBe(0);
    const again = await opened(disk.crash(1));
    expect((await dump(again)).posts).toHaveLength(3);
  });
});
