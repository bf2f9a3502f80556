/** What the campaigns found, each as the smallest case that shows it. */
import { describe, expect, test } from "vitest";
import { LockedError } from "../../src/base/errors.js";
import { file } from "../../src/storage/file/file.js";
import { acquireLock } from "../../src/storage/files/lock.js";
import { MemoryDisk } from "../../src/storage/files/memory.js";
import { dump, put, spaces } from "../storage/support.js";

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
