import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LockedError } from "../../src/base/errors.js";
import { acquireLock } from "../../src/storage/files/lock.js";
import { type DiskCall, MemoryDisk } from "../../src/storage/files/memory.js";

const PATH = "/db.lock";
const holders = (disk: MemoryDisk) => disk.paths().filter((path) => path === PATH).length;

/** A disk on which every call waits for its turn, so that contenders interleave in an order that the seed decides. */
function slowDisk(base: MemoryDisk, delays: readonly number[]): MemoryDisk {
  let calls = 0;
  return new Proxy(base, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        for (let i = delays[calls++ % delays.length]!; i > 0; i--) await null;
        return value.apply(target, args);
      };
    },
  });
}

describe("lock", () => {
  test("of many that find a stale lock exactly one gets it, and nothing is left behind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 30 }), { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 2, max: 8 }),
        async (delays, contenders) => {
          const first = new MemoryDisk();
          await acquireLock(first, PATH);
          const base = first.crash(null);
          const disk = slowDisk(base, delays);
          const results = await Promise.allSettled(Array.from({ length: contenders }, () => acquireLock(disk, PATH)));
          const won = results.filter((result) => result.status === "fulfilled");
          expect(won).toHaveLength(1);
          for (const result of results)
            if (result.status === "rejected") expect(result.reason).toBeInstanceOf(LockedError);
          expect(base.paths()).toEqual([PATH]);
          await won[0]!.value[Symbol.asyncDispose]();
          expect(base.paths()).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a crash inside a take-over blocks nobody", async () => {
    for (let n = 1; n < 40; n++) {
      const first = new MemoryDisk();
      await acquireLock(first, PATH);
      const second = first.crash(null, { fault: (call: DiskCall) => (call.number >= n ? "EIO" : null) });
      await acquireLock(second, PATH).catch(() => null);
      for (const seed of [null, n]) {
        const third = second.crash(seed);
        const lock = await acquireLock(third, PATH);
        expect(holders(third)).toBe(1);
        await lock[Symbol.asyncDispose]();
        expect(holders(third)).toBe(0);
      }
    }
  });

  test("a lock file that says nothing counts as stale", async () => {
    const disk = new MemoryDisk();
    disk.put(PATH, new Uint8Array(0));
    await (await acquireLock(disk, PATH))[Symbol.asyncDispose]();
    expect(disk.paths()).toEqual([]);
  });

  test("giving up a lock that somebody took over leaves theirs alone", async () => {
    const disk = new MemoryDisk();
    const mine = await acquireLock(disk, PATH);
    const after = disk.crash(null);
    await acquireLock(after, PATH);
    disk.put(PATH, after.peek(PATH)!);
    await mine[Symbol.asyncDispose]();
    expect(holders(disk)).toBe(1);
  });
});
