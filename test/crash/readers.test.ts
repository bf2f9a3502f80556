/**
 * Readers beside the writer, interleaved with it at every call of the disk as a seed decides: each sees the state after some
 * commit, no older one than what was acknowledged before it opened, goes on seeing it whatever the writer does, and its calls
 * change nothing.
 */
import { expect, test } from "vitest";
import { embedded } from "../../src/engine/embedded/engine.js";
import { type DiskCall, MemoryDisk } from "../../src/storage/files/memory.js";
import { PosixFiles } from "../../src/storage/files/posix-files.js";
import { Random } from "../differential/random.js";
import { Scheduler, scheduled } from "./isolation/run.js";
import { commitNumber, commitsIn, openSequence, SEQUENCE } from "./sequence.js";
import { IN_FILES, mayLose, type StorageCase } from "./storages.js";

const SEEDS = 12;
const COMMITS = 25;
const READERS = 6;
const CHANGING = new Set(["write", "truncate", "sync", "rename", "link", "unlink", "makeDir", "syncDir"]);

async function beside(storage: StorageCase, seed: number): Promise<number> {
  const random = new Random(seed);
  const scheduler = new Scheduler(random);
  let reading = false;
  const changed: DiskCall[] = [];
  const disk = new MemoryDisk({
    fault: (call) => {
      if (reading && CHANGING.has(call.operation)) changed.push(call);
      return null;
    },
  });
  const store = storage.open("/data", disk.files);
  const first = await openSequence(embedded({ storage: store }));
  await commitNumber(first, 1);
  await first.close();
  const slow = scheduled(disk, scheduler);
  const writing = storage.open("/data", new PosixFiles(slow));
  const writer = await openSequence(embedded({ storage: writing }));
  let acknowledged = 1;
  let attempted = 1;
  let seen = 0;
  // The reader's calls wait for their turn, too, and are told apart from the writer's while they run.
  const readersDisk = new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        await scheduler.turn();
        reading = true;
        const result = (value as (...args: unknown[]) => Promise<unknown>).apply(target, args);
        reading = false;
        return result;
      };
    },
  });
  const write = async (): Promise<void> => {
    while (attempted < COMMITS) {
      const mine = ++attempted;
      await commitNumber(writer, mine);
      acknowledged = mine;
      if (random.chance(0.1)) await writing.compact();
    }
  };
  const read = async (): Promise<void> => {
    for (let at = random.int(0, 40); at > 0; at--) await scheduler.turn();
    const least = mayLose(storage, false) ? 1 : acknowledged;
    const engine = embedded({ storage: storage.open("/data", new PosixFiles(readersDisk), true) });
    await engine.open(SEQUENCE);
    const most = attempted;
    for (let left = random.int(1, 60); left > 0; left--) await scheduler.turn();
    const found = await commitsIn(engine);
    expect(found).toBeGreaterThanOrEqual(least);
    expect(found).toBeLessThanOrEqual(most);
    for (let left = random.int(1, 100); left > 0; left--) await scheduler.turn();
    expect(await commitsIn(engine), "looked at again").toBe(found);
    await expect(commitNumber(engine, 1000)).rejects.toMatchObject({ code: "STORAGE.READ_ONLY" });
    await engine.close();
    seen++;
  };
  await Promise.all([write(), ...Array.from({ length: READERS }, read)]);
  scheduler.release();
  await writer.close();
  expect(changed).toEqual([]);
  return seen;
}

test.each(IN_FILES)("$name", { timeout: 120_000 }, async (storage) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    await expect(beside(storage, seed), `seed ${seed}`).resolves.toBe(READERS);
  }
});
